using Suite.Devices.Acpi;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Dma;
using Suite.Devices.Floppy;
using Suite.Devices.FwCfg;
using Suite.Devices.Ide;
using Suite.Devices.Intc;
using Suite.Devices.Misc;
using Suite.Devices.Pci;
using Suite.Devices.Timer;

namespace Suite.Tests.Devices;

/// <summary>Every device of a PC's chip set, used by a guest without sense, then saved, loaded into another machine, and reset.</summary>
public sealed class SnapshotTests
{
    public static TheoryData<string> Names => [.. new Machine().Devices.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void State_moves_to_another_machine_and_a_reset_makes_it_new(string name)
    {
        Machine used = new(), other = new(), fresh = new();
        used.Disturb(seed: name.Length);
        byte[] disturbed = Save(used.Devices[name]);
        other.Devices[name].Load(new MemoryStream(disturbed));
        Assert.Equal(disturbed, Save(other.Devices[name]));
        used.Devices[name].Reset();
        if (name != "fdc") // whether a disk was changed outlives a reset
            Assert.Equal(Save(fresh.Devices[name]), Save(used.Devices[name]));
    }

    [Fact]
    public void A_snapshot_that_is_cut_off_is_refused()
    {
        foreach ((string name, Device device) in new Machine().Devices)
        {
            byte[] all = Save(device);
            Assert.Contains("ends before", Assert.Throws<InvalidDataException>(() => device.Load(new MemoryStream(all[..^1]))).Message + name);
        }
    }

    private static byte[] Save(Device device)
    {
        MemoryStream to = new();
        device.State.Save(to);
        return to.ToArray();
    }

    private sealed class Machine : IApicCpu
    {
        private readonly DeviceBench _bench = new();
        private readonly Bus _memory = new("memory", 1UL << 36);
        private readonly BenchMemory _ram = new(1 << 20);
        private readonly LocalApic _apic;

        public Machine()
        {
            IrqLine none = IrqLine.Unconnected();
            ApicBus apics = new();
            Piix3? isa = null;
            PciBus pci = new(_bench.Io, _memory, _ram, (line, high) => isa!.SetLine(line, high), apics.SendMessage);
            isa = Add(new Piix3((_, _) => { }, () => { }));
            PciConfigurationPorts ports = Add(new PciConfigurationPorts(pci) { ResetControl = isa.ResetControl });
            I440Fx host = Add(new I440Fx(_ => { }));
            Piix3Ide ide = Add(new Piix3Ide(_bench.Io, none, none));
            ide.Channels[0].Attach(0, new AtaDisk(new MemoryMedium(new byte[1 << 20]), new AtaDiskInfo()));
            ide.Channels[0].Attach(1, new AtapiCdRom(new MemoryMedium(new byte[1 << 20])));
            Piix4Pm pm = Add(new Piix4Pm(_bench.Clock, _bench.Io, none, _ => { }));
            pci.Add(host, 0);
            pci.Add(isa, 1);
            pci.Add(ide, 1, 1);
            pci.Add(pm, 1, 3);
            ports.Attach(_bench.Io);
            _apic = Add(new LocalApic(apics, 0, true, _bench.Clock, this));
            _memory.Attach(_apic, "apic", LocalApic.UsualBase, LocalApic.Length, widest: 4);
            Hpet hpet = Add(new Hpet(_bench.Clock, none, none, (_, _) => { }));
            _memory.Attach(hpet, "hpet", Hpet.UsualBase, Hpet.Length, widest: 8);
            Dma8237 dma = Add(new Dma8237(_ram));
            dma.Attach(_bench.Io);
            Add(new FloppyController(none, dma, new MemoryMedium(new byte[1440 << 10]), null)).Attach(_bench.Io);
            FwCfgDevice configuration = Add(new FwCfgDevice(_ram));
            configuration.AddWritableFile("etc/file", 16, _ => { });
            configuration.Attach(_bench.Io);
            Add(new Port92(_ => { }, () => { })).Attach(_bench.Io);
            ParallelPort parallel = Add(new ParallelPort("parallel0", none, null));
            _bench.Io.Attach(parallel, parallel.Name, 0x378, 3);
            foreach (Device device in Devices.Values)
                device.Reset();
        }

        public Dictionary<string, Device> Devices { get; } = [];

        public void Disturb(int seed)
        {
            Random random = new(seed);
            ReadOnlySpan<(int Port, int Count)> ports =
                [(0x0, 16), (0x81, 15), (0x92, 1), (0xB2, 2), (0xC0, 32), (0x1F0, 8), (0x378, 3), (0x3F0, 8), (0x510, 2), (0x514, 8), (0xCF8, 8), (0xC000, 16), (0xAFE0, 4)];
            for (int i = 0; i < 30_000; i++)
            {
                (int start, int count) = ports[random.Next(ports.Length)];
                int size = 1 << random.Next(3);
                ulong at = (ulong)(start + random.Next(count));
                if (random.Next(4) == 0)
                    _bench.Io.Read(at, size);
                else
                    _bench.Io.Write(at, size, (uint)random.NextInt64());
                if (i % 7 == 0)
                    _bench.Io.Write(0xCF8, 4, 0x80000000 | (uint)random.Next(16) << 8 | (uint)random.Next(256));
                _memory.Write((random.Next(2) == 0 ? LocalApic.UsualBase : Hpet.UsualBase) + (ulong)random.Next(0x400 / 4) * 4, 4, (uint)random.NextInt64());
                if (i % 100 == 0)
                    _bench.Advance(random.Next(10_000));
            }
        }

        public void SetInterrupt(bool level)
        {
        }

        public void Nmi()
        {
        }

        public void Init()
        {
        }

        public void StartUp(byte vector)
        {
        }

        public long TimeOfTsc(ulong tsc) => tsc > long.MaxValue ? long.MaxValue : (long)tsc;

        private T Add<T>(T device)
            where T : Device
        {
            Devices[device.Name] = device;
            return device;
        }
    }
}
