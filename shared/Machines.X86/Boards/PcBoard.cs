using System.Numerics;
using Suite.Devices.Acpi;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Display;
using Suite.Devices.Dma;
using Suite.Devices.FwCfg;
using Suite.Devices.Input;
using Suite.Devices.Misc;
using Suite.Devices.Pci;
using Suite.Devices.Timer;
using Suite.Devices.Virtio;
using Suite.Jit.Memory;
using Suite.Machines.Boards;
using Suite.Machines.Options;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>
/// The PC with 440FX and PIIX3: slot 0 host bridge; slot 1 ISA bridge, IDE, power management (functions 0, 1, 3); slot 2 display; cards from slot 3 on.
/// ISA devices at the ports and interrupts they have had since the PC/AT.
/// </summary>
public sealed class PcBoard : X86Board
{
    internal const int IsaSlot = 1, IdeFunction = 1;

    private const int BridgeSlot = 0, PowerFunction = 3, DisplaySlot = 2;

    private static readonly (ulong Port, int Irq)[] SerialPlaces = [(0x3F8, 4), (0x2F8, 3), (0x3E8, 4), (0x2E8, 3)];

    private readonly Piix3 _isa;
    private readonly PciHotplug _hotplug;
    private readonly HashSet<string> _askedFor = new(StringComparer.Ordinal);
    private Vga? _vga;
    private readonly PcFlash _flash;
    private readonly Rtc _rtc;
    private readonly CmosSetup _cmos;
    private readonly BootOrder _boot;
    private RamBlock? _videoMemory;

    /// <summary>Wires a PC.</summary>
    public PcBoard(X86Setup setup)
        : base(setup, SmbiosOptions.Checked(Describe(setup)))
    {
        Bus io = Machine.Spaces.Io;
        Options.Machine.Ignore("accel", "type", "kernel-irqchip", "kernel_irqchip", "memory-backend", "vmport", "smm", "usb", "graphics", "dump-guest-core", "mem-merge", "max-ram-below-4g", "fd-bootchk", "i8042", "pit", "smbus", "sata", "nvdimm", "suppress-vmdesc", "pcspk-audiodev", "smp-cache", "hpet");
        _flash = new PcFlash(this, setup.Flash);
        _isa = new Piix3(SetIsaIrq, () => Machine.RequestReset(StopCause.GuestReset));
        Pci = new PciBus(io, Machine.Spaces.Mmio, Machine.Spaces.Dma, _isa.SetLine, Interrupts.SendMsi) { OpenMessage = Interrupts.OpenMessage };
        AddPci(new I440Fx(PcMemory.Shadow), new DevicePlace("i440FX", null, BridgeSlot));
        AddPci(_isa, new DevicePlace("PIIX3", null, IsaSlot));
        PciConfigurationPorts configuration = Machine.Add(new PciConfigurationPorts(Pci) { ResetControl = _isa.ResetControl });
        configuration.Attach(io);
        // The HPET can take the place of PIT and RTC at the interrupt controllers; the kernel's PIT cannot be led through it.
        Hpet? hpet = Description.HasHpet ? Machine.Add(new Hpet(Machine.Clock, Irq(0), Irq(8), Interrupts.Gsi.Set)) : null;
        if (hpet is not null)
            Machine.Spaces.Mmio.Attach(hpet, hpet.Name, Hpet.UsualBase, Hpet.Length, widest: 8);
        if (Accelerator.IrqChip != IrqChipMode.On)
            Machine.Add(new Pit8254(Machine.Clock, hpet?.PitInput ?? Irq(0))).Attach(io);
        Rtc rtc = Machine.Add(new Rtc(Machine.Clock, hpet?.RtcInput ?? Irq(8), ClockStart()));
        rtc.Attach(io);
        Dma8237 dma = Machine.Add(new Dma8237(Machine.Spaces.Dma));
        dma.Attach(io);
        Machine.Add(new Port92(SetA20, () => Machine.RequestReset(StopCause.GuestReset))).Attach(io);
        Keyboard = Machine.Add(new I8042(Irq(1), Irq(12), SetA20, () => Machine.RequestReset(StopCause.GuestReset)));
        Keyboard.Attach(io);
        Disks = new PcDisks(this, Irq, dma);
        Disks.AttachDrives();
        _rtc = rtc;
        _cmos = new CmosSetup
        {
            LowMemory = Description.LowRam,
            HighMemory = Description.HighRam,
            Processors = Description.Cpus,
            Floppies = Description.Floppies,
            BootOrder = BootLetters(Options),
            Disks = Disks.Geometries(),
        };
        _cmos.Fill(rtc);
        _boot = BootOrderOf(Options);
        if (Options.Parallels.Count > 0 && setup.Parallel is { } printer)
        {
            ParallelPort port = Machine.Add(new ParallelPort("parallel0", Irq(7), printer));
            io.Attach(port, port.Name, 0x378, 8);
        }

        Power = new Piix4Pm(Machine.Clock, io, Irq(PcDescription.SciIrq), Sleep);
        AddPci(Power, new DevicePlace("PIIX4_PM", null, IsaSlot, PowerFunction));
        Machine.PoweringDown += Power.PressPowerButton;
        _hotplug = Machine.Add(new PciHotplug(Power.RaiseEvent, RemovableSlots, Eject));
        _hotplug.Attach(io);
        for (int i = 0; i < setup.Serials.Count && i < SerialPlaces.Length; i++)
        {
            if (setup.Serials[i] is not { } line)
                continue;
            Uart16550 uart = Machine.Add(new Uart16550($"serial{i}", Irq(SerialPlaces[i].Irq), line));
            io.Attach(uart, uart.Name, SerialPlaces[i].Port, 8);
        }

        if (setup.DebugConsole is { } console)
            io.Attach(Machine.Add(new DebugConsole(console)), "debugcon", 0xE9, 1);
        if (HasOwnVga(Options))
            AddVga(new DevicePlace(DisplayCards.Vga, null, DisplaySlot), OwnVga());
        FirmwareConfiguration = Machine.Add(new FwCfgDevice(Machine.Spaces.Dma));
        FirmwareConfiguration.Attach(io);
    }

    /// <inheritdoc/>
    public override string Name => "pc";

    /// <inheritdoc/>
    public override PciBus Pci { get; }

    /// <inheritdoc/>
    public override string? DefaultNic => "e1000";

    /// <summary>Keyboard and mouse.</summary>
    public I8042 Keyboard { get; }

    internal PcDisks Disks { get; }

    /// <summary>Power management.</summary>
    public Piix4Pm Power { get; }

    /// <summary>fw_cfg.</summary>
    public FwCfgDevice FirmwareConfiguration { get; }

    /// <inheritdoc/>
    protected override FwCfgDevice FirmwareFiles => FirmwareConfiguration;

    /// <inheritdoc/>
    public override void Complete()
    {
        PcFirmwareItems.Fill(FirmwareConfiguration, this);
        InstallFirmware(new FirmwareParts
        {
            Io = Machine.Spaces.Io,
            Mmio = Machine.Spaces.Mmio,
            Memory = Machine.Spaces.Dma,
            Clock = Machine.Clock,
            Disks = Disks.ForFirmware(Backends.Blocks.All.Where(d => d.IsVirtio)),
            Boot = _boot,
            OptionRoms = Setup.FirmwareImage is null ? [.. OptionRoms().Select(r => r.Image)] : [],
            BootIndexOf = function => Plugged.FirstOrDefault(d => d.Function is { } f && (f.Slot << 3 | f.Function) == function)?.BootIndex,
            Log = Setup.Note,
        });
    }

    /// <inheritdoc/>
    public override PluggedDevice AddVirtio(VirtioDevice device, DevicePlace place) => AddPci(new VirtioPci(place.Id ?? device.Name, device), place, device);

    /// <inheritdoc/>
    public override void Announce(PluggedDevice device)
    {
        if (device.Function is { } function)
            _hotplug.Plugged(function.Slot);
    }

    /// <inheritdoc/>
    public override void AskToUnplug(string id)
    {
        PluggedDevice device = Unpluggable(id);
        if (_askedFor.Add(id))
        {
            _hotplug.AskFor(device.Function!.Slot);
            return;
        }

        _askedFor.Remove(id);
        Unplug(id); // asked twice: the guest does not answer
    }

    /// <inheritdoc/>
    public override void SetBootOrder(string letters)
    {
        CheckLetters("boot_set", letters);
        (_boot.Order, _boot.Once) = (letters, null);
        _cmos.FillBootOrder(_rtc, letters);
    }

    private uint RemovableSlots() => Plugged.Where(d => d.CanUnplug && d.Function is not null).Aggregate(0u, (slots, d) => slots | 1u << d.Function!.Slot);

    // The guest lets a card go.
    private void Eject(int slot)
    {
        foreach (PluggedDevice device in Plugged.Where(d => d.CanUnplug && d.Id is not null && d.Function is { } f && f.Slot == slot).ToArray())
        {
            _askedFor.Remove(device.Id!);
            Unplug(device.Id!);
        }
    }

    /// <inheritdoc/>
    public override void Key(byte code, bool isExtended, bool isPressed) => Keyboard.Key(code, isExtended, isPressed);

    /// <inheritdoc/>
    public override void Mouse(int x, int y, int z, int buttons) => Keyboard.Mouse(x, y, z, buttons);

    private static PcDescription Describe(X86Setup setup)
    {
        MachineOptions options = setup.Options;
        return new()
        {
            RamBytes = options.Memory ?? 128UL << 20,
            Cpus = options.Cpus,
            MaxCpus = options.Cpus,
            HasAcpi = !options.NoAcpi && options.Machine.GetBool("acpi", true),
            HasHpet = !options.NoHpet && options.Machine.GetBool("hpet", true),
            Floppies = PcDisks.FloppyTypes(setup),
            HasVga = HasVga(options),
            HotPlugSlots = ~(1u << BridgeSlot | 1u << IsaSlot | (HasVga(options) ? 1u << DisplaySlot : 0)),
            HasSerialConsole = options.NoGraphic,
            Uuid = options.Uuid,
            Smbios = SmbiosOptions.Read(options.Smbios),
            ExtraAcpiTables = [.. options.AcpiTables.Select(t => UserFile.Read("-acpitable", t.Get("file") ?? t.Need("data")))],
            Name = options.Name,
            SerialPorts = setup.Serials.Count(s => s is not null) + options.Devices.Count(d => d.Get("driver") == "isa-serial"),
            ParallelPorts = options.Parallels.Count,
        };
    }

    /// <inheritdoc/>
    public override IDisplaySource? Display => _vga;

    /// <inheritdoc/>
    public override PluggedDevice AddDisplay(DeviceRequest request)
    {
        if (_vga is not null)
            throw new OptionException($"-device {request.Row.Name}: there is a display adapter already", "-vga none, or no -vga at all");
        return AddVga(request.Place(), request.Properties);
    }

    private static bool HasVgaDevice(MachineOptions options) => options.AddsDevice(DisplayCards.Vga);

    private static bool HasVga(MachineOptions options) => HasOwnVga(options) || HasVgaDevice(options);

    // What -global says of the adapter of -vga std.
    private KeyValues OwnVga()
    {
        KeyValues properties = KeyValues.Of("-vga std");
        foreach ((string driver, string property, string value) in Options.Globals)
            if (driver == DisplayCards.Vga)
                properties.Append(property, value);
        return properties;
    }

    private static bool HasOwnVga(MachineOptions options) => (options.Vga ?? (options.NoDefaults || HasVgaDevice(options) ? "none" : "std")) switch
    {
        "std" or "cirrus" => true,
        "none" => false,
        var other => throw OptionException.Unknown("-vga: adapter", other, ["std", "none"]),
    };

    private unsafe PluggedDevice AddVga(DevicePlace place, KeyValues properties)
    {
        const int Mebibyte = 20, Least = 640, Most = 4095;
        ulong memoryBytes = (ulong)BitOperations.RoundUpToPowerOf2((uint)properties.GetNumber("vgamem_mb", 16, 1, 256)) << Mebibyte;
        int width = (int)properties.GetNumber("xres", 1280, Least, Most), height = (int)properties.GetNumber("yres", 800, 480, Most);
        byte[] edid = properties.GetBool("edid", true) ? Edid.Make(width, height) : [];
        if (Options.Vga == "cirrus")
            Setup.Note("-vga cirrus: this adapter is not there; the standard one is taken (-vga std)");
        _videoMemory = Machine.Add(new RamBlock("vga.vram", memoryBytes));
        ulong? at = null;
        _vga = new Vga(_videoMemory.Host, (int)memoryBytes, Machine.Clock, moved =>
        {
            if (at is { } before)
                Machine.Spaces.Memory.Map(new MemorySlot(before, memoryBytes, null, 0, null, 0));
            at = moved;
            if (moved is { } now && Machine.Spaces.Memory.IsFree(now, memoryBytes))
                Machine.Spaces.Memory.MapRam(now, _videoMemory, 0, memoryBytes);
            else
                at = null;
        }, place.Rom ?? Setup.VgaBios, edid);
        _vga.WriteLog = Accelerator.LogWrites(_videoMemory);
        PluggedDevice made = AddPci(_vga, place with { Rom = null });
        _vga.AttachLegacy(Machine.Spaces.Io, Machine.Spaces.Mmio);
        return made;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _videoMemory?.Dispose();
        _flash.Dispose();
    }

    private static string BootLetters(MachineOptions options) => options.Boot.Get("once") ?? options.Boot.Get("order") ?? "cad";

    private static BootOrder BootOrderOf(MachineOptions options)
    {
        KeyValues boot = options.Boot;
        BootOrder order = new()
        {
            Order = boot.Get("order") is { Length: > 0 } letters ? letters : "cad",
            Once = boot.Get("once"),
            Menu = boot.GetBool("menu", false),
            MenuTimeout = (int)boot.GetNumber("splash-time", 2500, 0, 65535),
        };
        boot.Ignore("splash", "reboot-timeout", "strict");
        boot.Finish();
        CheckLetters("-boot", order.Order + order.Once);
        return order;
    }

    private static void CheckLetters(string what, string letters)
    {
        foreach (char letter in letters)
            if (letter is < 'a' or > 'p')
                throw new OptionException($"{what}: '{letter}' is no drive", "a and b floppies, c hard disk, d CD, n network");
    }

    private void SetIsaIrq(int irq, bool high) => Interrupts.Gsi.Set(irq, high);

    private void Sleep(PowerRequest request)
    {
        if (request == PowerRequest.Sleep)
            Setup.Note("the guest asked for S3 sleep, which this board does not have; it goes on");
        else
            Machine.RequestShutdown(StopCause.GuestShutdown);
    }
}
