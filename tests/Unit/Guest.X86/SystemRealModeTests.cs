using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using static Iced.Intel.AssemblerRegisters;

namespace Suite.Tests.Guest.X86;

/// <summary>Real mode: what firmware and boot sectors live in.</summary>
public sealed unsafe class SystemRealModeTests : IDisposable
{
    private readonly SystemBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Reset_starts_below_the_top_of_4_GiB()
    {
        X86Cpu* cpu = _bench.Cpu;
        Assert.Equal((0xFFF0UL, 0xFFFF_0000UL, (ushort)0xF000), (cpu->Rip, cpu->Seg(SegmentName.Cs).Base, cpu->Seg(SegmentName.Cs).Selector));
        Assert.Equal((0x6000_0010UL, 2UL, 0x400UL), (cpu->Cr0, cpu->Rflags, cpu->Dr[7]));
        Assert.Equal(0x0008_06F8UL, cpu->Gpr[2]);
        Assert.Equal(CpuMode.Bits16, ModeKey.Of(cpu).CodeSize);
    }

    [Fact]
    public void An_interrupt_goes_through_the_vector_table_and_back()
    {
        Start(0x1000);
        _bench.Write16(0x80 * 4, 0x0200);
        _bench.Write16(0x80 * 4 + 2, 0x0300);
        _bench.Load(0x1000, 16, a =>
        {
            a.mov(sp, 0x2000);
            a.sti();
            a.@int(0x80);
            a.mov(bx, 2);
            a.hlt();
        });
        _bench.Load(0x3200, 16, a =>
        {
            a.pushf();
            a.pop(cx);
            a.mov(ax, 1);
            a.iret();
        });
        _bench.Run();
        Assert.Equal((1UL, 2UL), (_bench.Cpu->Gpr[0], _bench.Cpu->Gpr[3]));
        Assert.Equal(0UL, _bench.Cpu->Gpr[1] & X86Cpu.FlagIf);
        Assert.NotEqual(0UL, _bench.Cpu->Rflags & X86Cpu.FlagIf);
        Assert.Equal(0x2000UL, _bench.Cpu->Gpr[4]);
        Assert.Equal((ushort)0x1006, _bench.Read16(0x1FFA));
    }

    [Fact]
    public void A_limit_beyond_64_KiB_stays_after_a_visit_to_protected_mode()
    {
        Start(0x1000);
        _bench.Write64(0x508, 0x008F_9200_0000_FFFF); // flat data
        _bench.Write16(0x600, 0x0F);
        _bench.Write32(0x602, 0x500);
        _bench.Load(0x1000, 16, a =>
        {
            a.lgdt(__[0x600]);
            a.mov(eax, cr0);
            a.or(al, 1);
            a.mov(cr0, eax);
            a.mov(bx, 8);
            a.mov(ds, bx);
            a.and(al, 0xFE);
            a.mov(cr0, eax);
            a.mov(bx, 0);
            a.mov(ds, bx);
            a.mov(ebx, 0x40_0000);
            a.mov(__dword_ptr[ebx], 0x1234_5678);
            a.hlt();
        });
        _bench.Run();
        Assert.Equal(0x1234_5678u, _bench.Read32(0x40_0000));
    }

    [Fact]
    public void An_access_beyond_the_limit_raises_13_without_error_code()
    {
        Start(0x1000);
        _bench.Write16(13 * 4, 0x3000);
        _bench.Load(0x1000, 16, a =>
        {
            a.mov(sp, 0x2000);
            a.mov(ax, __word_ptr[0xFFFF]);
        });
        _bench.Load(0x3000, 16, a => a.hlt());
        _bench.Run();
        Assert.Equal(1, _bench.Cpu->Halted);
        Assert.Equal(0x1FFAUL, _bench.Cpu->Gpr[4]);
        Assert.Equal((ushort)0x1003, _bench.Read16(0x1FFA));
    }

    [Fact]
    public void Rep_movs_and_stos_do_what_single_steps_would()
    {
        Start(0x1000);
        for (int i = 0; i < 256; i++)
            _bench.Write16(0x4000 + (ulong)i * 2, (ulong)i);
        _bench.Load(0x1000, 16, a =>
        {
            a.mov(si, 0x4000);
            a.mov(di, 0x8000);
            a.mov(cx, 256);
            a.rep.movsw();
            a.mov(si, 0x4000);
            a.mov(di, 0x4001); // overlapping: the first byte spreads
            a.mov(cx, 16);
            a.rep.movsb();
            a.mov(di, 0x9000);
            a.mov(cx, 0x7001); // ends at the end of the segment and begins again
            a.mov(al, 0xAA);
            a.rep.stosb();
            a.hlt();
        });
        _bench.Run();
        Assert.Equal((ushort)255, _bench.Read16(0x81FE));
        Assert.All(Enumerable.Range(0, 17), i => Assert.Equal(0, _bench.Ram.Host[0x4000 + i]));
        Assert.Equal(0xAA, _bench.Ram.Host[0xFFFF]);
        Assert.Equal(0xAA, _bench.Ram.Host[0x0000]);
        Assert.Equal(0, _bench.Ram.Host[0x10000]);
        Assert.Equal((1UL, 0UL), (_bench.Cpu->Gpr[7], _bench.Cpu->Gpr[1]));
    }

    [Fact]
    public void A_string_comparison_stops_at_the_difference()
    {
        Start(0x1000);
        _bench.Write(0x4000, "same text A"u8);
        _bench.Write(0x5000, "same text B"u8);
        _bench.Load(0x1000, 16, a =>
        {
            a.mov(si, 0x4000);
            a.mov(di, 0x5000);
            a.mov(cx, 100);
            a.repe.cmpsb();
            a.hlt();
        });
        _bench.Run();
        Assert.Equal((89UL, 0x400BUL, 0x500BUL), (_bench.Cpu->Gpr[1], _bench.Cpu->Gpr[6], _bench.Cpu->Gpr[7]));
        Assert.Equal(X86Cpu.FlagCf, _bench.Cpu->Rflags & (X86Cpu.FlagCf | X86Cpu.FlagZf));
    }

    [Fact]
    public void Single_step_traps_behind_each_instruction_but_not_behind_a_load_of_ss()
    {
        Start(0x1000);
        _bench.Write16(1 * 4, 0x3000);
        _bench.Load(0x1000, 16, a =>
        {
            a.mov(sp, 0x2000);
            a.mov(di, 0x5000);
            a.push(0x0102);
            a.popf(); // sets TF: traps from the next instruction's end on
            a.nop();
            a.mov(ss, ax);
            a.nop();
            a.push(2);
            a.popf();
            a.hlt();
        });
        _bench.Load(0x3000, 16, a =>
        {
            a.push(bp);
            a.mov(bp, sp);
            a.mov(cx, __word_ptr[bp + 2]);
            a.mov(__word_ptr[di], cx);
            a.add(di, 2);
            a.pop(bp);
            a.iret();
        });
        _bench.Run();
        ulong start = 0x100A;
        // behind nop; behind the nop that follows mov ss; push; popf, which clears TF but is stepped itself
        Assert.Equal([start + 1, start + 4, start + 6, start + 7], Enumerable.Range(0, 4).Select(i => (ulong)_bench.Read16(0x5000 + (ulong)i * 2)));
        Assert.Equal(0x5008UL, _bench.Cpu->Gpr[7]);
        Assert.Equal(0x4000UL, _bench.Cpu->Dr[6] & 0x4000);
    }

    [Fact]
    public void An_interrupt_waits_for_the_instruction_behind_sti()
    {
        Start(0x1000);
        _bench.Write16(0x40 * 4, 0x3000);
        _bench.Load(0x1000, 16, a =>
        {
            a.mov(sp, 0x2000);
            a.sti();
            a.inc(bx);
            a.inc(bx);
            a.hlt();
        });
        _bench.Load(0x3000, 16, a => a.hlt());
        _bench.Interrupts.Enqueue(0x40);
        _bench.Run();
        Assert.Equal(1UL, _bench.Cpu->Gpr[3]);
    }

    [Fact]
    public void An_interrupt_without_room_in_the_table_shuts_down()
    {
        Start(0x1000);
        _bench.Cpu->Idtr.Limit = 3;
        _bench.Load(0x1000, 16, a => a.@int(0x80));
        _bench.Run();
        Assert.True(_bench.Core.IsShutDown);
    }

    private void Start(ushort ip)
    {
        _bench.Cpu->Seg(SegmentName.Cs).Base = 0;
        _bench.Cpu->Seg(SegmentName.Cs).Selector = 0;
        _bench.Cpu->Rip = ip;
    }
}
