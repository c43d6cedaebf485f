using System.Globalization;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Misc;
using Suite.Devices.Pci;
using Suite.Devices.Timer;
using Suite.Devices.Virtio;
using Suite.Machines.Boards;
using Suite.Machines.Options;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>
/// The smallest machine that Linux boots on: no PCI, virtio by memory-mapped registers from FEB00000h on (512 bytes and an input of the I/O APIC from
/// 16 on each; without ACPI one that is free of ISA's), one serial port, ACPI with the generic event device at FEA00000h. -M microvm,pic=on|off,pit=on|off,rtc=on|off,isa-serial=on|off.
/// </summary>
public sealed class MicrovmBoard : X86Board
{
    private const ulong VirtioBase = 0xFEB00000, EventBase = 0xFEA00000, PowerBase = 0xFEA00200;
    private const int Slots = 8, FirstVirtioGsi = 16;

    // Without ACPI a kernel knows the interrupts of the MP table alone: those of ISA, of which these are free.
    private static readonly int[] IsaGsis = [5, 6, 7, 9, 10, 11, 12, 14];

    private readonly VirtioMmio?[] _slots = new VirtioMmio?[Slots];

    /// <summary>Wires one.</summary>
    public MicrovmBoard(X86Setup setup)
        : base(setup, SmbiosOptions.Checked(Describe(setup.Options)))
    {
        Bus io = Machine.Spaces.Io;
        if (setup.Flash.Count > 0)
            throw new OptionException("the board microvm has no flash memory", "give the firmware with -bios FILE, or use -M pc");
        Options.Machine.Ignore("x-option-roms", "auto-kernel-cmdline", "pit", "isa-serial", "memory-backend", "pcie", "usb", "ioapic2", "pic", "kernel-irqchip", "kernel_irqchip", "accel", "type");
        if (Accelerator.IrqChip != IrqChipMode.On && Flag(Options, "pit", true))
            Machine.Add(new Pit8254(Machine.Clock, Irq(0))).Attach(io);
        if (Description.HasRtc)
        {
            Rtc rtc = Machine.Add(new Rtc(Machine.Clock, Irq(8), ClockStart()));
            rtc.Attach(io);
            new CmosSetup { LowMemory = Description.LowRam, HighMemory = Description.HighRam, Processors = Description.Cpus }.Fill(rtc);
        }

        if (Flag(Options, "isa-serial", true) && setup.Serials.Count > 0 && setup.Serials[0] is { } line)
        {
            Uart16550 uart = Machine.Add(new Uart16550("serial0", Irq(4), line));
            io.Attach(uart, uart.Name, 0x3F8, 8);
        }

        if (setup.DebugConsole is { } console)
            io.Attach(Machine.Add(new DebugConsole(console)), "debugcon", 0xE9, 1);
        Power = Machine.Add(new MicrovmPower(
            Irq(Description.MicrovmEventGsi), () => Machine.RequestShutdown(StopCause.GuestShutdown), () => Machine.RequestReset(StopCause.GuestReset)));
        Machine.Spaces.Mmio.Attach(Power.Events, "ged", EventBase, MicrovmPower.EventLength, widest: 4);
        Machine.Spaces.Mmio.Attach(Power, "ged-regs", PowerBase, MicrovmPower.PowerLength);
        Machine.PoweringDown += Power.PressPowerButton;
    }

    /// <inheritdoc/>
    public override string Name => "microvm";

    /// <inheritdoc/>
    public override PciBus? Pci => null;

    internal MicrovmPower Power { get; }

    /// <inheritdoc/>
    public override PluggedDevice AddVirtio(VirtioDevice device, DevicePlace place)
    {
        int slot = Array.IndexOf(_slots, null);
        if (slot < 0)
            throw new OptionException($"{place.Driver}: all {Slots} slots of virtio-mmio are taken");
        VirtioMmioPlace at = Description.VirtioMmio[slot];
        VirtioMmio transport = Machine.Add(new VirtioMmio($"virtio-mmio.{slot}", device, Machine.Spaces.Dma, Interrupts.Gsi.Wire(at.Gsi)));
        transport.Attach(Machine.Spaces.Mmio, at.Address);
        _slots[slot] = transport;
        return Note(new PluggedDevice(place.Driver, place.Id, transport.Name, transport) { Virtio = device });
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        for (int i = 0; i < Slots; i++)
        {
            if (_slots[i] is not null)
                continue;
            VirtioMmioPlace at = Description.VirtioMmio[i];
            new VirtioMmio($"virtio-mmio.{i}", null, Machine.Spaces.Dma, IrqLine.Unconnected()).Attach(Machine.Spaces.Mmio, at.Address);
        }

        InstallFirmware(new FirmwareParts { Io = Machine.Spaces.Io, Mmio = Machine.Spaces.Mmio, Memory = Machine.Spaces.Dma, Clock = Machine.Clock, Log = Setup.Note });
    }

    /// <summary>
    /// What a kernel cannot find out here is put before its command line, where words of the user's come later and win: how fast the time-stamp
    /// counter runs (Linux measures it against a timer that a machine with reduced ACPI has not), and without ACPI tables where the virtio devices are.
    /// </summary>
    protected override string KernelArguments()
    {
        if (!Flag(Options, "auto-kernel-cmdline", true))
            return Options.Append;
        string arguments = Options.Append;
        if (Accelerator.TscHertz is { } hertz)
            arguments = string.Create(CultureInfo.InvariantCulture, $"tsc_early_khz={hertz / 1000} {arguments}");
        if (Description.HasAcpi)
            return arguments;
        for (int i = 0; i < Slots; i++)
            if (_slots[i] is not null)
                arguments += string.Create(CultureInfo.InvariantCulture, $" virtio_mmio.device=512@0x{Description.VirtioMmio[i].Address:x}:{Description.VirtioMmio[i].Gsi}");
        return arguments;
    }

    private static PcDescription Describe(MachineOptions options)
    {
        bool hasAcpi = !options.NoAcpi && options.Machine.GetBool("acpi", true);
        return new PcDescription
        {
            IsMicrovm = true,
            RamBytes = options.Memory ?? 128UL << 20,
            Cpus = options.Cpus,
            MaxCpus = options.Cpus,
            HasAcpi = hasAcpi,
            HasHpet = false,
            HasI8042 = false,
            HasVga = false,
            HasFwCfg = false,
            HasRtc = options.Machine.GetBool("rtc", true),
            SerialPorts = 1,
            ParallelPorts = 0,
            Uuid = options.Uuid,
            Smbios = SmbiosOptions.Read(options.Smbios),
            Name = options.Name,
            MicrovmPowerBase = PowerBase,
            MicrovmEventBase = EventBase,
            VirtioMmio = [.. Enumerable.Range(0, Slots).Select(i => new VirtioMmioPlace(VirtioBase + (ulong)(i * VirtioMmio.Length), hasAcpi ? FirstVirtioGsi + i : IsaGsis[i]))],
        };
    }
}
