using Iced.Intel;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86.Machine;

/// <summary>Accesses of device memory by translated code: the device sees each with the operand's size, as registers of an I/O APIC need it.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class TranslationDeviceTests
{
    private const ulong Code = 0x40_0000, Device = 0x50_0000, Physical = 0xFEC0_0000;

    [Fact]
    public void A_device_sees_operands_whole()
    {
        var a = new Assembler(64);
        a.mov(rbx, Device);
        a.mov(__dword_ptr[rbx], 0x10);
        a.mov(eax, __dword_ptr[rbx + 0x10]);
        a.mov(__byte_ptr[rbx + 3], al);
        a.mov(__word_ptr[rbx + 6], ax);
        a.mov(rdx, __qword_ptr[rbx + 8]);
        a.mov(__qword_ptr[rbx + 8], rdx);
        a.or(__dword_ptr[rbx + 0x20], 0x100);
        a.movzx(ecx, __byte_ptr[rbx + 1]);
        a.movups(xmm0, __xmmword_ptr[rbx + 0x40]);
        a.hlt();
        (ulong, int, ulong?)[] expected =
        [
            (Physical, 4, 0x10), (Physical + 0x10, 4, null), (Physical + 3, 1, 0x88), (Physical + 6, 2, 0x7788), (Physical + 8, 8, null), (Physical + 8, 8, 0x1122334455667788),
            (Physical + 0x20, 4, null), (Physical + 0x20, 4, 0x55667788 | 0x100), (Physical + 1, 1, null), (Physical + 0x40, 8, null), (Physical + 0x48, 8, null),
        ];
        using TranslatedMachine machine = Run(a);
        Assert.Equal(expected, machine.Mmio);
        Assert.Equal(0x55667788UL, machine.Cpu->Gpr[0]);
        Assert.Equal(0x88UL, machine.Cpu->Gpr[1]);
    }

    // The page table that holds the device's entry is mapped where asked.
    private static TranslatedMachine Run(Assembler code, ulong tables = 0)
    {
        TranslatedMachine machine = new();
        machine.MapLinear(Code, 4096);
        machine.EnterLongMode();
        machine.MapPage(Device, Physical, 3);
        if (tables != 0)
            machine.MapPage(tables, machine.TableOf(Device), 3);
        var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), Code);
        stream.ToArray().CopyTo(new Span<byte>(machine.Linear(Code), 4096));
        machine.Cpu->Rip = Code;
        Assert.Equal(TranslatedExit.Halted, machine.Run());
        Assert.Equal(-1, machine.EndVector(out _));
        return machine;
    }

    // Where a device's page lies is kept for loads, as entries of the TLB are.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_device_page_that_moved_is_found_where_it_is_now(bool onePage)
    {
        const ulong tables = 0x70_0000, elsewhere = Physical + 0x1000;
        var a = new Assembler(64);
        a.mov(rbx, Device);
        a.mov(rsi, tables);
        a.mov(eax, __dword_ptr[rbx + 0x10]);
        a.mov(eax, __dword_ptr[rbx + 0x10]);
        a.add(__qword_ptr[rsi + (long)(Device >> 12 & 511) * 8], 0x1000);
        if (onePage)
        {
            a.invlpg(__[rbx]);
        }
        else
        {
            a.mov(rax, cr3);
            a.mov(cr3, rax);
        }

        a.mov(eax, __dword_ptr[rbx + 0x10]);
        a.hlt();
        using TranslatedMachine machine = Run(a, tables);
        Assert.Equal([Physical + 0x10, Physical + 0x10, elsewhere + 0x10], machine.Mmio.Select(m => m.Address));
    }

    // The decoded instruction of an access is kept: what the guest wrote over it since must count.
    [Fact]
    public void A_changed_instruction_reaches_the_device_it_names_now()
    {
        var a = new Assembler(64);
        Label again = a.CreateLabel();
        a.mov(rbx, Device);
        a.lea(rsi, __[again]);
        a.mov(ecx, 3);
        a.Label(ref again);
        a.mov(eax, __dword_ptr[rbx + 0x10]);
        a.add(__byte_ptr[rsi + 2], 4); // its displacement
        a.dec(ecx);
        a.jne(again);
        a.hlt();
        using TranslatedMachine machine = Run(a);
        Assert.Equal([Physical + 0x10, Physical + 0x14, Physical + 0x18], machine.Mmio.Select(m => m.Address));
    }

    [Fact]
    public void A_loop_over_a_register_reads_it_every_time()
    {
        var a = new Assembler(64);
        Label again = a.CreateLabel();
        a.mov(rbx, Device);
        a.mov(ecx, 100);
        a.Label(ref again);
        a.movzx(edx, __word_ptr[rbx + 2]);
        a.mov(__byte_ptr[rbx + rcx], ah);
        a.dec(ecx);
        a.jne(again);
        a.hlt();
        using TranslatedMachine machine = Run(a);
        Assert.Equal(200, machine.Mmio.Count);
        Assert.All(machine.Mmio.Where(m => m.Value is null), m => Assert.Equal((Physical + 2, 2), (m.Address, m.Size)));
        Assert.Equal(Enumerable.Range(1, 100).Select(i => Physical + (ulong)i).Reverse(), machine.Mmio.Where(m => m.Value is not null).Select(m => m.Address));
        Assert.Equal(0x7788UL, machine.Cpu->Gpr[2]);
    }

    // A load takes the register's value without leaving generated code: the registers, flags and vectors around it must not notice, whatever its operands are.
    [Fact]
    public void Loads_of_registers_keep_what_is_around_them()
    {
        var a = new Assembler(64);
        a.mov(rbx, Device);
        a.mov(r13, Device);
        a.mov(esi, 3);
        a.mov(rax, 0x0102030405060708);
        a.movq(xmm1, rax);
        a.xor(edi, edi);
        a.stc();
        a.mov(r14d, __dword_ptr[r13 + rsi * 4]);
        a.adc(edi, 0); // the carry from before the load
        a.cmp(__byte_ptr[rbx + 1], 0x88);
        a.sete(dl);
        a.add(rdi, __qword_ptr[rbx + 8]);
        a.movq(rcx, xmm1);
        a.hlt();
        using TranslatedMachine machine = Run(a);
        Assert.Equal([(Physical + 12, 4), (Physical + 1, 1), (Physical + 8, 8)], machine.Mmio.Select(m => (m.Address, m.Size)));
        Assert.Equal(0x55667788UL, machine.Cpu->Gpr[14]);
        Assert.Equal(1UL, machine.Cpu->Gpr[2] & 0xFF);
        Assert.Equal(0x1122334455667788UL + 1, machine.Cpu->Gpr[7]);
        Assert.Equal(0x0102030405060708UL, machine.Cpu->Gpr[1]);
    }
}
