using Iced.Intel;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>Where exceptions of near jumps and of the x87 unit are noticed.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationFaultTests
{
    private const ulong Code = 0x40_0000, Data = 0x50_0000, Nowhere = 0x8000_0000_0000;

    // Intel SDM volume 2, JMP, CALL and RET: #GP(0) of the instruction, which has changed nothing.
    [Theory]
    [InlineData("jmp")]
    [InlineData("jmp memory")]
    [InlineData("call")]
    [InlineData("call memory")]
    [InlineData("ret")]
    [InlineData("ret 16")]
    public void A_near_jump_to_no_canonical_address_faults_where_it_is(string kind)
    {
        var a = new Assembler(64);
        a.mov(rax, Nowhere);
        a.mov(rbx, Data);
        a.mov(__qword_ptr[rbx], rax);
        a.mov(rsp, Data + 0x800);
        a.mov(__qword_ptr[rsp], rax);
        ulong at = Size(a);
        switch (kind)
        {
            case "jmp":
                a.jmp(rax);
                break;
            case "jmp memory":
                a.jmp(__qword_ptr[rbx]);
                break;
            case "call":
                a.call(rax);
                break;
            case "call memory":
                a.call(__qword_ptr[rbx]);
                break;
            case "ret":
                a.ret();
                break;
            default:
                a.ret(16);
                break;
        }

        using TranslatedMachine machine = Run(a);
        Assert.Equal((int)X86Vector.GeneralProtection, machine.EndVector(out ulong* frame));
        Assert.Equal((0UL, Code + at, Data + 0x800), (frame[0], frame[1], frame[4]));
    }

    [Fact]
    public void Without_NE_an_x87_exception_waits_for_an_interrupt()
    {
        using TranslatedMachine machine = Run(DividingByZero(out ulong at), ne: false);
        Assert.Equal(-1, machine.EndVector(out _));
        Assert.Equal((true, Code + at), (machine.FpuError, machine.Cpu->Rip));
        machine.Vcpu.SetInterrupt(true);
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        Assert.Equal(0x30, machine.EndVector(out ulong* frame));
        Assert.Equal(Code + at, frame[0]);
    }

    [Fact]
    public void With_IGNNE_asserted_the_handler_goes_on()
    {
        using TranslatedMachine machine = Run(DividingByZero(out _), ne: false, ignores: true);
        Assert.Equal(-1, machine.EndVector(out _));
        Assert.Equal(0x1234UL, machine.Cpu->Gpr[1]);
        Assert.Equal(4UL, machine.Cpu->Gpr[0] & 4); // the handler sees what it was
        Assert.False(machine.FpuError);
    }

    [Fact]
    public void With_NE_it_is_a_fault()
    {
        using TranslatedMachine machine = Run(DividingByZero(out ulong at));
        Assert.Equal((int)X86Vector.X87Fault, machine.EndVector(out ulong* frame));
        Assert.Equal((Code + at, false), (frame[0], machine.FpuError));
    }

    private static Assembler DividingByZero(out ulong at)
    {
        var a = new Assembler(64);
        a.mov(rbx, Data);
        a.mov(__word_ptr[rbx], 0x37B); // division by zero is not masked
        a.fninit();
        a.fldcw(__word_ptr[rbx]);
        a.fld1();
        a.fldz();
        a.fdivp(st1, st0);
        at = Size(a);
        a.wait();
        a.fnstsw(ax);
        a.fnclex();
        a.wait();
        a.mov(ecx, 0x1234);
        a.hlt();
        return a;
    }

    private static ulong Size(Assembler a)
    {
        var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), Code);
        return (ulong)stream.Length;
    }

    private static TranslatedMachine Run(Assembler code, bool ne = true, bool ignores = false)
    {
        TranslatedMachine machine = new() { IgnoresFpu = ignores };
        machine.MapLinear(Code, 4096);
        machine.MapLinear(Data, 4096);
        machine.EnterLongMode();
        var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), Code);
        stream.ToArray().CopyTo(new Span<byte>(machine.Linear(Code), 4096));
        machine.Cpu->Rip = Code;
        machine.Cpu->Rflags |= X86Cpu.FlagIf;
        if (!ne)
            machine.Cpu->Cr0 &= ~X86Cpu.Cr0Ne;
        machine.Vcpu.StateChanged();
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        return machine;
    }
}
