using Suite.Devices.Acpi;
using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Tests.Devices;

public sealed class ChipsetTests
{
    private readonly DeviceBench _bench = new();
    private readonly List<string> _events = [];
    private readonly I440Fx _host;
    private readonly Piix3 _isa;
    private readonly Piix4Pm _pm;

    public ChipsetTests()
    {
        PciBus bus = new(_bench.Io, new Bus("memory", 1UL << 36), new BenchMemory(4096), (line, high) => _isa!.SetLine(line, high), (_, _) => { });
        _host = new I440Fx(segment => _events.Add($"{segment.Start:x}+{segment.Length:x} {(segment.ReadsMemory ? "r" : "-")}{(segment.WritesMemory ? "w" : "-")}"));
        _isa = new Piix3((irq, high) => _events.Add($"IRQ{irq} {(high ? 1 : 0)}"), () => _events.Add("reset"));
        _pm = new Piix4Pm(_bench.Clock, _bench.Io, _bench.Wire("SCI"), request => _events.Add($"{request}"));
        PciConfigurationPorts ports = new(bus) { ResetControl = _isa.ResetControl };
        ports.Attach(_bench.Io);
        bus.Add(_host, 0);
        bus.Add(_isa, 1);
        bus.Add(_pm, 1, 3);
        ports.Reset();
        foreach (PciFunction function in bus.Functions)
            function.Reset();
    }

    // What the chips of QEMU 7.2's -M pc show after power-on, but for serial ports (67h) and SMM (5Bh).
    [Fact]
    public void Configuration_after_reset_is_what_guests_of_this_PC_know()
    {
        Assert.Equal("8680371200000000020000060000000000000000000000000000000000000000000000000000000000000000f41a0011", Hex(_host, 0, 0x30));
        Assert.Equal("000002", Hex(_host, 0x70, 3));
        Assert.Equal("86800070000000020000010600008000", Hex(_isa, 0, 16));
        Assert.Equal("4d000300", Hex(_isa, 0x4C, 4));
        Assert.Equal("80808080000000000002", Hex(_isa, 0x60, 10));
        Assert.Equal("800000000000" + "0c0c0200", Hex(_isa, 0x70, 10));
        Assert.Equal("8680137100008002030080060000", Hex(_pm, 0, 14));
        Assert.Equal("0001", Hex(_pm, 0x3C, 2));
        Assert.Equal("01b10000", Hex(_pm, 0x90, 4));
    }

    [Fact]
    public void The_attribute_map_tells_what_changed()
    {
        _host.WriteConfiguration(0x59, 1, 0x30);
        Assert.Equal(["f0000+10000 rw"], _events);
        _host.WriteConfiguration(0x58, 4, 0x3100_3000 | 0x33_0000);
        Assert.Equal(["f0000+10000 rw", "c0000+4000 rw", "c4000+4000 rw", "c8000+4000 r-", "cc000+4000 rw"], _events);
        _events.Clear();
        _host.WriteConfiguration(0x5F, 1, 0x20);
        Assert.Equal(["ec000+4000 -w"], _events);
        _events.Clear();
        _host.Reset();
        Assert.Equal(6, _events.Count);
        Assert.Contains("f0000+10000 --", _events);
    }

    [Fact]
    public void SMRAM_stays_closed_once_locked()
    {
        _host.WriteConfiguration(0x72, 1, 0x4A);
        Assert.Equal(0x4Au, _host.ReadConfiguration(0x72, 1));
        _host.WriteConfiguration(0x72, 1, 0x1A);
        _host.WriteConfiguration(0x72, 1, 0x4A);
        Assert.Equal(0x1Au, _host.ReadConfiguration(0x72, 1));
    }

    [Fact]
    public void PCI_lines_lead_where_the_router_says()
    {
        _isa.SetLine(2, true);
        Assert.Empty(_events);
        _isa.WriteConfiguration(0x62, 1, 11);
        _isa.WriteConfiguration(0x60, 1, 11);
        _isa.SetLine(0, true);
        _isa.SetLine(2, false);
        Assert.Equal(["IRQ11 1"], _events);
        _isa.WriteConfiguration(0x60, 1, 10);
        Assert.Equal(["IRQ11 1", "IRQ10 1", "IRQ11 0"], _events);
        _isa.WriteConfiguration(0x60, 1, 13); // reserved
        Assert.Equal("IRQ10 0", _events[^1]);
    }

    [Fact]
    public void Port_CF9_resets_and_the_address_port_around_it_still_works()
    {
        _bench.Io.Write(0xCF8, 4, 0x80000000);
        _bench.Out(0xCF9, 2);
        Assert.Empty(_events);
        Assert.Equal(2, _bench.In(0xCF9));
        _bench.Out(0xCF9, 6);
        Assert.Equal(["reset"], _events);
        Assert.Equal(0x12378086UL, _bench.Io.Read(0xCFC, 4));
    }

    [Fact]
    public void The_timer_runs_at_its_frequency_and_interrupts_when_its_top_bit_changes()
    {
        MapPm();
        Assert.Equal(0UL, _bench.Io.Read(0x608, 4));
        _bench.Advance(VirtualClock.Second);
        Assert.Equal(3_579_545UL, _bench.Io.Read(0x608, 4));
        _bench.Io.Write(0x602, 2, 1);
        _bench.Advance(2 * VirtualClock.Second);
        Assert.Equal(["SCI 1"], _bench.Events);
        Assert.Equal(1UL, _bench.Io.Read(0x600, 2));
        _bench.Io.Write(0x600, 2, 1);
        Assert.Equal(["SCI 1", "SCI 0"], _bench.Events);
        _bench.Advance(2 * VirtualClock.Second);
        Assert.Equal(5UL * 3_579_545 & 0xFFFFFF, _bench.Io.Read(0x608, 4));
        Assert.Equal("SCI 1", _bench.Events[^1]);
    }

    [Fact]
    public void The_power_button_is_heard_by_who_listens()
    {
        MapPm();
        _pm.PressPowerButton();
        Assert.Equal(0UL, _bench.Io.Read(0x600, 2));
        _bench.Io.Write(0x602, 2, 0x100);
        _pm.PressPowerButton();
        Assert.Equal(["SCI 1"], _bench.Events);
        _bench.Out(0x601, 1); // status bit 8, as a byte
        Assert.Equal(["SCI 1", "SCI 0"], _bench.Events);
    }

    [Fact]
    public void ACPI_mode_sleeping_and_off()
    {
        MapPm();
        _bench.Out(0xB2, Piix4Pm.AcpiEnable);
        Assert.Equal(1UL, _bench.Io.Read(0x604, 2));
        _bench.Io.Write(0x604, 2, 0x2401);
        _bench.Io.Write(0x604, 2, 0x0001); // no SLP_EN
        _bench.Io.Write(0x604, 2, 0x2001);
        Assert.Equal(["Sleep", "Off"], _events);
        _bench.Out(0xB2, Piix4Pm.AcpiDisable);
        Assert.Equal(0UL, _bench.Io.Read(0x604, 2) & 1);
        _bench.Out(0xB3, 0x77);
        Assert.Equal(0x77, _bench.In(0xB3));
    }

    [Fact]
    public void General_purpose_events_interrupt_while_enabled()
    {
        _pm.RaiseEvent(1);
        Assert.Equal(2, _bench.In(0xAFE0));
        _bench.Out(0xAFE2, 2);
        _bench.Out(0xAFE0, 2);
        Assert.Equal(["SCI 1", "SCI 0"], _bench.Events);
    }

    [Fact]
    public void Nobody_is_on_the_SMBus()
    {
        _bench.Out(0xB104, 0xA1);
        _bench.Out(0xB102, 0x48);
        Assert.Equal(4, _bench.In(0xB100));
        _bench.Out(0xB100, 0xFF);
        Assert.Equal(0, _bench.In(0xB100));
    }

    [Fact]
    public void Cards_come_and_go_by_general_purpose_event_1()
    {
        PciHotplug hotplug = new(_pm.RaiseEvent, () => 0xF8, slot => _events.Add($"eject {slot}"));
        hotplug.Attach(_bench.Io);
        hotplug.Reset();
        _bench.Out(0xAFE2, 2);
        hotplug.Plugged(4);
        Assert.Equal(["SCI 1"], _bench.Events);
        Assert.Equal(0x10UL, _bench.Io.Read(0xAE00, 4));
        Assert.Equal(0UL, _bench.Io.Read(0xAE00, 4));
        hotplug.AskFor(4);
        Assert.Equal(0x10UL, _bench.Io.Read(0xAE04, 4));
        _bench.Io.Write(0xAE08, 4, 0x11); // slot 0 stays where it is
        Assert.Equal(["eject 4"], _events);
        Assert.Equal(0UL, _bench.Io.Read(0xAE04, 4));
        Assert.Equal(0xF8UL, _bench.Io.Read(0xAE0C, 4));
    }

    private static string Hex(PciFunction function, int offset, int length) => Convert.ToHexStringLower(function.Configuration.Slice(offset, length));

    private void MapPm()
    {
        _pm.WriteConfiguration(0x40, 4, 0x600);
        _pm.WriteConfiguration(0x80, 1, 1);
    }
}
