using Suite.Guest.X86.Machine.Translation;
using Suite.Host.Diagnostics;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine;

/// <summary>What `-d` tells of the processors of a machine. The forms are QEMU's, for people and scripts that know them.</summary>
/// <param name="sink">Where the lines go, and which items were asked for.</param>
/// <param name="filter">-dfilter: code whose linear address is elsewhere is not listed; null for no limit.</param>
public sealed unsafe class X86Log(LogSink sink, AddressFilter? filter)
{
    private int _interrupts;

    /// <summary>Every block is seen when it is entered: none is linked to another.</summary>
    public bool SeesBlocks { get; } = sink.On(LogItems.Exec | LogItems.Cpu | LogItems.Fpu | LogItems.Vpu | LogItems.NoChain);

    /// <summary>True when an item was asked for. Ask before a text is built.</summary>
    public bool On(LogItems items) => sink.On(items);

    /// <summary>A line; the caller has asked <see cref="On"/>.</summary>
    public void Line(string text) => sink.Line(text);

    /// <summary>An exception or interrupt is about to be delivered.</summary>
    /// <param name="cpu">The state before it.</param>
    /// <param name="vector">Which.</param>
    /// <param name="error">Its error code; 0 for none.</param>
    /// <param name="isInstruction">It comes from int n, int3 or into.</param>
    /// <param name="isExternal">It comes from outside of the processor.</param>
    public void Interrupt(X86Cpu* cpu, int vector, uint error, bool isInstruction, bool isExternal)
    {
        if (!sink.On(LogItems.Int))
            return;
        string what = isExternal ? $"Servicing hardware INT=0x{vector:x2}\n" : "";
        string more = vector == (int)X86Vector.PageFault ? $"CR2={cpu->Cr2:x16}" : $"env->regs[R_EAX]={cpu->Gpr[0]:x16}";
        ref Segment cs = ref cpu->Seg(SegmentName.Cs);
        int number = Interlocked.Increment(ref _interrupts) - 1;
        sink.Line($"{what}{number,6}: v={vector:x2} e={error:x4} i={(isInstruction ? 1 : 0)} cpl={cpu->Cpl} IP={cs.Selector:x4}:{cpu->Rip:x16} pc={Linear(cpu):x16} SP={cpu->Seg(SegmentName.Ss).Selector:x4}:{cpu->Gpr[4]:x16} {more}\n{State(cpu)}");
    }

    /// <summary>The state that a reset ends.</summary>
    public void Reset(X86Cpu* cpu, int index)
    {
        if (sink.On(LogItems.CpuReset))
            sink.Line($"CPU Reset (CPU {index})\n{State(cpu)}");
    }

    /// <summary>A block was translated.</summary>
    internal void Translated(X86Cpu* cpu, in MachineBlock block, int bits, ReadOnlySpan<byte> guest)
    {
        ulong pc = Linear(cpu);
        if (filter is not null && !filter.Contains(pc))
            return;
        if (sink.On(LogItems.InAsm))
            sink.Line($"----------------\nIN: \n{X86Text.List(bits, pc, guest)}");
        int length = (int)(block.End - block.HostLoopEntry);
        if (sink.On(LogItems.OutAsm))
            sink.Line($"OUT: [size={length}]\n{X86Text.List(64, (ulong)block.HostLoopEntry, new ReadOnlySpan<byte>(block.HostLoopEntry, length))}");
    }

    /// <summary>A block, or an instruction that is executed by itself (code null), is about to be executed.</summary>
    internal void Executing(X86Cpu* cpu, int index, byte* code, uint mode)
    {
        ulong pc = Linear(cpu);
        if (filter is not null && !filter.Contains(pc))
            return;
        if (sink.On(LogItems.Exec))
            sink.Line($"Trace {index}: 0x{(ulong)code:x} [{(cpu->Is64 ? 0 : cpu->Seg(SegmentName.Cs).Base):x16}/{pc:x16}/{mode:x8}]");
        if (sink.On(LogItems.Cpu | LogItems.Fpu | LogItems.Vpu))
            sink.Line(State(cpu));
    }

    private string State(X86Cpu* cpu) => X86StateText.Registers(cpu, sink.On(LogItems.Fpu), sink.On(LogItems.Vpu)).TrimEnd('\n');

    private static ulong Linear(X86Cpu* cpu) => cpu->Is64 ? cpu->Rip : (uint)(cpu->Seg(SegmentName.Cs).Base + cpu->Rip);
}
