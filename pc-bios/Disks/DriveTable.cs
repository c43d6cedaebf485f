using Suite.PcBios.Services;

namespace Suite.PcBios.Disks;

/// <summary>Which disk has which number, with an emulated one in front of its kind if a CD has booted by emulation.</summary>
internal sealed class DriveTable
{
    private readonly Bios _bios;
    private readonly List<BiosDisk> _disks = [];
    private BiosDisk? _emulated;
    private int _emulatedCd = -1;

    public DriveTable(Bios bios)
    {
        _bios = bios;
        int floppies = 0, hardDisks = 0, cds = 0;
        foreach (IFirmwareDisk medium in bios.Parts.Disks)
        {
            int number = medium.Kind switch
            {
                FirmwareDiskKind.Floppy => floppies++,
                FirmwareDiskKind.HardDisk => BiosDisk.FirstHardDisk + hardDisks++,
                _ => BiosDisk.FirstCd + cds++,
            };
            _disks.Add(new BiosDisk((byte)number, medium));
        }
    }

    /// <summary>The CD's entry by which the machine has booted; null: none.</summary>
    public ElTorito? Emulation { get; private set; }

    /// <summary>Number of the CD among the machine's disks by which it has booted, for snapshots; -1: none.</summary>
    public int EmulatedCd => _emulatedCd;

    public IReadOnlyList<BiosDisk> Disks => _disks;

    /// <summary>The disk with a number; null when there is none.</summary>
    public BiosDisk? Find(byte number)
    {
        if (_emulated is { } emulated)
        {
            if (number == emulated.Number)
                return emulated;
            // The emulated disk has pushed the others of its kind up by one.
            if (emulated.IsFloppy == number < BiosDisk.FirstHardDisk && number < BiosDisk.FirstCd)
                number--;
        }

        foreach (BiosDisk disk in _disks)
            if (disk.Number == number)
                return disk;
        return null;
    }

    /// <summary>How many floppies or hard disks INT 13h knows.</summary>
    public int Count(bool floppies)
    {
        int count = 0;
        foreach (BiosDisk disk in _disks)
            if (disk.Medium.Kind == (floppies ? FirmwareDiskKind.Floppy : FirmwareDiskKind.HardDisk))
                count++;
        return count + (_emulated is { } e && e.IsFloppy == floppies ? 1 : 0);
    }

    /// <summary>CMOS type of a floppy drive.</summary>
    public byte FloppyType(byte number) => (byte)(number == 0 ? _bios.Pc.Floppies.A : _bios.Pc.Floppies.B) is > 0 and var type ? type : (byte)4;

    /// <summary>Boots by a CD's entry: an emulated disk appears.</summary>
    public void BeginEmulation(int cd, ElTorito entry)
    {
        EndEmulation();
        (Emulation, _emulatedCd) = (entry with { Drive = entry.MediaType == 0 ? _disks[cd].Number : entry.Drive }, cd);
        if (entry.MediaType != 0)
            _emulated = new BiosDisk(entry.Drive, _disks[cd].Medium) { IsEmulated = true, EmulatedFrom = entry.ImageSector * 4L, EmulatedGeometry = entry.Geometry(_disks[cd].Medium) };
    }

    public void EndEmulation() => (_emulated, Emulation, _emulatedCd) = (null, null, -1);
}
