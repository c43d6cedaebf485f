using Suite.Devices.Block;
using Suite.Machines.Backends;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>A drive as our firmware sees it: by its medium, whatever controller it is behind.</summary>
/// <param name="drive">The drive.</param>
/// <param name="kind">What it is.</param>
/// <param name="geometry">What its controller reports; zeros for none.</param>
internal sealed class FirmwareDisk(Drive drive, FirmwareDiskKind kind, (int Cylinders, int Heads, int Sectors) geometry) : IFirmwareDisk
{
    private const int CdSector = 2048;

    public FirmwareDiskKind Kind => kind;

    public string Name => drive.Id;

    public int SectorSize => kind == FirmwareDiskKind.Cd ? CdSector : IBlockDevice.SectorSize;

    public long Sectors => drive.Medium is { } medium ? medium.Length / SectorSize : 0;

    public bool IsReadOnly => kind == FirmwareDiskKind.Cd || drive.Medium is { IsReadOnly: true };

    public (int Cylinders, int Heads, int Sectors) Geometry => geometry;

    public int? BootIndex => drive.BootIndex;

    public bool TryRead(long sector, Span<byte> into)
    {
        if (!Fits(sector, into.Length))
            return false;
        try
        {
            drive.Medium!.Read(sector * SectorSize, into);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public bool TryWrite(long sector, ReadOnlySpan<byte> from)
    {
        if (IsReadOnly || !Fits(sector, from.Length))
            return false;
        try
        {
            drive.Medium!.Write(sector * SectorSize, from);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private bool Fits(long sector, int bytes) => drive.Medium is not null && sector >= 0 && bytes % SectorSize == 0 && sector <= Sectors - bytes / SectorSize;
}
