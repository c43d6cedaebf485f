using Iced.Intel;
using Suite.Machines;
using Suite.Machines.Options;
using Suite.Tests.Guest.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Machines;

/// <summary>-icount: what a guest sees of time is what it has executed.</summary>
[Collection(ReencodeCollection.Name)]
public sealed class InstructionTimeTests
{
    private const ulong Results = 0x500;
    private const int Handler = 0x800;

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void The_time_stamp_counter_counts_instructions(int shift)
    {
        var a = new Assembler(16);
        Label loop = a.CreateLabel(), odd = a.CreateLabel();
        a.rdtsc();
        a.mov(ebx, eax);
        a.mov(cx, 1000);
        a.Label(ref loop);
        a.test(cl, 1); // branches inside of what would be one block
        a.jnz(odd);
        a.inc(dx);
        a.Label(ref odd);
        a.push(cx); // a run of pushes
        a.push(cx);
        a.pop(si);
        a.pop(si);
        a.loop(loop);
        a.rdtsc();
        a.sub(eax, ebx);
        Store(a, 0);
        const int PerRound = 7, Others = 3; // and the increment in every other round
        Assert.Equal((uint)((1000 * PerRound + 500 + Others) << shift), Run(a, $"-icount shift={shift}")[0]);
    }

    [Fact]
    public void A_timer_interrupts_at_the_same_instruction_in_every_run()
    {
        uint[] first = Run(CountUntilTimer(), "-icount 2"), second = Run(CountUntilTimer(), "-icount 2");
        Assert.Equal(first, second);
        Assert.InRange(first[0], 4_570_000u, 4_580_000u); // 54.9 ms at 4 ns an instruction and three instructions a round
    }

    [Theory]
    [InlineData("off")]
    [InlineData("on")]
    public void A_processor_that_waits_is_woken_at_the_deadline(string sleep)
    {
        uint[] times = Run(HaltForTimer(), $"-icount shift=1,sleep={sleep}");
        Assert.Equal(times, Run(HaltForTimer(), $"-icount shift=1,sleep={sleep}"));
        Assert.InRange(times[0], 9_900_000u, 10_100_000u); // 11932 ticks of the PIT
    }

    [Fact]
    public void Automatic_shifts_keep_time_going()
    {
        uint[] times = Run(HaltForTimer(), "-icount shift=auto");
        Assert.InRange(times[0], 9_000_000u, 11_000_000u);
    }

    [Theory]
    [InlineData("-icount shift=11", "0 to 10")]
    [InlineData("-icount align=on", "shift=")]
    [InlineData("-icount auto,sleep=off", "shift=")]
    [InlineData("-icount 1,align=on,sleep=off", "one of them")]
    [InlineData("-icount 1,slep=off", "sleep")]
    [InlineData("-icount 1 -smp 2", "-smp 1")]
    [InlineData("-icount 1 -accel kvm", "-accel translation")]
    public void Mistakes_name_the_remedy(string options, string remedy) =>
        Assert.Contains(remedy, Assert.Throws<OptionException>(() => new TinyPc(options).Dispose()).Fix, StringComparison.Ordinal);

    // The number of rounds of a loop before interrupt 8 comes.
    private static Assembler CountUntilTimer()
    {
        var a = new Assembler(16);
        Label loop = a.CreateLabel();
        SetUpTimer(a, 0);
        a.xor(eax, eax);
        a.sti();
        a.Label(ref loop);
        a.inc(eax);
        a.cmp(__byte_ptr[0x600], 0);
        a.je(loop);
        Store(a, 0);
        return a;
    }

    private static Assembler HaltForTimer()
    {
        var a = new Assembler(16);
        SetUpTimer(a, 11932);
        a.rdtsc();
        a.mov(ebx, eax);
        a.sti();
        a.hlt();
        a.rdtsc();
        a.sub(eax, ebx);
        Store(a, 0);
        return a;
    }

    private static void SetUpTimer(Assembler a, int ticks)
    {
        a.xor(ax, ax);
        a.mov(ds, ax);
        a.mov(ss, ax);
        a.mov(sp, 0x7000);
        a.mov(__byte_ptr[0x600], 0);
        a.mov(__word_ptr[8 * 4], Handler);
        a.mov(__word_ptr[8 * 4 + 2], 0xF000);
        foreach ((byte port, byte value) in (ReadOnlySpan<(byte, byte)>)[(0x20, 0x11), (0x21, 8), (0x21, 4), (0x21, 1), (0x21, 0xFE), (0x43, 0x34), (0x40, (byte)ticks), (0x40, (byte)(ticks >> 8))])
        {
            a.mov(al, value);
            a.@out(port, al);
        }
    }

    private static byte[] HandlerCode()
    {
        var a = new Assembler(16);
        a.push(ax);
        a.mov(__byte_ptr[0x600], 1);
        a.mov(al, 0x20);
        a.@out(0x20, al);
        a.pop(ax);
        a.iret();
        return Bytes(a);
    }

    private static void Store(Assembler a, int number)
    {
        a.xor(si, si);
        a.mov(ds, si);
        a.mov(__dword_ptr[Results + (ulong)number * 4], eax);
        a.mov(al, 0);
        a.@out(0xF4, al);
        a.hlt();
    }

    private static uint[] Run(Assembler code, string options)
    {
        byte[] rom = new byte[Handler + 0x100], handler = HandlerCode(), main = Bytes(code);
        main.CopyTo(rom, 0);
        handler.CopyTo(rom, Handler);
        using TinyPc pc = new($"-m 2M -vga none -nodefaults -accel translation {options}", rom);
        Assert.Equal(0, pc.Run());
        return [(uint)pc.Machine.Spaces.Memory.Read(Results, 4)];
    }

    private static byte[] Bytes(Assembler code)
    {
        var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }
}
