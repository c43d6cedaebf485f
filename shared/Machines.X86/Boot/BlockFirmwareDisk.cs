using Suite.Devices.Block;
using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>A medium of the device library as firmware sees it.</summary>
/// <param name="kind">What it is.</param>
/// <param name="name">As `info block` has it.</param>
/// <param name="medium">The medium in the drive now; null when there is none.</param>
public sealed class BlockFirmwareDisk(FirmwareDiskKind kind, string name, Func<IBlockDevice?> medium) : IFirmwareDisk
{
    private const int CdSector = 2048;

    public FirmwareDiskKind Kind { get; } = kind;

    public string Name { get; } = name;

    public int SectorSize => Kind == FirmwareDiskKind.Cd ? CdSector : IBlockDevice.SectorSize;

    public long Sectors => (medium()?.Length ?? 0) / SectorSize;

    public bool IsReadOnly => Kind == FirmwareDiskKind.Cd || medium() is not { IsReadOnly: false };

    /// <inheritdoc/>
    public (int Cylinders, int Heads, int Sectors) Geometry { get; init; }

    /// <inheritdoc/>
    public int? BootIndex { get; init; }

    public bool TryRead(long sector, Span<byte> into)
    {
        if (medium() is not { } device || !Holds(device, sector, into.Length))
            return false;
        try
        {
            device.Read(sector * SectorSize, into);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public bool TryWrite(long sector, ReadOnlySpan<byte> from)
    {
        if (IsReadOnly || medium() is not { } device || !Holds(device, sector, from.Length))
            return false;
        try
        {
            device.Write(sector * SectorSize, from);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private bool Holds(IBlockDevice device, long sector, int length) => sector >= 0 && sector <= device.Length / SectorSize && length <= device.Length - sector * SectorSize;
}
