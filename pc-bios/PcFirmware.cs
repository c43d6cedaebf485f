using Suite.Devices.Core;
using Suite.PcBios.Boot;
using Suite.PcBios.Disks;
using Suite.PcBios.Rom;
using Suite.PcBios.Services;
using Suite.PcBios.Tables;
using Suite.PcBios.Video;

namespace Suite.PcBios;

/// <summary>
/// The suite's own PC firmware: a ROM of small stubs, and services in C# that the stubs reach by an `out`. A stub saves all registers on the
/// caller's stack and tells the place of this frame; the service changes the frame in guest memory. So no accelerator has to know of it.
/// </summary>
/// <remarks>The board maps <see cref="Rom"/> at F0000 and below 4 GiB, attaches the device at <see cref="ServicePort"/>, and calls <see cref="PowerOn"/> after each reset.</remarks>
public sealed class PcFirmware : Device, IBusDevice
{
    /// <summary>First port of the services, and their number. Accesses are up to 4 bytes wide.</summary>
    public const int ServicePort = 0x5F0, ServicePorts = 8;

    private const uint RegisterPort = 4;
    private const int Page = 4096;
    private const ulong LeastForAcpi = 2 << 20;

    private readonly Bios _bios;
    private readonly DriveTable _drives;
    private readonly DiskService _disk;
    private readonly VideoService _video;
    private readonly KeyboardService _keyboard;
    private readonly SystemService _system;
    private readonly MouseService _mouse;
    private readonly PortService _ports;
    private readonly TimeService _time;
    private readonly PciService _pci;
    private readonly PciSetup _pciSetup;
    private readonly OptionRoms _roms;
    private readonly BootService _boot;
    private readonly PowerOnTest _test;
    private readonly Register _emulatedCd;
    private readonly byte[] _acpi = [];
    private readonly ulong _acpiAddress;

    /// <summary>Builds the ROM and the tables.</summary>
    /// <param name="pc">The machine.</param>
    /// <param name="parts">What the firmware is wired to.</param>
    public PcFirmware(PcDescription pc, FirmwareParts parts)
        : base("pc-bios")
    {
        _bios = new Bios(pc, parts);
        BootState state = new(State.Register("next-boot", 16), State.KeptRegister("booted", 1));
        _emulatedCd = State.Register("emulated-cd", 16);
        _drives = new DriveTable(_bios);
        VgaPorts vga = new(_bios);
        _keyboard = new KeyboardService(_bios);
        SerialConsole console = new(_bios, key => _keyboard.Store(key));
        _keyboard.Console = console;
        _video = new VideoService(_bios, vga, new VbeService(_bios), console);
        _mouse = new MouseService(_bios);
        _disk = new DiskService(_bios, _drives);
        _ports = new PortService(_bios);
        _time = new TimeService(_bios);
        _pci = new PciService(_bios);
        _pciSetup = new PciSetup(_bios);
        _roms = new OptionRoms(_bios);
        _boot = new BootService(_bios, _drives, _video, _keyboard, _roms, state);

        (byte[] image, ushort[] vectors, ushort bios32, ushort pci32) = BiosRom.Build();
        _pci.Bit32Entry = MemoryMap.RomStart + pci32;
        _test = new PowerOnTest(_bios, vectors, _video, _time, _drives);
        if (pc.HasAcpi && pc.LowRam >= LeastForAcpi)
        {
            AcpiTables tables = AcpiTables.Make(pc);
            int room = (tables.Block.Length + Page - 1) / Page * Page;
            _acpiAddress = pc.LowRam - (ulong)room;
            _acpi = tables.At(_acpiAddress);
            Map = MemoryMap.Of(pc, (uint)room);
            RsdpBytes = tables.RootPointer(_acpiAddress);
        }
        else
        {
            Map = MemoryMap.Of(pc, 0);
        }

        _system = new SystemService(_bios, _mouse) { Map = Map };
        RomTables placed = RomTables.Place(image, pc, bios32, RsdpBytes.Span);
        AcpiRsdp = placed.Rsdp;
        _roms.PnpStructure = placed.Pnp;
        Rom = image;
    }

    /// <summary>64 KiB for F0000-FFFFF and for the end of the first 4 GiB.</summary>
    public ReadOnlyMemory<byte> Rom { get; }

    /// <summary>The memory map that the firmware reports.</summary>
    public IReadOnlyList<MemoryRange> Map { get; }

    /// <summary>Where the ACPI root pointer lies; 0: there are no tables.</summary>
    public ulong AcpiRsdp { get; }

    /// <summary>The ACPI root pointer itself; empty: there are no tables.</summary>
    public ReadOnlyMemory<byte> RsdpBytes { get; }

    /// <summary>A real-mode program that is started instead of a disk; null: the boot order counts.</summary>
    public DirectStart? Direct
    {
        get => _boot.Direct;
        set => _boot.Direct = value;
    }

    /// <summary>
    /// Brings the chipset into the state firmware leaves: PCI resources, display in text mode, interrupt vectors, data areas, tables. No guest code
    /// runs. Afterwards the vCPU starts at its reset vector (the code there sets interrupt controllers and timer), or a kernel is started directly.
    /// </summary>
    public void PowerOn()
    {
        _drives.EndEmulation();
        _emulatedCd.Value = 0;
        _roms.Clear();
        if (!_bios.Pc.IsMicrovm)
            _pciSetup.Run();
        _test.Run();
        if (_acpi.Length > 0)
            _bios.Parts.Memory.TryWrite(_acpiAddress, _acpi);
        if (_boot.Direct is null)
            CopyRoms();
    }

    public ulong Read(ulong offset, int size) => offset == RegisterPort && size == 4 ? _pci.Pop() : ulong.MaxValue;

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == RegisterPort && size == 4)
            _pci.Push((uint)value);
        else if (offset == RegisterPort)
            _pci.Begin();
        else if (offset == 0 && size == 4)
            Serve((ushort)(value >> 16), (ushort)value);
    }

    protected override void Settle()
    {
        int cd = _emulatedCd.Int - 1;
        if (cd >= 0 && cd < _drives.Disks.Count && ElTorito.Read(_drives.Disks[cd].Medium, out _) is { } entry)
            _drives.BeginEmulation(cd, entry);
        else
            _drives.EndEmulation();
    }

    // Whatever a guest writes to the port: without a frame in memory nothing happens.
    private void Serve(ushort segment, ushort offset)
    {
        ServiceCall call = new();
        uint at = BiosMemory.Linear(segment, offset);
        _bios.Memory.Read(at, call.Frame);
        if (BitConverter.ToUInt32(call.Frame[..4]) != ServiceFrame.MagicValue)
            return;
        call.Action = ServiceFrame.Return;
        Dispatch(call);
        _bios.Memory.Write(at, call.Frame);
        _emulatedCd.Value = (ulong)(_drives.EmulatedCd + 1);
    }

    private void Dispatch(ServiceCall call)
    {
        switch (call.Vector)
        {
            case 0x09:
                _keyboard.Interrupt(call);
                break;
            case 0x0E:
                _bios.Memory.SetByte(BiosData.FloppySeek, _bios.Memory.Byte(BiosData.FloppySeek) | 0x80);
                call.Eoi = ServiceFrame.EoiFirst;
                break;
            case 0x10:
                _video.Handle(call);
                break;
            case 0x11:
                _system.Equipment(call);
                break;
            case 0x12:
                _system.MemorySize(call);
                break;
            case 0x13 or 0x40:
                _disk.Handle(call);
                break;
            case 0x14:
                _ports.Serial(call);
                break;
            case 0x15:
                _system.Handle(call);
                break;
            case 0x16:
                _keyboard.Handle(call);
                break;
            case 0x17:
                _ports.Printer(call);
                break;
            case 0x18:
                _boot.Failed(call);
                break;
            case 0x19:
                _boot.Restart(call);
                break;
            case 0x1A when call.Ah == PciService.Function:
                _pci.Handle(call);
                break;
            case 0x1A:
                _time.Handle(call);
                break;
            case 0x70:
                _time.Interrupt(call);
                break;
            case 0x74:
                _mouse.Interrupt(call);
                break;
            case 0x76:
                _bios.Memory.SetByte(BiosData.DiskInterrupt, 0xFF);
                call.Eoi = ServiceFrame.EoiFirst | ServiceFrame.EoiSecond;
                break;
            case ServiceFrame.PostVector:
                _boot.Post(call);
                break;
        }
    }

    // ROMs of functions and of the user. Our own INT 10h serves the VGA; its ROM would only take it over.
    private void CopyRoms()
    {
        const int display = 0x03;
        bool isOpen = false;
        foreach ((int function, uint id, int deviceClass) in _pciSetup.Functions)
            if (deviceClass >> 8 != display)
                Copy(_pciSetup.ReadRom(function), function, $"PCI function {function >> 3:x2}.{function & 7} ({id & 0xFFFF:x4}:{id >> 16:x4})");
        for (int i = 0; i < _bios.Parts.OptionRoms.Count; i++)
            Copy(_bios.Parts.OptionRoms[i], 0, $"option ROM {i + 1}");

        void Copy(byte[] image, int function, string name)
        {
            if (image.Length == 0)
                return;
            if (!isOpen)
                _pciSetup.OpenShadow();
            isOpen = true;
            _roms.Copy(image, function, isVideo: false, name);
        }
    }
}
