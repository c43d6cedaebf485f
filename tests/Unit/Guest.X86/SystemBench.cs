using System.Runtime.InteropServices;
using System.Text;
using Iced.Intel;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Jit.Memory;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// A machine of one processor core, memory and a debug port, without a translator: special instructions are done by <see cref="X86Core"/>, plain ones by
/// <see cref="PlainInterpreter"/>.
/// </summary>
internal sealed unsafe class SystemBench : IMmio, IX86Platform, IX86CoreEvents, IDisposable
{
    public const ulong RamBytes = 8 << 20;

    private readonly byte* _vectors;
    private readonly PlainInterpreter _plain;
    private readonly byte[] _bytes = new byte[15];

    public SystemBench(CpuModel? model = null)
    {
        Cpu = (X86Cpu*)NativeMemory.AllocZeroed((nuint)sizeof(X86Cpu));
        _vectors = (byte*)NativeMemory.AlignedAlloc(16384, 64);
        new Span<byte>(_vectors, 16384).Clear();
        Ram = new RamBlock("ram", RamBytes);
        Memory = new PhysicalMemory(this);
        Memory.MapRam(0, Ram, 0, RamBytes);
        Cpu->Vectors = _vectors;
        Core = new X86Core(Cpu, 0, Memory, this, new SystemCpuid(model ?? Model(), 0, new CpuTopology(1, 1, 1))) { Events = this };
        Core.Reset();
        _plain = new PlainInterpreter(Core, Cpu);
    }

    public X86Cpu* Cpu { get; }

    public RamBlock Ram { get; }

    public PhysicalMemory Memory { get; }

    public X86Core Core { get; }

    /// <summary>What was written to port E9h.</summary>
    public StringBuilder Output { get; } = new();

    /// <summary>Flushes, port accesses other than the debug port's, and device accesses.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Vectors that the next instructions are interrupted by.</summary>
    public Queue<int> Interrupts { get; } = new();

    /// <summary>Instructions executed.</summary>
    public long Count { get; private set; }

    /// <summary>Set by a write to port F4h.</summary>
    public int? Exit { get; private set; }

    public static CpuModel Model(string spec = "max") => CpuModel.Parse(spec, CpuFakeHost.Everything(), is64Bit: true);

    public void Dispose()
    {
        NativeMemory.Free(Cpu);
        NativeMemory.AlignedFree(_vectors);
        Ram.Dispose();
    }

    /// <summary>Assembles at an address.</summary>
    public ulong Load(ulong address, int bits, Action<Assembler> code)
    {
        var assembler = new Assembler(bits);
        code(assembler);
        var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), address);
        Write(address, stream.ToArray());
        return address + (ulong)stream.Length;
    }

    public void Write(ulong address, ReadOnlySpan<byte> bytes) => bytes.CopyTo(new Span<byte>(Ram.Host + address, bytes.Length));

    public void Write16(ulong address, ulong value) => *(ushort*)(Ram.Host + address) = (ushort)value;

    public void Write32(ulong address, ulong value) => *(uint*)(Ram.Host + address) = (uint)value;

    public void Write64(ulong address, ulong value) => *(ulong*)(Ram.Host + address) = value;

    public ushort Read16(ulong address) => *(ushort*)(Ram.Host + address);

    public uint Read32(ulong address) => *(uint*)(Ram.Host + address);

    public ulong Read64(ulong address) => *(ulong*)(Ram.Host + address);

    /// <summary>Runs until hlt with nothing that wakes it, an exit, a triple fault, or the limit.</summary>
    public void Run(int limit = 10_000)
    {
        for (int i = 0; i < limit && !Core.IsShutDown && Exit is null; i++)
        {
            if (Interrupts.Count != 0 && Core.CanInterrupt)
                Core.Interrupt(Interrupts.Dequeue());
            if (Cpu->Halted != 0)
                return;
            Step();
        }
    }

    /// <summary>One instruction, or the exception it raises.</summary>
    public void Step()
    {
        Count++;
        ModeKey mode = ModeKey.Of(Cpu);
        bool isWatched = Core.IsWatched, stepped = (Cpu->Rflags & X86Cpu.FlagTf) != 0;
        if (isWatched && Core.CheckCodeBreakpoint())
            return;
        try
        {
            Instruction insn = Fetch(mode);
            if (X86Core.IsSpecial(insn))
            {
                Core.Execute(insn);
            }
            else
            {
                Core.CheckFpu(insn);
                _plain.Execute(insn);
                Cpu->InterruptShadow = 0;
            }
        }
        catch (X86Fault fault)
        {
            Core.RaiseFault(fault);
            return;
        }

        if (isWatched)
            Core.EndInstruction(stepped);
    }

    private Instruction Fetch(ModeKey mode)
    {
        int have = 0;
        X86Fault? fault = null;
        while (have < _bytes.Length && fault is null)
        {
            ulong rip = Cpu->Rip + (ulong)have, linear = mode.Is64 ? rip : (uint)(Cpu->Seg(SegmentName.Cs).Base + (uint)rip);
            ulong run = Math.Min((ulong)(_bytes.Length - have), 4096 - (linear & 4095));
            if (!mode.Is64)
                run = Math.Min(run, Cpu->Seg(SegmentName.Cs).Limit - Math.Min(rip, Cpu->Seg(SegmentName.Cs).Limit + 1UL) + 1);
            if (run == 0)
                fault = new X86Fault(X86Vector.GeneralProtection);
            else if (!Core.TryTranslate(linear, MemoryAccess.Fetch, mode.IsUser, out ulong physical, out _, out uint error))
                fault = new X86Fault(X86Vector.PageFault, error, linear);
            else if (!Memory.TryRead(physical, _bytes.AsSpan(have, (int)run)))
                _bytes.AsSpan(have, (int)run).Fill(0xFF);
            have += fault is null ? (int)run : 0;
        }

        var decoder = Iced.Intel.Decoder.Create(16 << (int)mode.CodeSize, new ByteArrayCodeReader(_bytes, 0, have), Cpu->Rip);
        decoder.Decode(out Instruction insn);
        if (insn.IsInvalid && decoder.LastError == DecoderError.NoMoreBytes)
            throw fault ?? new X86Fault(X86Vector.GeneralProtection);
        return insn.IsInvalid ? throw new X86Fault(X86Vector.InvalidOpcode) : insn;
    }

    ulong IMmio.Read(ulong address, int size)
    {
        Log.Add($"read {address:x}/{size}");
        return 0x1122_3344_5566_7788 & (size == 8 ? ulong.MaxValue : (1UL << (8 * size)) - 1);
    }

    void IMmio.Write(ulong address, int size, ulong value) => Log.Add($"write {address:x}/{size} {value:x}");

    uint IX86Platform.In(ushort port, int size)
    {
        Log.Add($"in {port:x}/{size}");
        return port == 0xE9 ? 0xE9u : 0xA5A5_A5A5;
    }

    void IX86Platform.Out(ushort port, int size, uint value)
    {
        if (port == 0xE9)
            Output.Append((char)value);
        else if (port == 0xF4)
            Exit = (int)value;
        else
            Log.Add($"out {port:x}/{size} {value:x}");
    }

    int IX86Platform.AcknowledgeInterrupt(int vcpu) => -1;

    bool IX86Platform.TryReadMsr(int vcpu, uint msr, out ulong value)
    {
        value = msr == 0x1B ? 0xFEE0_0900u : 0;
        return true;
    }

    bool IX86Platform.TryWriteMsr(int vcpu, uint msr, ulong value)
    {
        Log.Add($"msr {msr:x} {value:x}");
        return true;
    }

    ulong IX86Platform.ReadTaskPriority(int vcpu) => 0;

    void IX86Platform.WriteTaskPriority(int vcpu, ulong cr8) => Log.Add($"cr8 {cr8}");

    ulong IX86Platform.ReadTsc() => (ulong)Count * 1000;

    void IX86Platform.SetFpuError(bool level) => Log.Add($"FERR {level}");

    void IX86CoreEvents.TlbFlush(bool withGlobal) => Log.Add(withGlobal ? "flush all" : "flush");

    void IX86CoreEvents.TlbFlushPage(ulong linear) => Log.Add($"flush page {linear:x}");
}
