using System.Runtime.InteropServices;

namespace Suite.Machines.X86.Kvm;

/// <summary>struct kvm_userspace_memory_region.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmMemoryRegion
{
    public uint Slot, Flags;
    public ulong GuestAddress, Size, HostAddress;
}

/// <summary>struct kvm_regs: rax rbx rcx rdx rsi rdi rsp rbp r8-r15 rip rflags.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmRegs
{
    public fixed ulong Gpr[16];
    public ulong Rip, Rflags;
}

/// <summary>struct kvm_segment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmSegment
{
    public ulong Base;
    public uint Limit;
    public ushort Selector;
    public byte Type, Present, Dpl, Db, S, L, G, Avl, Unusable, Padding;
}

/// <summary>struct kvm_dtable.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmTable
{
    public ulong Base;
    public ushort Limit;
    private ushort _padding0;
    private uint _padding1;
}

/// <summary>struct kvm_sregs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmSregs
{
    public KvmSegment Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldt;
    public KvmTable Gdt, Idt;
    public ulong Cr0, Cr2, Cr3, Cr4, Cr8, Efer, ApicBase;
    public fixed ulong InterruptBitmap[4];
}

/// <summary>struct kvm_msr_entry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmMsr
{
    public uint Index;
    private uint _reserved;
    public ulong Value;
}

/// <summary>struct kvm_cpuid_entry2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmCpuidEntry
{
    public const uint SignificantIndex = 1;

    public uint Function, Index, Flags, Eax, Ebx, Ecx, Edx;
    private fixed uint _padding[3];
}

/// <summary>struct kvm_vcpu_events.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct KvmVcpuEvents
{
    [FieldOffset(0)] public byte ExceptionInjected;
    [FieldOffset(1)] public byte ExceptionNumber;
    [FieldOffset(2)] public byte ExceptionHasError;
    [FieldOffset(3)] public byte ExceptionPending;
    [FieldOffset(4)] public uint ExceptionError;
    [FieldOffset(8)] public byte InterruptInjected;
    [FieldOffset(9)] public byte InterruptNumber;
    [FieldOffset(10)] public byte InterruptSoft;
    [FieldOffset(11)] public byte InterruptShadow;
    [FieldOffset(12)] public byte NmiInjected;
    [FieldOffset(13)] public byte NmiPending;
    [FieldOffset(14)] public byte NmiMasked;
    [FieldOffset(16)] public uint SipiVector;
    [FieldOffset(20)] public uint Flags;
}

/// <summary>struct kvm_debugregs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmDebugRegs
{
    public fixed ulong Db[4];
    public ulong Dr6, Dr7, Flags;
    private fixed ulong _reserved[9];
}

/// <summary>struct kvm_guest_debug.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmGuestDebug
{
    public uint Control;
    private uint _padding;
    public fixed ulong DebugRegisters[8];
}

/// <summary>struct kvm_enable_cap.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmEnableCap
{
    public uint Cap, Flags;
    public fixed ulong Args[4];
    private fixed byte _padding[64];
}

/// <summary>struct kvm_irq_level.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmIrqLevel
{
    public uint Irq, Level;
}

/// <summary>struct kvm_msi.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmMsi
{
    public uint AddressLow, AddressHigh, Data, Flags, DeviceId;
    private fixed byte _padding[12];
}

/// <summary>struct kvm_irqfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmIrqfd
{
    public const uint Deassign = 1;

    public uint Descriptor, Gsi, Flags, ResampleDescriptor;
    private fixed byte _padding[16];
}

/// <summary>struct kvm_ioeventfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmIoeventfd
{
    public const uint DataMatch = 1, Pio = 2, Deassign = 4;

    public ulong DataToMatch, Address;
    public uint Length;
    public int Descriptor;
    public uint Flags;
    private fixed byte _padding[36];
}

/// <summary>struct kvm_coalesced_mmio_zone.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmCoalescedZone
{
    public ulong Address;
    public uint Size, IsPio;
}

/// <summary>struct kvm_coalesced_mmio.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmCoalescedWrite
{
    public ulong Address;
    public uint Length, IsPio;
    public ulong Data;
}

/// <summary>struct kvm_irq_routing_entry.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
internal struct KvmRoute
{
    public const uint IrqChip = 1, Msi = 2;

    [FieldOffset(0)] public uint Gsi;
    [FieldOffset(4)] public uint Type;
    [FieldOffset(16)] public uint Chip;
    [FieldOffset(20)] public uint Pin;
    [FieldOffset(16)] public uint MsiAddressLow;
    [FieldOffset(20)] public uint MsiAddressHigh;
    [FieldOffset(24)] public uint MsiData;
}

/// <summary>The head of struct kvm_run, and its exits as far as they are used.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct KvmRun
{
    [FieldOffset(0)] public byte RequestInterruptWindow;
    [FieldOffset(1)] public byte ImmediateExit;
    [FieldOffset(8)] public uint ExitReason;
    [FieldOffset(12)] public byte ReadyForInterrupt;
    [FieldOffset(13)] public byte IfFlag;
    [FieldOffset(16)] public ulong Cr8;
    [FieldOffset(24)] public ulong ApicBase;

    [FieldOffset(32)] public ulong HardwareReason;

    [FieldOffset(32)] public byte IoDirection;
    [FieldOffset(33)] public byte IoSize;
    [FieldOffset(34)] public ushort IoPort;
    [FieldOffset(36)] public uint IoCount;
    [FieldOffset(40)] public ulong IoDataOffset;

    [FieldOffset(32)] public ulong MmioAddress;
    [FieldOffset(40)] public ulong MmioData;
    [FieldOffset(48)] public uint MmioLength;
    [FieldOffset(52)] public byte MmioIsWrite;

    [FieldOffset(32)] public uint DebugException;
    [FieldOffset(40)] public ulong DebugPc;
    [FieldOffset(48)] public ulong DebugDr6;

    [FieldOffset(32)] public uint InternalSuberror;
    [FieldOffset(36)] public uint InternalWords;

    [FieldOffset(32)] public uint SystemEvent;

    [FieldOffset(32)] public byte EoiVector;
}
