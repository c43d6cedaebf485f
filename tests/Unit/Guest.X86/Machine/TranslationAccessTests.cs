using Iced.Intel;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Jit.Memory;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>Accesses that are not the usual ones, and yet must not leave generated code each time.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationAccessTests
{
    private const ulong Code = 0x40_0000, Data = 0x50_0000, Across = Data + 4096;
    private const int Rounds = 5000, FewExits = 500;
    private const ulong Start = 0xF000; // the carry goes to the second page

    // Each stac and each clac emptied the kernel's jump cache: a read of one byte took six times what it takes now.
    [Fact]
    public void A_kernel_that_copies_to_user_space_stays_in_generated_code()
    {
        using TranslatedMachine machine = Machine();
        var a = new Assembler(64);
        Label loop = a.CreateLabel();
        a.mov(rbx, Data);
        a.mov(ecx, Rounds);
        a.Label(ref loop);
        a.stac();
        a.add(__dword_ptr[rbx], 1);
        a.clac();
        a.dec(ecx);
        a.jnz(loop);
        a.hlt();
        Run(machine, a);
        Assert.Equal(-1, machine.EndVector(out _));
        Assert.Equal(Rounds, *(int*)machine.At(Physical(machine, Data)));
        Assert.InRange(machine.Vcpu.Exits, 0, FewExits);
    }

    // They led to a jump cache that is not in use then, and so left generated code.
    [Fact]
    public void Without_smap_stac_and_clac_stay_in_generated_code()
    {
        using TranslatedMachine machine = Machine(smap: false);
        var a = new Assembler(64);
        Label loop = a.CreateLabel();
        a.mov(ecx, Rounds);
        a.Label(ref loop);
        a.stac();
        a.pushfq();
        a.pop(rax);
        a.clac();
        a.pushfq();
        a.pop(rdx);
        a.dec(ecx);
        a.jnz(loop);
        a.hlt();
        machine.Cpu->Gpr[4] = Data + 2048;
        Run(machine, a);
        Assert.Equal(-1, machine.EndVector(out _));
        Assert.Equal((X86Cpu.FlagAc, 0UL), (machine.Cpu->Gpr[0] & X86Cpu.FlagAc, machine.Cpu->Gpr[2] & X86Cpu.FlagAc));
        Assert.InRange(machine.Vcpu.Exits, 0, FewExits);
    }

    // Generated code took every level but 3 for the kernel's.
    [Theory]
    [InlineData(1, Mnemonic.Stac, X86Vector.InvalidOpcode)]
    [InlineData(2, Mnemonic.Clac, X86Vector.InvalidOpcode)]
    [InlineData(1, Mnemonic.Swapgs, X86Vector.GeneralProtection)]
    [InlineData(2, Mnemonic.Sysretq, X86Vector.GeneralProtection)]
    [InlineData(1, Mnemonic.Cli, X86Vector.GeneralProtection)]
    [InlineData(2, Mnemonic.Sti, X86Vector.GeneralProtection)]
    public void What_only_level_0_may_do_faults_at_levels_1_and_2(int level, Mnemonic mnemonic, X86Vector vector)
    {
        using TranslatedMachine machine = Machine();
        var a = new Assembler(64);
        a.AddInstruction(Instruction.Create(mnemonic switch
        {
            Mnemonic.Stac => Iced.Intel.Code.Stac,
            Mnemonic.Clac => Iced.Intel.Code.Clac,
            Mnemonic.Swapgs => Iced.Intel.Code.Swapgs,
            Mnemonic.Sysretq => Iced.Intel.Code.Sysretq,
            Mnemonic.Cli => Iced.Intel.Code.Cli,
            _ => Iced.Intel.Code.Sti,
        }));
        a.hlt();
        X86Cpu* cpu = machine.Cpu;
        cpu->Seg(SegmentName.Cs) = new Segment { Selector = (ushort)(TranslatedMachine.Code64 | level), Attributes = 0xA09B | (uint)level << Segment.DplShift, Limit = uint.MaxValue };
        cpu->Seg(SegmentName.Ss) = new Segment { Selector = (ushort)(TranslatedMachine.Data | level), Attributes = 0xC093 | (uint)level << Segment.DplShift, Limit = uint.MaxValue };
        cpu->Cpl = (byte)level;
        Run(machine, a);
        Assert.Equal((int)vector, machine.EndVector(out ulong* frame));
        Assert.Equal(Code, frame[vector == X86Vector.GeneralProtection ? 1 : 0]);
    }

    [Fact]
    public void Behind_clac_a_user_page_faults_and_flags_are_kept()
    {
        using TranslatedMachine machine = Machine();
        var a = new Assembler(64);
        Label loop = a.CreateLabel(), carry = a.CreateLabel();
        a.mov(rbx, Data);
        a.mov(ecx, Rounds);
        a.Label(ref loop);
        a.cmp(ecx, -1); // carry, and not zero
        a.stac();
        a.mov(eax, __dword_ptr[rbx]);
        a.clac();
        a.jc(carry);
        a.ud2();
        a.Label(ref carry);
        a.dec(ecx);
        a.jnz(loop);
        a.mov(__dword_ptr[rbx], eax);
        a.hlt();
        Run(machine, a);
        Assert.Equal((int)X86Vector.PageFault, machine.EndVector(out ulong* frame));
        Assert.Equal((3UL, 0UL), (frame[0], frame[3] & X86Cpu.FlagAc)); // a write to a present page
        Assert.Equal(0UL, machine.Cpu->Gpr[1]);
    }

    // Behind an interrupt the stack segment is null, behind syscall it is flat: the kernel was translated for each, and its jump cache emptied at every change.
    [Fact]
    public void Kernel_code_is_the_same_with_any_stack_segment()
    {
        using TranslatedMachine machine = Machine();
        var a = new Assembler(64);
        Label loop = a.CreateLabel(), function = a.CreateLabel();
        a.mov(rsp, 0x9F00);
        a.xor(esi, esi);
        a.mov(ecx, Rounds);
        a.Label(ref loop);
        a.mov(edx, 0x10);
        a.test(ecx, 1);
        a.cmovz(edx, esi);
        a.mov(ss, dx);
        for (int i = 0; i < 8; i++)
            a.call(function);
        a.dec(ecx);
        a.jnz(loop);
        a.hlt();
        a.Label(ref function);
        a.ret();
        Run(machine, a);
        Assert.Equal(-1, machine.EndVector(out _));
        Assert.InRange(machine.Vcpu.Exits, Rounds, Rounds + FewExits); // the load of ss
    }

    // A loop whose stack frame lay across two pages was ten times slower: one start of a program in fourteen.
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    public void Operands_across_pages_stay_in_generated_code(int size)
    {
        using TranslatedMachine machine = Machine(smap: false);
        machine.MapPage(Across, 0x80_0000, 7); // not beside the first in physical memory
        Run(machine, Adding(size));
        Assert.Equal(-1, machine.EndVector(out _));
        Assert.Equal(Start + Rounds, Sum(machine, 0x80_0000));
        Assert.InRange(machine.Vcpu.Exits, 0, FewExits);
    }

    [Fact]
    public void Operands_across_pages_follow_the_page_tables()
    {
        using TranslatedMachine machine = Machine(smap: false);
        machine.MapPage(Across, 0x80_0000, 7);
        Run(machine, Adding(8));
        machine.MapPage(Across, 0x81_0000, 7);
        machine.Vcpu.StateChanged();
        Restart(machine);
        Assert.Equal((((Start + Rounds) & 0xFFFF) + Rounds, 1u), (Sum(machine, 0x81_0000), *(uint*)machine.At(0x80_0000)));
        machine.MapPage(Across, 0x82_0000, 5);
        machine.Vcpu.StateChanged();
        Restart(machine);
        Assert.Equal((int)X86Vector.PageFault, machine.EndVector(out ulong* frame));
        Assert.Equal(3UL, frame[0]);
        Assert.Equal(Across, machine.Cpu->Cr2);
    }

    [Fact]
    public void Code_on_the_second_page_is_noticed_when_an_operand_across_is_written()
    {
        using TranslatedMachine machine = Machine(smap: false);
        machine.MapPage(Across, 0x80_0000, 7);
        *machine.At(0x80_0000 + 64) = 0xF4;
        Run(machine, Adding(8));
        (machine.Cpu->Rip, machine.Cpu->Halted) = (Across + 64, 0);
        machine.Vcpu.StateChanged();
        Assert.Equal(TranslatedExit.Halted, machine.Run()); // now there is code on it
        Assert.NotEqual(0u, machine.Memory.At(0x80_0000).CodeOwners(0x80_0000));
        machine.Vcpu.StateChanged();
        Restart(machine);
        Assert.Equal(Start + 2 * Rounds, Sum(machine, 0x80_0000));
    }

    // Adds 1 to an integer that begins 2 bytes before a page's end.
    private static Assembler Adding(int size)
    {
        var a = new Assembler(64);
        Label loop = a.CreateLabel();
        a.mov(rbx, Across - 2);
        a.mov(ecx, Rounds);
        a.mov(eax, 1);
        a.movq(xmm1, rax);
        a.Label(ref loop);
        if (size == 16)
        {
            a.movdqu(xmm0, __xmmword_ptr[rbx]);
            a.paddq(xmm0, xmm1);
            a.movdqu(__xmmword_ptr[rbx], xmm0);
        }
        else
        {
            a.add(__qword_ptr[rbx], rax);
        }

        a.dec(ecx);
        a.jnz(loop);
        a.hlt();
        return a;
    }

    private static ulong Sum(TranslatedMachine machine, ulong highPhysical) => *(ushort*)machine.At(Physical(machine, Data) + 4094) | (ulong)*(uint*)machine.At(highPhysical) << 16;

    private static ulong Physical(TranslatedMachine machine, ulong linear)
    {
        Assert.True(machine.Vcpu.Core.TryTranslate(linear, MemoryAccess.Read, user: true, out ulong physical, out _, out _));
        return physical;
    }

    private static TranslatedMachine Machine(bool smap = true)
    {
        TranslatedMachine machine = new();
        machine.MapLinear(Code, 4096, 3);
        machine.MapLinear(Data, 4096);
        machine.EnterLongMode();
        if (smap)
            machine.Cpu->Cr4 |= X86Cpu.Cr4Smap;
        else
            *(ushort*)machine.Linear(Across - 2) = (ushort)Start;
        return machine;
    }

    private static void Run(TranslatedMachine machine, Assembler code)
    {
        var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), Code);
        Assert.True(machine.Vcpu.Core.TryTranslate(Code, MemoryAccess.Read, user: false, out ulong physical, out _, out _));
        stream.ToArray().CopyTo(new Span<byte>(machine.At(physical), 4096));
        machine.Vcpu.StateChanged();
        Restart(machine);
    }

    private static void Restart(TranslatedMachine machine)
    {
        (machine.Cpu->Rip, machine.Cpu->Halted) = (Code, 0);
        Assert.Equal(TranslatedExit.Halted, machine.Run());
    }
}
