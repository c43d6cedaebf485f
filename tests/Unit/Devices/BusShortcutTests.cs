using Suite.Devices.Core;
using Suite.Devices.Timer;
using Suite.Devices.Virtio;

namespace Suite.Tests.Devices;

/// <summary>What devices declare of their ranges for whoever runs the vCPUs.</summary>
public sealed class BusShortcutTests
{
    [Fact]
    public void What_is_declared_follows_its_range_and_goes_with_it()
    {
        Recorder taken = new();
        Bus memory = new("memory", 1UL << 32) { Shortcuts = taken };
        BusRange range = memory.Declare(new Nothing(), "bar", 0x1000, 4);
        range.SetDoorbells([new Doorbell(0x10, 2, 3, () => { })]);
        Assert.Empty(taken.Log);
        range.MapAt(0xE000_0000);
        range.MapAt(0xF000_0000);
        range.Defer(0x20, 8);
        range.SetDoorbells([]);
        range.Unmap();
        Assert.Equal(
        [
            "+ e0000010/2=3", "- e0000010/2=3", "+ f0000010/2=3", "- f0000010/2=3", "+ f0000010/2=3 f0000020..8", "- f0000010/2=3 f0000020..8", "+ f0000020..8", "- f0000020..8",
        ], taken.Log);
    }

    [Fact]
    public void Who_comes_late_is_told_of_what_is_there()
    {
        DeviceBench bench = new();
        new Rtc(bench.Clock, bench.Wire("IRQ8"), new DateTime(2008, 2, 28)).Attach(bench.Io);
        Recorder taken = new();
        bench.Io.Shortcuts = taken;
        Assert.Equal(["+ 70..1"], taken.Log);
    }

    [Theory]
    [InlineData("pci", "+ fe003000/0", "- fe003000/0")]
    [InlineData("legacy", "+ c010/2=0", "- c010/2=0")]
    public void A_virtio_function_has_doorbells_while_its_driver_runs(string transport, string there, string gone)
    {
        using VirtioDriver driver = VirtioDriver.Create(transport, new VirtioRng());
        VirtioPci function = (VirtioPci)driver.Transport;
        Recorder taken = new();
        (function.Bus!.Io.Shortcuts, function.Bus.Memory.Shortcuts) = (taken, taken);
        taken.Log.Clear();
        driver.Start(1);
        string[] log = [.. taken.Log.Where(l => l.Length > 2)];
        Assert.Equal([there], log);
        driver.Status = 0;
        Assert.Contains(gone, taken.Log);
        Assert.DoesNotContain(taken.Log.Skip(taken.Log.IndexOf(gone) + 1), l => l == there);
    }

    [Fact]
    public void So_has_one_of_memory_mapped_registers_and_a_snapshot_brings_them_back()
    {
        using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioRng());
        Recorder taken = new();
        Bus memory = new("memory", 1UL << 32) { Shortcuts = taken };
        ((VirtioMmio)driver.Transport).Attach(memory, 0xFEB0_0000);
        driver.Start(1);
        Assert.Equal("+ feb00050/4=0", taken.Log[^1]);
        MemoryStream saved = new();
        driver.Transport.State.Save(saved);
        driver.Transport.Reset();
        Assert.Equal(["- feb00050/4=0", "+ "], taken.Log[^2..]);
        saved.Position = 0;
        driver.Transport.Load(saved);
        Assert.Equal("+ feb00050/4=0", taken.Log[^1]);
    }

    [Fact]
    public void A_doorbell_does_what_the_write_does()
    {
        using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioRng());
        Recorder taken = new();
        Bus memory = new("memory", 1UL << 32) { Shortcuts = taken };
        ((VirtioMmio)driver.Transport).Attach(memory, 0xFEB0_0000);
        driver.Start(1);
        driver.Offer(0, (driver.Buffer(16), 16, true));
        Assert.Equal(0, driver.Interrupts);
        taken.Last!.Doorbells[0].Ring();
        Assert.Equal(1, driver.Interrupts);
    }

    private sealed class Recorder : IBusShortcuts
    {
        public List<string> Log { get; } = [];

        public BusRange? Last { get; private set; }

        public void Add(BusRange range) => Note("+", Last = range);

        public void Remove(BusRange range) => Note("-", range);

        public void Settle()
        {
        }

        private void Note(string sign, BusRange range) => Log.Add($"{sign} " + string.Join(' ', [
            .. range.Doorbells.Select(d => $"{range.Start + d.Offset:x}/{d.Size}{(d.Value is { } v ? $"={v}" : "")}"),
            .. range.Deferred.Select(d => $"{range.Start + d.Offset:x}..{d.Length}")]));
    }

    private sealed class Nothing : IBusDevice
    {
        public ulong Read(ulong offset, int size) => 0;

        public void Write(ulong offset, int size, ulong value)
        {
        }
    }
}
