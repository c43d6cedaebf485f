using System.Text;
using Suite.Devices.Core;
using Suite.Devices.Input;
using Suite.Devices.Timer;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Host;
using Suite.Jit.Memory;
using Suite.Machines;
using Suite.Machines.X86;
using Suite.Machines.X86.Kvm;
using Suite.PcBios;
using Suite.Tests.Guest.X86;

namespace Suite.Tests.PcBios;

/// <summary>
/// The firmware on KVM with what it needs around it: 16 MiB, clock, keyboard controller, video memory as plain bytes, a port E9h to say things by
/// and a port F4h that ends the run.
/// </summary>
internal sealed unsafe class BiosMachine : PlatformWithoutApic, IDisposable, IBusDevice
{
    public const int RamBytes = 16 << 20;
    private const uint VideoStart = 0xA0000, VideoBytes = 0x20000;

    private readonly StringBuilder _said = new();
    private readonly RamBlock _ram = new("ram", RamBytes), _rom = new("rom", 0x10000);

    public BiosMachine(IReadOnlyList<IFirmwareDisk> disks, BootOrder? boot = null, IReadOnlyList<byte[]>? roms = null)
    {
        Memory.MapRam(0, _ram, 0, VideoStart);
        Memory.MapRam(0xC0000, _ram, 0xC0000, 0x30000);
        Memory.MapRam(0x100000, _ram, 0x100000, RamBytes - 0x100000);
        Memory.MapRom(0xF0000, _rom, 0, 0x10000);
        Memory.MapRom(0xFFFF0000, _rom, 0, 0x10000);
        Bus io = Machine.Spaces.Io;
        io.Attach(this, "ports", 0xE0, 0x20, 4);
        Machine.Spaces.Mmio.Attach(new Video(this), "video", VideoStart, VideoBytes, widest: 8);
        Kvm = new KvmAccelerator(Machine.Spaces, IrqChipMode.On);
        Rtc rtc = Machine.Add(new Rtc(Machine.Clock, Wire(8), new DateTime(2026, 11, 23, 12, 34, 56, DateTimeKind.Utc)));
        rtc.Attach(io);
        Keyboard = Machine.Add(new I8042(Wire(1), Wire(12), static _ => { }, () => Machine.Exit(-3)));
        Keyboard.Attach(io);
        PcDescription pc = new() { RamBytes = RamBytes, HasVga = true, SerialPorts = 0, ParallelPorts = 0 };
        FirmwareParts parts = new()
        {
            Io = io,
            Mmio = Machine.Spaces.Mmio,
            Memory = Machine.Spaces.Dma,
            Clock = Machine.Clock,
            Disks = disks,
            Boot = boot ?? new BootOrder(),
            OptionRoms = roms ?? [],
            Log = text => Log.Add(text),
        };
        Firmware = Machine.Add(new PcFirmware(pc, parts));
        io.Attach(Firmware, Firmware.Name, PcFirmware.ServicePort, PcFirmware.ServicePorts, widest: 4);
        Machine.Resetting += () =>
        {
            Firmware.Rom.Span.CopyTo(new Span<byte>(_rom.Host, 0x10000));
            Firmware.PowerOn();
            Prepare?.Invoke();
        };
        Machine.AddVcpu(Kvm.CreateVcpu(0, new CpuTopology(1, 1, 1), CpuModel.Parse("max", new HostCpuid(() => HostCpu.Xcr0), is64Bit: true), this));
        Machine.Failed += message => Log.Add(message);
        Machine.Failed += _ => Machine.Exit(-2);
    }

    public Machine Machine { get; } = new();

    public PhysicalMemory Memory => Machine.Spaces.Memory;

    public KvmAccelerator Kvm { get; }

    public I8042 Keyboard { get; }

    public PcFirmware Firmware { get; }

    public List<string> Log { get; } = [];

    public byte[] VideoMemory { get; } = new byte[VideoBytes];

    /// <summary>Called after each power-on, under the lock.</summary>
    public Action? Prepare { get; set; }

    /// <summary>Called for each character on the debug port.</summary>
    public Action<char>? Heard { get; set; }

    public string Said => _said.ToString();

    public Span<byte> Ram => new(_ram.Host, RamBytes);

    /// <summary>The text screen, rows without blanks at their ends.</summary>
    public string Screen => string.Join('\n', Enumerable.Range(0, 25).Select(row => string.Concat(Enumerable.Range(0, 80).Select(c => (char)VideoMemory[0x18000 + (row * 80 + c) * 2])).TrimEnd())).TrimEnd();

    /// <summary>Runs until the guest writes to F4h; its value, or -1 after some seconds.</summary>
    public int Run(int seconds = 20)
    {
        using Timer limit = new(_ => Machine.Exit(-1), null, seconds * 1000, Timeout.Infinite);
        return Machine.Run(isStopped: false);
    }

    public ulong Read(ulong offset, int size) => ulong.MaxValue;

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == 0x14)
        {
            Machine.Exit((int)value);
        }
        else if (offset == 9)
        {
            _said.Append((char)value);
            Heard?.Invoke((char)value);
        }
    }

    public override uint In(ushort port, int size) => Machine.Spaces.In(port, size);

    public override void Out(ushort port, int size, uint value) => Machine.Spaces.Out(port, size, value);

    public void Dispose()
    {
        Machine.Dispose();
        Kvm.Dispose();
        _ram.Dispose();
        _rom.Dispose();
    }

    private IrqLine Wire(int irq) => new(high => Kvm.SetIrq(irq, high));

    private sealed class Video(BiosMachine machine) : IBusDevice
    {
        public ulong Read(ulong offset, int size)
        {
            ulong value = 0;
            for (int i = 0; i < size; i++)
                value |= (ulong)machine.VideoMemory[(int)offset + i] << (8 * i);
            return value;
        }

        public void Write(ulong offset, int size, ulong value)
        {
            for (int i = 0; i < size; i++)
                machine.VideoMemory[(int)offset + i] = (byte)(value >> (8 * i));
        }
    }
}
