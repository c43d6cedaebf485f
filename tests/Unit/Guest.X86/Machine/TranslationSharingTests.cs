using Iced.Intel;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Jit.Memory;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>What a translated vCPU shares with other processors: memory, and the requests they make of it.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationSharingTests
{
    private const ulong Code = 0x40_0000, Data = 0x50_0000;

    // A page that once held code of another vCPU is written one instruction at a time; a spin lock on it was lost when that vCPU, just then, had taken it.
    [Fact]
    public void A_locked_instruction_is_one_on_a_page_with_code_of_another_processor()
    {
        const int Rounds = 20_000;
        using TranslatedMachine machine = new();
        machine.MapLinear(Code, 4096);
        machine.MapLinear(Data, 4096);
        machine.EnterLongMode();
        var a = new Assembler(64);
        Label loop = a.CreateLabel();
        a.mov(rbx, Data);
        a.mov(ecx, Rounds);
        a.Label(ref loop);
        a.@lock.add(__dword_ptr[rbx], 1);
        a.mov(eax, 1);
        a.@lock.xadd(__qword_ptr[rbx + 8], rax);
        a.dec(ecx);
        a.jnz(loop);
        a.hlt();
        Load(machine, a);
        byte* memory = machine.Linear(Data);
        MarkAsForeignCode(machine, memory);
        using var stop = new CancellationTokenSource();
        long others = 0;
        Thread other = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Interlocked.Add(ref *(int*)memory, 1);
                Interlocked.Add(ref *(long*)(memory + 8), 1);
                others++;
            }
        });
        other.Start();
        TranslatedExit exit = machine.Run();
        stop.Cancel();
        other.Join();
        Assert.Equal(TranslatedExit.Halted, exit);
        Assert.Equal((int)(Rounds + others), *(int*)memory);
        Assert.Equal(Rounds + others, *(long*)(memory + 8));
    }

    // A kick took the note that something was asked for with it: a processor that then waited in a loop was not heard of again.
    [Fact]
    public void What_is_asked_for_beside_a_kick_is_done_in_the_next_run()
    {
        using TranslatedMachine machine = Halting(index: 1);
        machine.Vcpu.RaiseInit();
        machine.Vcpu.Kick();
        Assert.Equal(TranslatedExit.Kicked, machine.Run());
        Assert.False(machine.Vcpu.WaitsForStartUp);
        Assert.True(machine.Vcpu.HasWork);
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        Assert.True(machine.Vcpu.WaitsForStartUp);
        Assert.False(machine.Vcpu.HasWork);
    }

    [Fact]
    public void A_start_that_follows_INIT_at_once_is_taken()
    {
        using TranslatedMachine machine = Halting(index: 1);
        *machine.At(0xA000) = 0xF4;
        machine.Vcpu.RaiseInit();
        machine.Vcpu.StartUp(0xA);
        Assert.True(machine.Vcpu.HasWork);
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        Assert.Equal((0xA000UL, 1UL), (machine.Cpu->Seg(SegmentName.Cs).Base, machine.Cpu->Rip));
        machine.Vcpu.StartUp(0xB);
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        Assert.False(machine.Vcpu.HasWork);
    }

    // iPXE waits for the BIOS's ticks like this, and waited for ever.
    [Fact]
    public void An_interrupt_is_taken_between_sti_and_cli() => IsTakenIn(static a =>
    {
        a.sti();
        a.nop();
        a.nop();
        a.cli();
    });

    [Fact]
    public void An_interrupt_is_taken_between_sti_and_popf() => IsTakenIn(static a =>
    {
        a.pushfq();
        a.sti();
        a.nop();
        a.popfq();
    });

    [Fact]
    public void No_interrupt_is_taken_directly_behind_sti()
    {
        using TranslatedMachine machine = Windows(static a =>
        {
            a.sti();
            a.cli();
            a.pushfq();
            a.sti();
            a.popfq();
        });
        Assert.Equal(-1, machine.EndVector(out _));
        Assert.Equal(0UL, machine.Cpu->Gpr[1]);
    }

    // Another processor's write between the reading of code and the watching of its page was not noticed.
    [Fact]
    public void A_page_is_watched_before_its_code_is_read()
    {
        using TranslatedMachine machine = Halting();
        RamBlock ram = machine.Ram;
        long page = (machine.Linear(Code) - ram.Host) >> 12;
        Assert.Equal(0u, ram.HasCode[page]);
        var a = new Assembler(64);
        a.ud2();
        Load(machine, a);
        machine.Run();
        Assert.NotEqual(0u, ram.HasCode[page]);
    }

    private static void MarkAsForeignCode(TranslatedMachine machine, byte* memory) => Interlocked.Or(ref machine.Ram.HasCode[(memory - machine.Ram.Host) >> 12], 1u << 31);

    private static void IsTakenIn(Action<Assembler> window)
    {
        using TranslatedMachine machine = Windows(window);
        Assert.Equal(0x30, machine.EndVector(out ulong* frame));
        Assert.Equal(Code + 8, frame[0]);
    }

    // A loop of five rounds that begins with interrupts forbidden, while one is asserted.
    private static TranslatedMachine Windows(Action<Assembler> round)
    {
        TranslatedMachine machine = new();
        machine.MapLinear(Code, 4096);
        machine.MapLinear(Data, 4096);
        machine.EnterLongMode();
        var a = new Assembler(64);
        Label loop = a.CreateLabel();
        a.mov(ecx, 5);
        a.Label(ref loop);
        round(a);
        a.dec(ecx);
        a.jnz(loop);
        a.hlt();
        Load(machine, a);
        machine.Cpu->Gpr[4] = Data + 4096;
        machine.Vcpu.SetInterrupt(true);
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        machine.Vcpu.SetInterrupt(false);
        return machine;
    }

    private static TranslatedMachine Halting(int index = 0)
    {
        TranslatedMachine machine = new(index);
        machine.MapLinear(Code, 4096);
        machine.EnterLongMode();
        var a = new Assembler(64);
        a.hlt();
        Load(machine, a);
        return machine;
    }

    private static void Load(TranslatedMachine machine, Assembler code)
    {
        var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), Code);
        stream.ToArray().CopyTo(new Span<byte>(machine.Linear(Code), 4096));
        machine.Cpu->Rip = Code;
    }
}
