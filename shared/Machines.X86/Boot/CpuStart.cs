using Suite.Guest.X86.Machine;

namespace Suite.Machines.X86.Boot;

/// <summary>Processor modes that a kernel can be entered in.</summary>
public enum EntryMode
{
    /// <summary>16-bit real mode.</summary>
    Real,

    /// <summary>32-bit flat protected mode, paging off.</summary>
    Protected,

    /// <summary>64-bit mode, the first 4 GiB mapped to themselves.</summary>
    Long,
}

/// <summary>The first vCPU's state at a kernel's entry.</summary>
public sealed record CpuStart(EntryMode Mode, ulong Rip)
{
    /// <summary>Selectors of the flat code and data segments and of the task state in <see cref="Gdt"/>; 10h and 18h are what Linux asks for.</summary>
    public const ushort CodeSelector = 0x10, DataSelector = 0x18, TaskSelector = 0x20;

    private const uint Code32 = 0xC09B, Code64 = 0xA09B, Data32 = 0xC093, BusyTask = 0x8B, RealCode = 0x9B, RealData = 0x93, Ldt = 0x82;
    private const uint TaskLimit = 0x67;

    public ulong Rax { get; init; }

    public ulong Rbx { get; init; }

    public ulong Rsi { get; init; }

    public ulong Rsp { get; init; }

    /// <summary>Real mode: cs, and what all other segments are.</summary>
    public ushort RealCs { get; init; }

    public ushort RealData16 { get; init; }

    /// <summary>Where <see cref="Gdt"/> lies; not in real mode.</summary>
    public ulong GdtAddress { get; init; }

    /// <summary>Where <see cref="PageTables"/> lie; in long mode.</summary>
    public ulong PageTableAddress { get; init; }

    /// <summary>Bytes of the page tables: one PML4, one page of pointers, four directories of 2 MiB pages.</summary>
    public const int PageTableBytes = 6 * 4096;

    /// <summary>A global descriptor table with flat segments.</summary>
    /// <param name="is64">The code segment is a 64-bit one.</param>
    public static byte[] Gdt(bool is64)
    {
        ulong[] entries = [0, 0, is64 ? 0x00AF_9B00_0000_FFFFUL : 0x00CF_9B00_0000_FFFFUL, 0x00CF_9300_0000_FFFFUL, 0x0000_8B00_0000_0067UL, 0];
        byte[] bytes = new byte[entries.Length * 8];
        Buffer.BlockCopy(entries, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    /// <summary>Page tables that map the first 4 GiB to themselves.</summary>
    /// <param name="address">Where they will lie; a multiple of 4096.</param>
    public static byte[] PageTables(ulong address)
    {
        const ulong present = 3, large = 0x80;
        ulong[] entries = new ulong[PageTableBytes / 8];
        entries[0] = (address + 4096) | present;
        for (ulong i = 0; i < 4; i++)
            entries[512 + i] = (address + 8192 + i * 4096) | present;
        for (ulong i = 0; i < 2048; i++)
            entries[1024 + i] = i << 21 | large | present;
        byte[] bytes = new byte[PageTableBytes];
        Buffer.BlockCopy(entries, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    /// <summary>Sets the state of a vCPU that has been reset.</summary>
    public unsafe void Apply(X86Cpu* cpu)
    {
        for (int i = 0; i < 16; i++)
            cpu->Gpr[i] = 0;
        (cpu->Gpr[0], cpu->Gpr[3], cpu->Gpr[4], cpu->Gpr[6]) = (Rax, Rbx, Rsp, Rsi);
        cpu->Rip = Rip;
        cpu->Rflags = 2;
        cpu->A20Mask = ulong.MaxValue;
        (cpu->Halted, cpu->Cpl, cpu->InterruptShadow) = (0, 0, 0);
        if (Mode == EntryMode.Real)
            ApplyReal(cpu);
        else
            ApplyProtected(cpu);
    }

    private unsafe void ApplyReal(X86Cpu* cpu)
    {
        cpu->Cr0 = X86Cpu.Cr0Et;
        (cpu->Cr3, cpu->Cr4, cpu->Efer) = (0, 0, 0);
        cpu->Seg(SegmentName.Cs) = new Segment { Selector = RealCs, Base = (ulong)RealCs << 4, Limit = 0xFFFF, Attributes = RealCode };
        foreach (SegmentName name in (ReadOnlySpan<SegmentName>)[SegmentName.Ds, SegmentName.Es, SegmentName.Fs, SegmentName.Gs, SegmentName.Ss])
            cpu->Seg(name) = new Segment { Selector = RealData16, Base = (ulong)RealData16 << 4, Limit = 0xFFFF, Attributes = RealData };
        (cpu->Idtr.Base, cpu->Idtr.Limit) = (0, 0x3FF);
    }

    private unsafe void ApplyProtected(X86Cpu* cpu)
    {
        bool is64 = Mode == EntryMode.Long;
        cpu->Cr0 = X86Cpu.Cr0Pe | X86Cpu.Cr0Et | (is64 ? X86Cpu.Cr0Pg : 0);
        cpu->Cr3 = is64 ? PageTableAddress : 0;
        cpu->Cr4 = is64 ? X86Cpu.Cr4Pae : 0;
        cpu->Efer = is64 ? X86Cpu.EferLme | X86Cpu.EferLma : 0;
        (cpu->Gdtr.Base, cpu->Gdtr.Limit) = (GdtAddress, (ushort)(Gdt(is64).Length - 1));
        (cpu->Idtr.Base, cpu->Idtr.Limit) = (0, 0);
        cpu->Seg(SegmentName.Cs) = new Segment { Selector = CodeSelector, Limit = uint.MaxValue, Attributes = is64 ? Code64 : Code32 };
        foreach (SegmentName name in (ReadOnlySpan<SegmentName>)[SegmentName.Ds, SegmentName.Es, SegmentName.Fs, SegmentName.Gs, SegmentName.Ss])
            cpu->Seg(name) = new Segment { Selector = DataSelector, Limit = uint.MaxValue, Attributes = Data32 };
        cpu->Seg(SegmentName.Tr) = new Segment { Selector = TaskSelector, Limit = TaskLimit, Attributes = BusyTask };
        cpu->Seg(SegmentName.Ldtr) = new Segment { Limit = 0xFFFF, Attributes = Ldt };
    }
}
