using Iced.Intel;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>syscall and sysret in generated code do what the core does, and leave to it what is out of the ordinary.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationSystemCallTests
{
    private const ulong User = 0x40_0000, Kernel = 0x60_0000, Stack = 0x50_0800, Uncanonical = 0x0000_8000_0000_0000;
    private const int Rounds = 5000, FewExits = 300;
    private const ulong Masked = X86Cpu.FlagIf | X86Cpu.FlagTf | X86Cpu.FlagDf | X86Cpu.FlagAc | X86Cpu.FlagCf | X86Cpu.FlagZf;

    // Each left generated code, and took the vector registers along.
    [Fact]
    public void System_calls_stay_in_generated_code()
    {
        using TranslatedMachine machine = Machine(static a => a.sysretq());
        RunUser(machine, Loop);
        Assert.Equal((int)X86Vector.InvalidOpcode, machine.EndVector(out _));
        Assert.Equal(0UL, machine.Cpu->Gpr[3]);
        Assert.InRange(machine.Vcpu.Exits, 0, FewExits);
    }

    [Fact]
    public void The_kernel_finds_what_the_manual_says()
    {
        using TranslatedMachine machine = Machine(static a =>
        {
            a.pushfq();
            a.pop(r8);
            a.mov(r9d, cs);
            a.mov(r10d, ss);
            a.mov(r12, r11);
            a.mov(r13, rcx);
            a.sysretq();
        });
        RunUser(machine, Loop);
        X86Cpu* cpu = machine.Cpu;
        const ulong flags = X86Cpu.FlagCf | X86Cpu.FlagPf | X86Cpu.FlagAf | X86Cpu.FlagSf; // of "cmp 0, 1" and, by std, the direction
        Assert.Equal((int)X86Vector.InvalidOpcode, machine.EndVector(out ulong* frame));
        Assert.Equal(flags | X86Cpu.FlagDf | X86Cpu.FlagIf | 2, cpu->Gpr[12]);
        Assert.Equal((flags | X86Cpu.FlagDf | X86Cpu.FlagIf | 2) & ~Masked, cpu->Gpr[8]);
        Assert.Equal((TranslatedMachine.Code64, TranslatedMachine.Data), ((ushort)cpu->Gpr[9], (ushort)cpu->Gpr[10]));
        Assert.Equal(cpu->Gpr[13] + 6, frame[0]); // behind syscall stand jnc, dec, jnz and ud2, of two bytes each
        Assert.Equal((TranslatedMachine.UserCode64, TranslatedMachine.UserData, Stack), ((ushort)frame[1], (ushort)frame[4], frame[3]));
    }

    [Fact]
    public void An_interrupt_that_waits_is_taken_when_sysret_allows_it()
    {
        using TranslatedMachine machine = Machine(static a =>
        {
            a.@out(0x10, al); // the interrupt is raised here
            a.sysretq();
        });
        machine.OnOut = () => machine.Vcpu.SetInterrupt(machine.Outs.Count > Rounds / 2);
        RunUser(machine, Loop);
        Assert.Equal(0x30, machine.EndVector(out ulong* frame));
        Assert.Equal((TranslatedMachine.UserCode64, machine.Cpu->Gpr[1]), ((ushort)frame[1], frame[0]));
        Assert.Equal(Rounds / 2 + 1, machine.Outs.Count);
    }

    [Theory]
    [InlineData(Uncanonical, 0x202UL, X86Vector.GeneralProtection)]
    [InlineData(User, 0x302UL, X86Vector.Debug)] // single-stepped
    public void What_is_out_of_the_ordinary_is_the_cores(ulong target, ulong flags, X86Vector vector)
    {
        using TranslatedMachine machine = Machine(a =>
        {
            Label usual = a.CreateLabel();
            a.cmp(ebx, Rounds / 2);
            a.jne(usual);
            a.mov(rcx, target);
            a.mov(r11, flags);
            a.Label(ref usual);
            a.sysretq();
        });
        RunUser(machine, Loop);
        Assert.Equal((int)vector, machine.EndVector(out ulong* frame));
        Assert.Equal(vector == X86Vector.Debug ? TranslatedMachine.UserCode64 : TranslatedMachine.Code64, (ushort)frame[vector == X86Vector.Debug ? 1 : 2]);
    }

    [Fact]
    public void Without_the_enable_bit_they_are_undefined()
    {
        using TranslatedMachine machine = Machine(static a =>
        {
            a.mov(r8d, ecx);
            a.mov(ecx, 0xC000_0080); // EFER
            a.rdmsr();
            a.and(eax, ~1);
            a.wrmsr();
            a.sysretq();
        });
        RunUser(machine, Loop);
        Assert.Equal((int)X86Vector.InvalidOpcode, machine.EndVector(out ulong* frame));
        Assert.Equal((TranslatedMachine.Code64, (ulong)Rounds), ((ushort)frame[1], machine.Cpu->Gpr[3]));
    }

    // Many calls with a vector register in use and flags that have to survive; rbx counts.
    private static void Loop(Assembler a)
    {
        Label loop = a.CreateLabel(), wrong = a.CreateLabel();
        a.std();
        a.mov(ebx, Rounds);
        a.Label(ref loop);
        a.movq(xmm0, rbx);
        a.xor(eax, eax);
        a.cmp(eax, 1);
        a.syscall();
        a.jnc(wrong);
        a.dec(ebx);
        a.jnz(loop);
        a.Label(ref wrong);
        a.ud2();
    }

    private static TranslatedMachine Machine(Action<Assembler> kernel)
    {
        TranslatedMachine machine = new();
        machine.MapLinear(User, 4096);
        machine.MapLinear(Stack & ~4095UL, 4096);
        machine.MapLinear(Kernel, 4096, 3);
        machine.EnterLongMode();
        machine.Cpu->Star = (ulong)TranslatedMachine.Data << 48 | (ulong)TranslatedMachine.Code64 << 32;
        (machine.Cpu->Lstar, machine.Cpu->Sfmask) = (Kernel, Masked);
        Put(machine, Kernel, kernel);
        return machine;
    }

    private static void Put(TranslatedMachine machine, ulong at, Action<Assembler> code)
    {
        var a = new Assembler(64);
        code(a);
        var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), at);
        stream.ToArray().CopyTo(new Span<byte>(machine.Linear(at), 2048));
    }

    private static void RunUser(TranslatedMachine machine, Action<Assembler> code)
    {
        Put(machine, User, code);
        X86Cpu* cpu = machine.Cpu;
        cpu->Seg(SegmentName.Cs) = new Segment { Selector = TranslatedMachine.UserCode64, Attributes = 0xA0FB, Limit = uint.MaxValue };
        cpu->Seg(SegmentName.Ss) = new Segment { Selector = TranslatedMachine.UserData, Attributes = 0xC0F3, Limit = uint.MaxValue };
        (cpu->Cpl, cpu->Rip, cpu->Gpr[4], cpu->Rflags) = (3, User, Stack, X86Cpu.FlagIf | 2);
        machine.Vcpu.StateChanged();
        Assert.Equal(TranslatedExit.Halted, machine.Run());
    }
}
