using Suite.Devices.Core;
using Suite.Devices.Dma;
using Suite.Devices.Floppy;
using Suite.Devices.Ide;
using Suite.Devices.Misc;
using Suite.Machines.Backends;
using Suite.Machines.Boards;
using Suite.Machines.Options;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>The disks behind a PC's IDE controller, and all disks in the order in which firmware counts them.</summary>
internal sealed class PcDisks
{
    private const int Units = 2, CdIndex = 2, UsualFloppyType = 4;

    private readonly PcBoard _board;
    private readonly Piix3Ide _ide;
    private readonly FloppyController _floppies;
    private readonly List<(Drive Drive, FirmwareDiskKind Kind, (int, int, int) Geometry)> _disks = [];

    /// <summary>The controller, with what -drive if=ide gives it, and an empty CD drive as PCs have it.</summary>
    /// <param name="board">The board.</param>
    /// <param name="irq">Wires to ISA interrupts.</param>
    /// <param name="dma">For floppies.</param>
    public PcDisks(PcBoard board, Func<int, IrqLine> irq, Dma8237 dma)
    {
        _board = board;
        _floppies = board.Machine.Add(new FloppyController(irq(6), dma, null, null));
        _floppies.Attach(board.Machine.Spaces.Io);
        _ide = new Piix3Ide(board.Machine.Spaces.Io, irq(14), irq(15));
        board.AddPci(_ide, new DevicePlace("piix3-ide", null, PcBoard.IsaSlot, PcBoard.IdeFunction));
    }

    /// <summary>Attaches the drives of the command line.</summary>
    public void AttachDrives()
    {
        BlockBackends blocks = _board.Backends.Blocks;
        AttachFloppies(blocks);
        foreach (Drive drive in blocks.All)
            if (drive.Interface == "ide")
                Attach(blocks.Claim(drive.IsCdrom ? "ide-cd" : "ide-hd", drive.Id), drive.IsCdrom, drive.Index / Units, drive.Index % Units, drive.Serial);
        if (!_board.Options.NoDefaults && !_board.Options.AddsDevice("ide-cd", "ide-hd") && _ide.Channels[CdIndex / Units].Attached[CdIndex % Units] is null)
            Attach(blocks.Claim("ide-cd", blocks.AddDrive(KeyValues.Of("-cdrom", ("if", "ide"), ("media", "cdrom"), ("index", $"{CdIndex}"))).Id), true, CdIndex / Units, CdIndex % Units, "");
    }

    /// <summary>Types of the drives A and B for CMOS memory and firmware. Drive A is there unless -nodefaults says otherwise.</summary>
    public static (int A, int B) FloppyTypes(X86Setup setup)
    {
        int Type(int index)
        {
            Drive? drive = setup.Backends.Blocks.All.FirstOrDefault(d => d.Interface == "floppy" && d.Index == index);
            return drive?.Medium is { } medium ? CmosSetup.FloppyType(medium.Length) : drive is not null || (index == 0 && !setup.Options.NoDefaults) ? UsualFloppyType : 0;
        }

        return (Type(0), Type(1));
    }

    private void AttachFloppies(BlockBackends blocks)
    {
        if (!_board.Options.NoDefaults && !blocks.All.Any(d => d.Interface == "floppy" && d.Index == 0))
            blocks.AddDrive(KeyValues.Of("-fda", ("if", "floppy"), ("index", "0")));
        foreach (Drive drive in blocks.All)
        {
            if (drive.Interface != "floppy")
                continue;
            if (drive.Index >= _floppies.Both.Count)
                throw new OptionException($"drive '{drive.Id}': a PC has two floppy drives", "index=0 or 1");
            FloppyDrive place = _floppies.Both[drive.Index];
            place.Insert(drive.Medium);
            drive.SetMedium = place.Insert;
            drive.AttachedTo = $"floppy, unit {drive.Index}";
            FloppyGeometry g = place.Geometry;
            _disks.Add((drive, FirmwareDiskKind.Floppy, (g.Cylinders, g.Heads, g.Sectors)));
        }
    }

    /// <summary>-device ide-hd and ide-cd.</summary>
    /// <param name="r">bus=ide.N, unit=N.</param>
    /// <param name="isCd">Which.</param>
    public PluggedDevice Attach(DeviceRequest r, bool isCd)
    {
        string what = $"-device {r.Row.Name}";
        Drive drive = r.Properties.Get("drive") is { } id ? r.Claims.Drive(id) : isCd
            ? _board.Backends.Blocks.AddDrive(KeyValues.Of(what, ("if", "none"), ("media", "cdrom"), ("id", r.Id ?? $"cd{_disks.Count}"))) : throw new OptionException($"{what} lacks drive=");
        string? bus = r.Properties.Get("bus");
        int channel = bus switch { null => -1, "ide.0" => 0, "ide.1" => 1, _ => throw OptionException.Unknown($"{what}: bus", bus, ["ide.0", "ide.1"]) };
        int unit = (int)r.Properties.GetNumber("unit", -1, 0, Units - 1);
        for (int place = 0; place < Units * Piix3Ide.Count; place++)
        {
            if ((channel >= 0 && place / Units != channel) || (unit >= 0 && place % Units != unit) || _ide.Channels[place / Units].Attached[place % Units] is not null)
                continue;
            if (r.Properties.Get("bootindex") is not null)
                drive.BootIndex = (int)r.Properties.GetNumber("bootindex", 0);
            Attach(drive, isCd, place / Units, place % Units, r.Properties.Get("serial") ?? drive.Serial);
            return _board.Note(new PluggedDevice(r.Row.Name, r.Id, $"ide.{place / Units}, unit {place % Units}", null));
        }

        throw new OptionException($"{what}: that place of the IDE controller is taken", "bus=ide.0 or ide.1, unit=0 or 1; -nodefaults leaves the CD drive out");
    }

    /// <summary>Disks in the order of their numbers: floppies, hard disks, then CDs.</summary>
    /// <param name="others">Disks of other controllers (virtio), behind those of the IDE controller.</param>
    public IReadOnlyList<IFirmwareDisk> ForFirmware(IEnumerable<Drive> others) =>
        [.. _disks.Concat(others.Select(d => (d, FirmwareDiskKind.HardDisk, (0, 0, 0)))).OrderBy(d => d.Item2).Select(d => new FirmwareDisk(d.Item1, d.Item2, d.Item3))];

    /// <summary>Geometries of the four places, for CMOS memory.</summary>
    public IReadOnlyList<(int Cylinders, int Heads, int Sectors)?> Geometries() =>
        [.. Enumerable.Range(0, Units * Piix3Ide.Count).Select(i => _ide.Channels[i / Units].Attached[i % Units] is AtaDisk disk ? disk.Geometry : ((int, int, int)?)null)];

    private void Attach(Drive drive, bool isCd, int channel, int unit, string serial)
    {
        if (channel >= Piix3Ide.Count || _ide.Channels[channel].Attached[unit] is not null)
            throw new OptionException($"drive '{drive.Id}': place {channel * Units + unit} of the IDE controller is taken, or not there", "index=0 to 3; if=virtio has more");
        string number = $"QM{channel * Units + unit + 1:D5}";
        if (isCd)
        {
            AtapiCdRom cd = new(drive.Medium, serial.Length > 0 ? serial : number);
            drive.SetMedium = cd.ChangeMedium;
            cd.TrayMoved = open => _board.Machine.Tell(new MachineEvent("DEVICE_TRAY_MOVED", ("device", drive.Id), ("id", drive.Id), ("tray-open", open)));
            _ide.Channels[channel].Attach(unit, cd);
            _disks.Add((drive, FirmwareDiskKind.Cd, default));
        }
        else
        {
            AtaDisk disk = new(drive.Medium ?? throw new OptionException($"drive '{drive.Id}' has no medium", "give it one with file="), new AtaDiskInfo(serial.Length > 0 ? serial : number));
            _ide.Channels[channel].Attach(unit, disk);
            _disks.Add((drive, FirmwareDiskKind.HardDisk, disk.Geometry));
        }

        drive.IdePlace = channel * Units + unit;
        drive.AttachedTo = $"ide.{channel}, unit {unit}";
    }
}
