using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Suite.Guest.X86.Machine;

/// <summary>
/// All architectural state of one x86 vCPU in system mode, in memory that does not move: the translator's code addresses it, KVM's state is copied
/// from and to it, snapshots and debuggers read it. Everything is exact whenever managed code looks at it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct X86Cpu
{
    /// <summary>rax rcx rdx rbx rsp rbp rsi rdi r8-r15.</summary>
    public fixed ulong Gpr[16];

    /// <summary>Offset of the next instruction in the code segment.</summary>
    public ulong Rip;

    /// <summary>All flags; bit 1 is always set.</summary>
    public ulong Rflags;

    /// <summary>es cs ss ds fs gs ldtr tr, in the order of <see cref="SegmentName"/>; see <see cref="Seg"/>.</summary>
    private SegmentSet _segments;

    public TableRegister Gdtr, Idtr;

    public ulong Cr0, Cr2, Cr3, Cr4, Cr8, Xcr0;

    /// <summary>IA32_EFER.</summary>
    public ulong Efer;

    public fixed ulong Dr[8];

    /// <summary>MSRs by the manual's names without the prefix IA32_. ApicBase is a copy; the local APIC owns it.</summary>
    public ulong Star, Lstar, Cstar, Sfmask, KernelGsBase, SysenterCs, SysenterEsp, SysenterEip, TscAux, TscOffset, Pat, MiscEnable, ApicBase, MtrrDefType, DebugCtl, SpecCtrl, Xss;

    /// <summary>MTRRs: base and mask pairs of 16 variable ranges, then the 11 fixed ones. Kept, without effect.</summary>
    public fixed ulong Mtrrs[43];

    /// <summary>64-byte aligned XSAVE image (standard format, all components of the host's XCR0) of x87, SSE and AVX state while managed code runs.</summary>
    public byte* Vectors;

    /// <summary>All ones, or all but bit 20 while the A20 gate is closed.</summary>
    public ulong A20Mask;

    /// <summary>Not 0: the next instruction cannot be interrupted: 1 behind sti, 2 behind mov ss and pop ss, which hold debug traps back, too.</summary>
    public byte InterruptShadow;

    /// <summary>1 from the delivery of an NMI to the next iret.</summary>
    public byte NmiBlocked;

    /// <summary>1 behind hlt until an interrupt.</summary>
    public byte Halted;

    /// <summary>Current privilege level: the RPL of cs but in real mode, where it is 0, and vm86, where it is 3.</summary>
    public byte Cpl;

    /// <summary>A segment register.</summary>
    [UnscopedRef]
    public ref Segment Seg(SegmentName name) => ref Unsafe.Add(ref Unsafe.As<SegmentSet, Segment>(ref _segments), (int)name);

    /// <summary>A segment register by its number in instructions.</summary>
    [UnscopedRef]
    public ref Segment Seg(int number) => ref Seg((SegmentName)number);

    /// <summary>Bits of CR0 (Intel SDM volume 3, 2.5).</summary>
    public const ulong Cr0Pe = 1, Cr0Mp = 2, Cr0Em = 4, Cr0Ts = 8, Cr0Et = 16, Cr0Ne = 32, Cr0Wp = 1 << 16, Cr0Am = 1 << 18, Cr0Nw = 1 << 29, Cr0Cd = 1 << 30, Cr0Pg = 1UL << 31;

    /// <summary>Bits of CR4.</summary>
    public const ulong Cr4Vme = 1, Cr4Pvi = 2, Cr4Tsd = 4, Cr4De = 8, Cr4Pse = 16, Cr4Pae = 32, Cr4Mce = 64, Cr4Pge = 128, Cr4Pce = 256, Cr4Osfxsr = 512, Cr4Osxmmexcpt = 1024,
        Cr4Umip = 1 << 11, Cr4La57 = 1 << 12, Cr4Fsgsbase = 1 << 16, Cr4Pcide = 1 << 17, Cr4Osxsave = 1 << 18, Cr4Smep = 1 << 20, Cr4Smap = 1 << 21;

    /// <summary>Bits of EFER.</summary>
    public const ulong EferSce = 1, EferLme = 1 << 8, EferLma = 1 << 10, EferNxe = 1 << 11;

    /// <summary>Bits of rflags.</summary>
    public const ulong FlagCf = 1, FlagPf = 4, FlagAf = 16, FlagZf = 64, FlagSf = 128, FlagTf = 256, FlagIf = 512, FlagDf = 1024, FlagOf = 2048, FlagIopl = 3 << 12,
        FlagNt = 1 << 14, FlagRf = 1 << 16, FlagVm = 1 << 17, FlagAc = 1 << 18, FlagVif = 1 << 19, FlagVip = 1 << 20, FlagId = 1 << 21;

    /// <summary>True in protected mode, vm86 included.</summary>
    public readonly bool IsProtected => (Cr0 & Cr0Pe) != 0;

    /// <summary>True in virtual-8086 mode.</summary>
    public readonly bool IsVm86 => (Rflags & FlagVm) != 0;

    /// <summary>True in long mode, compatibility mode included.</summary>
    public readonly bool IsLong => (Efer & EferLma) != 0;

    /// <summary>True while 64-bit code runs.</summary>
    public bool Is64 => IsLong && Seg(SegmentName.Cs).Has(Segment.Long);

    [StructLayout(LayoutKind.Sequential)]
    private struct SegmentSet
    {
        public Segment Es, Cs, Ss, Ds, Fs, Gs, Ldtr, Tr;
    }
}
