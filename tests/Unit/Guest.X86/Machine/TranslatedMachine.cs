using System.Runtime.ExceptionServices;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Jit.Memory;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>
/// A translated vCPU with some memory and nothing else, for tests: 64-bit code at any address given, every exception and interrupt ends at a hlt of its own
/// on a stack of its own.
/// </summary>
internal sealed unsafe class TranslatedMachine : PlatformWithoutApic, IMmio, IDisposable
{
    /// <summary>Selectors in the descriptor table.</summary>
    public const ushort Code64 = 0x08, Data = 0x10, UserData = 0x1B, UserCode64 = 0x23, Code32 = 0x28, Tss = 0x40;

    private const ulong Bytes = 16 << 20, Tables = 0x10_0000, Gdt = 0x1000, Idt = 0x2000, TaskState = 0x3000, Handlers = 0x4000, FaultStack = 0x9000;
    private const int PageTables = 256;

    private readonly TranslationMemory _code = new(1, 16 << 20);
    private ulong _nextTable = Tables, _nextPage = Tables + PageTables * 4096UL;

    /// <param name="index">The vCPU's number: but for the first, INIT makes it wait for a start-up message.</param>
    /// <param name="processors">How many the machine has, of which this is the only one that is there; 0 for as many as the number asks for.</param>
    public TranslatedMachine(int index = 0, int processors = 0)
    {
        Memory = new PhysicalMemory(this);
        Ram = new RamBlock("ram", Bytes);
        Memory.MapRam(0, Ram, 0, Bytes);
        Vcpu = new TranslatedVcpu(index, Memory, this, CpuModel.Parse("max", new HostCpuid(static () => Suite.Host.HostCpu.Xcr0), is64Bit: true), new CpuTopology(processors == 0 ? index + 1 : processors, 1, 1), _code);
        BuildTables();
    }

    public PhysicalMemory Memory { get; }

    public RamBlock Ram { get; }

    public TranslatedVcpu Vcpu { get; }

    public X86Cpu* Cpu => Vcpu.Cpu;

    /// <summary>Ports written: number, size, value.</summary>
    public List<(ushort Port, int Size, uint Value)> Outs { get; } = [];

    /// <summary>Called when a port was written.</summary>
    public Action? OnOut { get; set; }

    /// <summary>Device memory accesses: address, size, value; reads have a null value.</summary>
    public List<(ulong Address, int Size, ulong? Value)> Mmio { get; } = [];

    /// <summary>FERR#, and IGNNE#.</summary>
    public bool FpuError { get; private set; }

    public override bool IgnoresFpuErrors => IgnoresFpu;

    public bool IgnoresFpu { get; set; }

    /// <summary>The root of the page tables.</summary>
    public ulong Root { get; private set; }

    /// <summary>The pointer to physical memory.</summary>
    public byte* At(ulong physical) => Ram.Host + physical;

    /// <summary>Maps fresh pages at linear addresses.</summary>
    public void MapLinear(ulong linear, int bytes, ulong flags = 7)
    {
        for (ulong offset = 0; offset < (ulong)bytes; offset += 4096)
        {
            MapPage(linear + offset, _nextPage, flags);
            _nextPage += 4096;
        }
    }

    /// <summary>Maps a page; flags as in page table entries.</summary>
    public void MapPage(ulong linear, ulong physical, ulong flags)
    {
        ulong table = Root;
        for (int level = 3; level > 0; level--)
        {
            ulong* entry = (ulong*)At(table) + (linear >> (12 + 9 * level) & 511);
            if (*entry == 0)
            {
                *entry = _nextTable | 7;
                _nextTable += 4096;
            }

            table = *entry & 0x000F_FFFF_FFFF_F000;
        }

        ((ulong*)At(table))[linear >> 12 & 511] = physical | flags;
    }

    /// <summary>Physical address of the page table with the entry of a linear address that is mapped.</summary>
    public ulong TableOf(ulong linear)
    {
        ulong table = Root;
        for (int level = 3; level > 0; level--)
            table = ((ulong*)At(table))[linear >> (12 + 9 * level) & 511] & 0x000F_FFFF_FFFF_F000;
        return table;
    }

    /// <summary>Where a linear address lies in this process.</summary>
    public byte* Linear(ulong linear)
    {
        if (!Vcpu.Core.TryTranslate(linear, MemoryAccess.Read, user: false, out ulong physical, out _, out _))
            throw new ArgumentOutOfRangeException(nameof(linear), $"{linear:x} is not mapped");
        return At(physical);
    }

    /// <summary>64-bit code at privilege level 0, paging on.</summary>
    public void EnterLongMode()
    {
        X86Cpu* cpu = Cpu;
        Vcpu.Core.Reset();
        cpu->Cr0 = X86Cpu.Cr0Pe | X86Cpu.Cr0Mp | X86Cpu.Cr0Et | X86Cpu.Cr0Ne | X86Cpu.Cr0Wp | X86Cpu.Cr0Pg;
        cpu->Cr4 = X86Cpu.Cr4Pae | X86Cpu.Cr4Pge | X86Cpu.Cr4Osfxsr | X86Cpu.Cr4Osxmmexcpt | X86Cpu.Cr4Osxsave;
        cpu->Xcr0 = 7;
        cpu->Efer = X86Cpu.EferLme | X86Cpu.EferLma | X86Cpu.EferSce | X86Cpu.EferNxe;
        cpu->Cr3 = Root;
        (cpu->Gdtr.Base, cpu->Gdtr.Limit) = (Gdt, 0xFF);
        (cpu->Idtr.Base, cpu->Idtr.Limit) = (Idt, 0xFFF);
        cpu->Seg(SegmentName.Cs) = new Segment { Selector = Code64, Attributes = 0xA09B, Limit = uint.MaxValue };
        for (int i = 0; i < 6; i++)
            if (i != (int)SegmentName.Cs)
                cpu->Seg(i) = new Segment { Selector = Data, Attributes = 0xC093, Limit = uint.MaxValue };
        cpu->Seg(SegmentName.Tr) = new Segment { Selector = Tss, Attributes = 0x8B, Limit = 0x67, Base = TaskState };
        cpu->Cpl = 0;
        cpu->Rflags = 2;
        Vcpu.StateChanged();
    }

    /// <summary>The vector that ended a run, and what the processor pushed; -1 when it halted elsewhere.</summary>
    public int EndVector(out ulong* frame)
    {
        ulong rip = Cpu->Rip;
        frame = null;
        if (rip < Handlers || rip >= Handlers + 256 * 16)
            return -1;
        int vector = (int)((rip - Handlers) / 16);
        bool hasError = vector is 8 or 10 or 11 or 12 or 13 or 14 or 17;
        frame = (ulong*)At(FaultStack - (hasError ? 48UL : 40UL));
        return vector;
    }

    /// <summary>Runs the vCPU from where it stands to its next exit, on a thread of its own; what it throws is thrown here.</summary>
    public TranslatedExit Run()
    {
        TranslatedExit exit = TranslatedExit.Kicked;
        ExceptionDispatchInfo? thrown = null;
        Thread thread = new(() =>
        {
            try
            {
                Vcpu.Attach();
                exit = Vcpu.Run();
            }
            catch (Exception e)
            {
                thrown = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        thrown?.Throw();
        return exit;
    }

    public void Dispose()
    {
        Vcpu.Dispose();
        _code.Dispose();
        Ram.Dispose();
    }

    public override uint In(ushort port, int size) => 0x12345678;

    public override void Out(ushort port, int size, uint value)
    {
        Outs.Add((port, size, value));
        OnOut?.Invoke();
    }

    public override void SetFpuError(bool level) => FpuError = level;

    public override int AcknowledgeInterrupt(int vcpu) => 0x30;

    ulong IMmio.Read(ulong address, int size)
    {
        Mmio.Add((address, size, null));
        return 0x1122334455667788;
    }

    void IMmio.Write(ulong address, int size, ulong value) => Mmio.Add((address, size, value));

    private void BuildTables()
    {
        Root = _nextTable;
        _nextTable += 4096;
        for (ulong page = 0; page < 0x10000; page += 4096)
            MapPage(page, page, 3);
        ulong* gdt = (ulong*)At(Gdt);
        gdt[1] = 0x00AF_9B00_0000_FFFF;
        gdt[2] = 0x00CF_9300_0000_FFFF;
        gdt[3] = 0x00CF_F300_0000_FFFF;
        gdt[4] = 0x00AF_FB00_0000_FFFF;
        gdt[5] = 0x00CF_9B00_0000_FFFF;
        gdt[8] = 0x0000_8B00_0000_0067 | TaskState << 16;
        for (ulong i = 0; i < 256; i++)
        {
            ulong handler = Handlers + i * 16;
            ulong* gate = (ulong*)At(Idt + i * 16);
            gate[0] = (handler & 0xFFFF) | (ulong)Code64 << 16 | 1UL << 32 | 0xEEUL << 40 | (handler >> 16 & 0xFFFF) << 48; // IST 1, interrupt gate, DPL 3
            *At(handler) = 0xF4; // hlt; Rip stands behind it afterwards
        }

        *(ulong*)At(TaskState + 4) = FaultStack; // rsp0
        *(ulong*)At(TaskState + 36) = FaultStack; // IST 1
    }
}
