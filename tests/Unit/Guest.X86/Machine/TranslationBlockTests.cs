using Iced.Intel;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>What the instructions of a translated block share: looked-up pages, registers that live in memory, and flags that the code behind the block does not read.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationBlockTests
{
    private const ulong Code = 0x40_0000, Data = 0x50_0000, First = 0x18_0000, Second = 0x1A_0000, ReadOnly = 1, Writable = 3;

    [Fact]
    public void Accesses_near_one_address_may_lie_on_two_pages()
    {
        using TranslatedMachine machine = Make(Writable);
        for (int round = 0; round < 3; round++)
        {
            var a = new Assembler(64);
            a.mov(rbx, Data + 0xFF0 + (ulong)round * 4);
            for (int i = 0; i < 6; i++)
                a.mov(__dword_ptr[rbx + i * 4], 0x100 * (round + 1) + i);
            a.mov(eax, __dword_ptr[rbx + 8]);
            a.add(eax, __dword_ptr[rbx + 20]);
            a.hlt();
            Run(machine, a);
            Assert.Equal((ulong)(0x200 * (round + 1) + 7), machine.Cpu->Gpr[0]);
            for (int i = 0; i < 6; i++)
            {
                int offset = 0xFF0 + round * 4 + i * 4;
                uint stored = *(uint*)machine.At(offset < 4096 ? First + (ulong)offset : Second + (ulong)(offset - 4096));
                Assert.Equal((uint)(0x100 * (round + 1) + i), stored);
            }
        }
    }

    [Fact]
    public void A_write_that_faults_lets_the_reads_before_it_happen()
    {
        using TranslatedMachine machine = Make(ReadOnly);
        *(uint*)machine.At(First) = 0x1234;
        var a = new Assembler(64);
        Label write = a.CreateLabel();
        a.mov(rbx, Data);
        a.mov(r15d, __dword_ptr[rbx]);
        a.add(r15d, 1);
        a.cmp(r15d, 7);
        a.je(write);
        a.Label(ref write);
        a.mov(__dword_ptr[rbx + 4], r15d);
        a.hlt();
        Run(machine, a, cr0: X86Cpu.Cr0Wp);
        Assert.Equal((int)X86Vector.PageFault, machine.EndVector(out ulong* frame));
        Assert.Equal(3UL, frame[0]);
        Assert.Equal(0x1235UL, machine.Cpu->Gpr[15]);
        Assert.Equal(0u, *(uint*)machine.At(First + 4));
    }

    [Fact]
    public void Flags_are_there_when_the_code_behind_a_jump_begins_to_read_them()
    {
        using TranslatedMachine machine = Make(Writable);
        Run(machine, Jump(readsCarry: false));
        Run(machine, Jump(readsCarry: true));
        Assert.Equal(1UL, machine.Cpu->Gpr[1] & 0xFF);
    }

    // add sets the carry, a load needs the host's flags, and the target is in another part of the page.
    private static Assembler Jump(bool readsCarry)
    {
        var a = new Assembler(64);
        Label target = a.CreateLabel();
        a.mov(rbx, Data);
        a.mov(eax, -1);
        a.xor(ecx, ecx);
        a.add(eax, 2);
        a.mov(edx, __dword_ptr[rbx]);
        a.jmp(target);
        for (int i = 0; i < 128; i++)
            a.nop();
        a.Label(ref target);
        if (readsCarry)
            a.setb(cl);
        else
            a.cmp(esi, esi);
        a.hlt();
        return a;
    }

    private static TranslatedMachine Make(ulong rights)
    {
        TranslatedMachine machine = new();
        machine.MapLinear(Code, 4096);
        machine.EnterLongMode();
        machine.MapPage(Data, First, rights);
        machine.MapPage(Data + 4096, Second, rights);
        return machine;
    }

    private static void Run(TranslatedMachine machine, Assembler code, ulong cr0 = 0)
    {
        machine.EnterLongMode();
        machine.Cpu->Cr0 |= cr0;
        machine.Vcpu.StateChanged();
        var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), Code);
        byte* at = machine.Linear(Code);
        stream.ToArray().CopyTo(new Span<byte>(at, 4096));
        machine.Memory.Written((ulong)(at - machine.At(0)), (int)stream.Length);
        machine.Cpu->Rip = Code;
        machine.Cpu->Halted = 0;
        machine.Run();
    }
}
