using Suite.Devices.Core;
using Suite.Devices.Intc;

namespace Suite.Tests.Devices;

public sealed class LocalApicTests
{
    private const uint Tpr = 0x80, Eoi = 0xB0, Ldr = 0xD0, Dfr = 0xE0, Svr = 0xF0, Isr = 0x100, Tmr = 0x180, Irr = 0x200, Esr = 0x280, Icr = 0x300, IcrHigh = 0x310,
        Timer = 0x320, Lint0 = 0x350, Lint1 = 0x360, ErrorEntry = 0x370, Initial = 0x380, Current = 0x390, Divide = 0x3E0;

    private readonly DeviceBench _bench = new();
    private readonly PicPair _pics;
    private readonly ApicBus _bus;
    private readonly IoApic _ioApic;
    private readonly Cpu[] _cpus;
    private readonly LocalApic[] _apics;

    public LocalApicTests()
    {
        _bus = new ApicBus(() => _pics!.Acknowledge());
        _pics = new PicPair(new IrqLine(_bus.SetPic));
        _ioApic = new IoApic(_bus);
        _bus.Connect(_ioApic);
        _cpus = [.. Enumerable.Range(0, 4).Select(_ => new Cpu())];
        _apics = [.. _cpus.Select((cpu, i) => new LocalApic(_bus, (byte)i, i == 0, _bench.Clock, cpu))];
        foreach (LocalApic apic in _apics)
        {
            apic.Reset();
            apic.Write(Svr, 4, 0x1FF);
        }
    }

    [Fact]
    public void After_reset_it_is_as_the_manual_says()
    {
        _apics[2].Reset();
        Assert.Equal(0x02000000UL, _apics[2].Read(0x20, 4));
        Assert.Equal(0x00050014UL, _apics[2].Read(0x30, 4));
        Assert.Equal(0xFFUL, _apics[2].Read(Svr, 4));
        Assert.Equal(0xFFFFFFFFUL, _apics[2].Read(Dfr, 4));
        Assert.Equal(0x10000UL, _apics[2].Read(Timer, 4));
        Assert.True(_apics[0].TryReadMsr(LocalApic.BaseMsr, out ulong first) & _apics[1].TryReadMsr(LocalApic.BaseMsr, out ulong second));
        Assert.Equal((0xFEE00900UL, 0xFEE00800UL), (first, second));
    }

    [Fact]
    public void Interrupts_nest_by_priority_and_end_in_order()
    {
        Send(0, 0x41);
        Assert.True(_cpus[0].Level);
        Assert.Equal(0x41, _apics[0].Acknowledge());
        Assert.False(_cpus[0].Level);
        Send(0, 0x45); // same class: waits
        Assert.False(_cpus[0].Level);
        Send(0, 0x91);
        Assert.Equal(0x91, _apics[0].Acknowledge());
        Assert.Equal(0x90UL, _apics[0].Read(0xA0, 4) & 0xF0);
        Assert.Equal(1UL << 17, _apics[0].Read(Isr + 0x40, 4));
        _apics[0].Write(Eoi, 4, 0);
        Assert.False(_cpus[0].Level);
        _apics[0].Write(Eoi, 4, 0);
        Assert.Equal(0x45, _apics[0].Acknowledge());
        Assert.Equal(-1, _apics[0].Acknowledge());
    }

    [Fact]
    public void Task_priority_holds_back_its_class_and_lower()
    {
        _apics[0].TaskPriority = 4;
        Assert.Equal(0x40UL, _apics[0].Read(Tpr, 4));
        Send(0, 0x4F);
        Assert.False(_cpus[0].Level);
        Assert.Equal(1UL << 15, _apics[0].Read(Irr + 0x20, 4));
        _apics[0].Write(Tpr, 4, 0x3F);
        Assert.True(_cpus[0].Level);
    }

    [Fact]
    public void A_level_interrupt_of_the_IO_APIC_is_ended_there_too()
    {
        Bus memory = new("memory", 1UL << 32);
        memory.Attach(_ioApic, "ioapic", IoApic.UsualBase, IoApic.Length, widest: 4);
        _ioApic.Reset();
        Set(0x10 + 2 * 9, 0x8000 | 0x59);
        Set(0x11 + 2 * 9, 0x02000000);
        _ioApic.SetInput(9, true);
        Assert.Equal(0x59, _apics[2].Acknowledge());
        Assert.Equal(1UL << 25, _apics[2].Read(Tmr + 0x20, 4));
        _apics[2].Write(Eoi, 4, 0);
        Assert.True(_cpus[2].Level); // the input still stands
        _apics[2].Acknowledge();
        _ioApic.SetInput(9, false);
        _apics[2].Write(Eoi, 4, 0);
        Assert.False(_cpus[2].Level);

        void Set(int index, uint value)
        {
            memory.Write(IoApic.UsualBase, 4, (ulong)index);
            memory.Write(IoApic.UsualBase + 0x10, 4, value);
        }
    }

    [Fact]
    public void The_PIC_is_heard_through_LINT0()
    {
        _pics.Master.Write(0, 1, 0x11);
        _pics.Master.Write(1, 1, 0x08);
        _pics.Master.Write(1, 1, 4);
        _pics.Master.Write(1, 1, 1);
        _apics[0].Reset(); // the first processor's entry leads the PIC through
        _pics.SetInput(1, true);
        Assert.True(_cpus[0].Level);
        Assert.False(_cpus[1].Level);
        Assert.Equal(9, _apics[0].Acknowledge());
        _pics.SetInput(1, false);
        _pics.Master.Write(0, 1, 0x20);
        _apics[0].Write(Svr, 4, 0x1FF);
        _apics[0].Write(Lint0, 4, 0x10700);
        _pics.SetInput(1, true);
        Assert.False(_cpus[0].Level);
        _apics[0].Write(Lint0, 4, 0x700);
        Assert.True(_cpus[0].Level);
        Send(0, 0x31);
        Assert.Equal(0x31, _apics[0].Acknowledge()); // the APIC's own come first
        Assert.True(_cpus[0].Level);
        _apics[0].Write(Lint0, 4, 0x10700);
        Assert.False(_cpus[0].Level);
        Assert.True(_apics[0].TryWriteMsr(LocalApic.BaseMsr, 0xFEE00000));
        Assert.True(_cpus[0].Level); // switched off, the PIC goes straight through
    }

    [Theory]
    [InlineData(0xFFFFFFFFu, 0x05u, "0,2")] // flat: a bit each
    [InlineData(0x0FFFFFFFu, 0x12u, "1")] // cluster 1, second member
    [InlineData(0x0FFFFFFFu, 0xF1u, "0,2")] // all clusters, first members
    [InlineData(0xFFFFFFFFu, 0xFFu, "0,1,2,3")]
    public void Logical_destinations(uint format, uint destination, string expected)
    {
        bool flat = format >> 28 == 0xF;
        uint[] ids = flat ? [1, 2, 4, 8] : [0x11, 0x12, 0x21, 0x22];
        for (int i = 0; i < _apics.Length; i++)
        {
            _apics[i].Write(Dfr, 4, format);
            _apics[i].Write(Ldr, 4, ids[i] << 24);
        }

        _apics[1].Write(IcrHigh, 4, destination << 24);
        _apics[1].Write(Icr, 4, 0x4800 | 0x66);
        Assert.Equal(expected, string.Join(',', Enumerable.Range(0, 4).Where(i => _cpus[i].Level)));
    }

    [Fact]
    public void Shorthands_and_the_lowest_priority()
    {
        _apics[1].Write(Icr, 4, 0xC4000 | 0x70);
        Assert.Equal([true, false, true, true], _cpus.Select(c => c.Level));
        _apics[1].Write(Icr, 4, 0x84000 | 0x71);
        Assert.True(_cpus[1].Level);
        foreach (LocalApic apic in _apics)
            while (apic.Acknowledge() >= 0)
                apic.Write(Eoi, 4, 0);
        foreach (int i in new[] { 0, 1, 3 })
            _apics[i].Write(Tpr, 4, 0x20);
        _bus.Deliver(new ApicMessage(0xFF, true, 1, 0x80, false));
        Assert.Equal([false, false, true, false], _cpus.Select(c => c.Level));
        _apics[0].Write(Icr, 4, 0x44000 | 0x90);
        Assert.Equal(0x90, _apics[0].Acknowledge());
    }

    [Fact]
    public void Processors_are_started_by_INIT_and_SIPI()
    {
        Assert.True(_apics[1].WaitsForStartUp);
        _apics[0].Write(IcrHigh, 4, 0x01000000);
        _apics[0].Write(Icr, 4, 0xC500);
        _apics[0].Write(Icr, 4, 0x8500);
        _apics[0].Write(Icr, 4, 0x4608);
        _apics[0].Write(Icr, 4, 0x4608);
        Assert.Equal(["INIT", "start 8"], _cpus[1].Log); // the second start-up is ignored
        Assert.Equal(0xFFUL, _apics[1].Read(Svr, 4));
        _apics[0].Write(Icr, 4, 0x4400);
        Assert.Equal("NMI", _cpus[1].Log[^1]);
        _apics[1].Write(IcrHigh, 4, 0);
        _apics[1].Write(Icr, 4, 0x4610);
        Assert.Empty(_cpus[0].Log); // it does not wait
    }

    [Fact]
    public void LINT1_brings_an_NMI_where_it_is_set_up()
    {
        _apics[0].Write(Lint1, 4, 0x400);
        _bus.RaiseNmi();
        Assert.Equal(["NMI"], _cpus[0].Log);
        Assert.Empty(_cpus[1].Log);
    }

    [Fact]
    public void The_timer_counts_down_once()
    {
        _apics[0].Write(Divide, 4, 3); // by 16
        _apics[0].Write(Timer, 4, 0x40);
        _apics[0].Write(Initial, 4, 1000);
        _bench.Advance(15_000);
        Assert.Equal(63UL, _apics[0].Read(Current, 4)); // 62.5, and it is not yet down
        Assert.False(_cpus[0].Level);
        _bench.Advance(1000);
        Assert.Equal(0UL, _apics[0].Read(Current, 4));
        Assert.Equal(0x40, _apics[0].Acknowledge());
        _apics[0].Write(Eoi, 4, 0);
        _bench.Advance(100_000);
        Assert.False(_cpus[0].Level);
    }

    [Fact]
    public void The_timer_repeats_and_never_faster_than_a_host_can_follow()
    {
        _apics[0].Write(Divide, 4, 0xB); // by 1
        _apics[0].Write(Timer, 4, 0x20040);
        _apics[0].Write(Initial, 4, 1_000_000);
        int count = 0;
        for (int i = 0; i < 100; i++)
        {
            _bench.Advance(500_000);
            if (_apics[0].Acknowledge() == 0x40)
                count++;
            _apics[0].Write(Eoi, 4, 0);
        }

        Assert.Equal(50, count);
        _apics[0].Write(Initial, 4, 1);
        _bench.Advance(1_000_000); // would be a million interrupts
        Assert.True(_cpus[0].Level);
        _apics[0].Write(Initial, 4, 0);
        Assert.Null(_bench.Clock.NextDeadline);
    }

    [Fact]
    public void The_timer_waits_for_the_time_stamp_counter()
    {
        _apics[0].Write(Timer, 4, 0x40040);
        _apics[0].Write(Initial, 4, 1000);
        Assert.Equal(0UL, _apics[0].Read(Initial, 4));
        Assert.True(_apics[0].TryWriteMsr(LocalApic.DeadlineMsr, 30_000)); // 3 GHz
        Assert.True(_apics[0].TryReadMsr(LocalApic.DeadlineMsr, out ulong armed));
        Assert.Equal(30_000UL, armed);
        _bench.Advance(9_999);
        Assert.False(_cpus[0].Level);
        _bench.Advance(1);
        Assert.Equal(0x40, _apics[0].Acknowledge());
        Assert.True(_apics[0].TryReadMsr(LocalApic.DeadlineMsr, out ulong now));
        Assert.Equal(0UL, now);
    }

    [Fact]
    public void Wrong_vectors_and_registers_are_errors()
    {
        _apics[0].Write(ErrorEntry, 4, 0xFE);
        _apics[0].Write(Icr, 4, 0x44005);
        Assert.Equal(0UL, _apics[0].Read(Esr, 4));
        _apics[0].Write(Esr, 4, 0);
        Assert.Equal(0x20UL, _apics[0].Read(Esr, 4));
        Assert.Equal(0xFE, _apics[0].Acknowledge());
        Send(0, 0x0F);
        _apics[0].Write(0x3F0, 4, 1);
        _apics[0].Write(Esr, 4, 0);
        Assert.Equal(0xC0UL, _apics[0].Read(Esr, 4));
    }

    [Fact]
    public void Software_disabled_it_masks_everything_but_keeps_what_waits()
    {
        Send(0, 0x50);
        _apics[0].Write(Timer, 4, 0x40);
        _apics[0].Write(Svr, 4, 0xFF);
        Assert.False(_cpus[0].Level);
        Assert.Equal(0x10040UL, _apics[0].Read(Timer, 4));
        _apics[0].Write(Timer, 4, 0x41);
        Assert.Equal(0x10041UL, _apics[0].Read(Timer, 4));
        Send(0, 0x60);
        _apics[0].Write(Svr, 4, 0x1FF);
        Assert.Equal(0x50, _apics[0].Acknowledge());
        Assert.Equal(-1, _apics[0].Acknowledge());
    }

    [Fact]
    public void X2APIC_mode_is_entered_by_its_rules_and_then_has_MSRs()
    {
        LocalApic apic = _apics[3];
        Assert.False(apic.TryReadMsr(0x802, out _));
        Assert.False(apic.TryWriteMsr(LocalApic.BaseMsr, 0xFEE00400));
        Assert.False(apic.TryWriteMsr(LocalApic.BaseMsr, 0xFEE00801));
        Assert.True(apic.TryWriteMsr(LocalApic.BaseMsr, 0xFEE00C00));
        Assert.False(apic.TryWriteMsr(LocalApic.BaseMsr, 0xFEE00800)); // not back in one step
        Assert.True(apic.TryReadMsr(0x802, out ulong id) & apic.TryReadMsr(0x80D, out ulong logical));
        Assert.Equal((3UL, 8UL), (id, logical));
        Assert.True(apic.TryWriteMsr(0x830, 0x0000_0002_0000_4077));
        Assert.Equal(0x77, _apics[2].Acknowledge());
        Assert.True(apic.TryWriteMsr(0x83F, 0x78));
        Assert.Equal(0x78, apic.Acknowledge());
        Assert.False(apic.TryWriteMsr(0x80B, 1));
        Assert.True(apic.TryWriteMsr(0x80B, 0));
        foreach (uint msr in new uint[] { 0x80E, 0x831, 0x810, 0x802, 0x8FF })
            Assert.False(apic.TryWriteMsr(msr, 0));
        Assert.False(apic.TryWriteMsr(0x808, 0x100));
        Assert.Equal(0xFFFFFFFFUL, apic.Read(0x20, 4) & 0xFFFFFFFF);
        Assert.True(apic.TryWriteMsr(LocalApic.BaseMsr, 0xFEE00000));
        Assert.True(apic.TryWriteMsr(LocalApic.BaseMsr, 0xFEE00800));
        Assert.Equal(0xFFUL, apic.Read(Svr, 4));
    }

    [Fact]
    public void Messages_of_devices_are_decoded()
    {
        _bus.SendMessage(0xFEE02000, 0x4041);
        Assert.Equal(0x41, _apics[2].Acknowledge());
        _bus.SendMessage(0xFEC02000, 0x4042);
        Assert.Equal(-1, _apics[2].Acknowledge());
        _bus.SendMessage(0xFEE77000, 0x4042); // nobody has this id
    }

    [Fact]
    public void Random_accesses_are_survived_and_a_snapshot_moves_to_another()
    {
        Random random = new(3);
        for (int i = 0; i < 50_000; i++)
        {
            LocalApic apic = _apics[random.Next(4)];
            switch (random.Next(5))
            {
                case 0:
                    apic.Read((ulong)random.Next(0x400), 4);
                    break;
                case 1:
                    apic.TryWriteMsr((uint)random.Next(0x800, 0x840), (ulong)random.NextInt64());
                    break;
                case 2:
                    apic.Acknowledge();
                    break;
                default:
                    apic.Write((ulong)random.Next(0x40) * 16, 4, (uint)random.NextInt64());
                    break;
            }
        }

        Send(1, 0x55);
        MemoryStream snapshot = new(), again = new();
        _apics[1].State.Save(snapshot);
        snapshot.Position = 0;
        Cpu cpu = new();
        LocalApic other = new(new ApicBus(), 1, false, _bench.Clock, cpu);
        other.Load(snapshot);
        other.State.Save(again);
        Assert.Equal(snapshot.ToArray(), again.ToArray());
        Assert.Equal(_cpus[1].Level, cpu.Level);
    }

    private void Send(byte destination, byte vector) => _bus.Deliver(new ApicMessage(destination, false, 0, vector, false));

    private sealed class Cpu : IApicCpu
    {
        public bool Level { get; private set; }

        public List<string> Log { get; } = [];

        public void SetInterrupt(bool level) => Level = level;

        public void Nmi() => Log.Add("NMI");

        public void Init() => Log.Add("INIT");

        public void StartUp(byte vector) => Log.Add($"start {vector}");

        public long TimeOfTsc(ulong tsc) => tsc > long.MaxValue ? long.MaxValue - 1 : (long)tsc / 3;
    }
}
