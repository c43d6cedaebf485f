using Iced.Intel;
using Suite.Guest.X86.Machine.Translation;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>
/// Loops that wait for another processor of the machine. With more processors than the host has, the one that holds a lock may not be running: xv6's tests took five times as
/// long with four processors on two as with two, most of it in loops on locks.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationSpinTests
{
    private const ulong Code = 0x40_0000, Data = 0x50_0000;
    private const int Turns = 100_000, LeastYields = Turns / 1024;

    /// <summary>Kinds of loops.</summary>
    public enum Loop
    {
        /// <summary>Counts, and nothing more.</summary>
        Counting,

        /// <summary>Says that it waits.</summary>
        Pause,

        /// <summary>Exchanges with a lock that someone else holds.</summary>
        Exchange,

        /// <summary>Compares and exchanges.</summary>
        CompareExchange,
    }

    [Theory]
    [InlineData(Loop.Pause)]
    [InlineData(Loop.Exchange)]
    [InlineData(Loop.CompareExchange)]
    public void Who_waits_long_gives_the_processor_away_where_there_are_too_few(Loop loop) => Assert.InRange(ExitsOf(loop, Environment.ProcessorCount + 1), LeastYields, Turns);

    [Theory]
    [InlineData(Loop.Counting, 1)]
    [InlineData(Loop.Pause, 0)]
    [InlineData(Loop.Exchange, 0)]
    public void Other_loops_and_machines_run_on(Loop loop, int tooMany) => Assert.InRange(ExitsOf(loop, Environment.ProcessorCount + tooMany), 0, LeastYields - 1);

    private static long ExitsOf(Loop loop, int processors)
    {
        using TranslatedMachine machine = new(processors: processors);
        machine.MapLinear(Code, 4096);
        machine.MapLinear(Data, 4096);
        machine.EnterLongMode();
        *(uint*)machine.Linear(Data) = 1;
        var a = new Assembler(64);
        Label turn = a.CreateLabel(), end = a.CreateLabel();
        a.mov(rbx, Data);
        a.mov(ecx, Turns);
        a.Label(ref turn);
        switch (loop)
        {
            case Loop.Pause:
                a.pause();
                break;
            case Loop.Exchange:
                a.mov(eax, 1);
                a.xchg(__dword_ptr[rbx], eax);
                break;
            case Loop.CompareExchange:
                a.xor(eax, eax);
                a.mov(edx, 1);
                a.@lock.cmpxchg(__dword_ptr[rbx], edx);
                a.je(end);
                break;
        }

        a.dec(ecx);
        a.jne(turn);
        a.Label(ref end);
        a.hlt();
        using MemoryStream bytes = new();
        a.Assemble(new StreamCodeWriter(bytes), Code);
        bytes.ToArray().CopyTo(new Span<byte>(machine.Linear(Code), (int)bytes.Length));
        machine.Cpu->Rip = Code;
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        Assert.Equal(0UL, machine.Cpu->Gpr[1]);
        return machine.Vcpu.Exits;
    }
}
