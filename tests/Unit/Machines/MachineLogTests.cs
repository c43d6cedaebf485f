using Iced.Intel;
using Suite.Machines.Options;
using Suite.Tests.Guest.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Machines;

/// <summary>-d, -D and -dfilter of whole machines.</summary>
[Collection(ReencodeCollection.Name)]
public sealed class MachineLogTests
{
    [Fact]
    public void Code_and_blocks_are_listed()
    {
        string log = Log("in_asm,exec,cpu");
        Assert.Contains("IN: \n0x000f0000:  ", log, StringComparison.Ordinal);
        Assert.Contains("int 80h", log, StringComparison.Ordinal);
        Assert.Contains("/00000000000f0000/", log, StringComparison.Ordinal);
        Assert.Contains("EIP=00000000 EFL=", log, StringComparison.Ordinal);
        Assert.DoesNotContain("OUT:", log, StringComparison.Ordinal);
        Assert.DoesNotContain("FCW=", log, StringComparison.Ordinal);
        // A loop is one block, entered again and again.
        Assert.Equal(5, log.Split("/00000000000f0010/").Length - 1);
    }

    [Fact]
    public void A_filter_leaves_the_rest_out()
    {
        string log = Log("in_asm,exec -dfilter 0xf0010+0x10");
        Assert.Contains("0x000f0010:  ", log, StringComparison.Ordinal);
        Assert.DoesNotContain("/00000000000f0000/", log, StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupts_show_vector_error_code_and_state()
    {
        string log = Log("int,cpu_reset");
        Assert.Contains("     0: v=80 e=0000 i=1 cpl=0 IP=f000:", log, StringComparison.Ordinal);
        Assert.Contains("CPU Reset (CPU 0)", log, StringComparison.Ordinal);
        Assert.Contains("CR0=60000010", log, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_there_is_told()
    {
        string log = Log("guest_errors,unimp,mmu");
        Assert.Contains("port read at 0x5678, size 1", log, StringComparison.Ordinal);
        Assert.Contains("CR0 update: CR0=0x60000010", log, StringComparison.Ordinal);
        Assert.Contains("rdmsr 0x12345678 at ", log, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_items_there_is_no_log()
    {
        using TinyPc pc = new("-D /nonexistent/log -nodefaults");
        Assert.Empty(pc.Notes);
    }

    [Fact]
    public void An_unknown_item_names_the_nearest_right_one()
    {
        OptionException e = Assert.Throws<OptionException>(() => new TinyPc("-d int,guest_error"));
        Assert.Equal("-d: log item 'guest_error' is not known", e.Message);
        Assert.Contains("guest_errors", e.Fix, StringComparison.Ordinal);
        Assert.Throws<OptionException>(() => new TinyPc("-dfilter 5"));
        Assert.Throws<OptionException>(() => new TinyPc("-d trace:ide_*"));
    }

    private const int Handler = 0x800, Refused = 0x900;

    private static string Log(string items)
    {
        var a = new Assembler(16);
        Label loop = a.CreateLabel();
        a.mov(ax, 0x7000);
        a.mov(ss, ax);
        a.mov(sp, 0x100);
        a.mov(cx, 5);
        a.jmp(loop);
        a.db(new byte[0x10 - 13]);
        a.Label(ref loop);
        a.dec(cx);
        a.jnz(loop);
        a.xor(ax, ax);
        a.mov(ds, ax);
        a.mov(__word_ptr[0x80 * 4], Handler);
        a.mov(__word_ptr[0x80 * 4 + 2], 0xF000);
        a.mov(__word_ptr[13 * 4], Refused);
        a.mov(__word_ptr[13 * 4 + 2], 0xF000);
        a.@int(0x80);
        var b = new Assembler(16);
        b.mov(eax, cr0);
        b.mov(cr0, eax);
        b.mov(dx, 0x5678);
        b.@in(al, dx);
        b.mov(ecx, 0x12345678);
        b.rdmsr();
        var c = new Assembler(16);
        c.mov(al, 0);
        c.@out(0xF4, al);
        c.hlt();
        byte[] rom = new byte[Refused + 0x100];
        foreach ((Assembler part, int at) in (ReadOnlySpan<(Assembler, int)>)[(a, 0), (b, Handler), (c, Refused)])
        {
            var stream = new MemoryStream();
            part.Assemble(new StreamCodeWriter(stream), 0);
            stream.ToArray().CopyTo(rom, at);
        }

        string file = Path.GetTempFileName();
        try
        {
            using (TinyPc pc = new($"-m 2M -vga none -nodefaults -accel translation -D {file} -d {items}", rom))
                Assert.Equal(0, pc.Run());
            return File.ReadAllText(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
