using Suite.PcBios;

namespace Suite.Tests.PcBios;

/// <summary>A disk in memory.</summary>
internal sealed class MemoryDisk(FirmwareDiskKind kind, byte[] bytes) : IFirmwareDisk
{
    public byte[] Bytes { get; } = bytes;

    public FirmwareDiskKind Kind { get; } = kind;

    public string Name { get; init; } = "disk0";

    public int SectorSize => Kind == FirmwareDiskKind.Cd ? 2048 : 512;

    public long Sectors => Bytes.Length / SectorSize;

    public bool IsReadOnly { get; init; }

    public (int Cylinders, int Heads, int Sectors) Geometry { get; init; }

    public int? BootIndex { get; init; }

    /// <summary>Sectors from here on cannot be read.</summary>
    public long BadFrom { get; init; } = long.MaxValue;

    public bool TryRead(long sector, Span<byte> into)
    {
        if (sector + into.Length / SectorSize > Math.Min(Sectors, BadFrom))
            return false;
        Bytes.AsSpan((int)(sector * SectorSize), into.Length).CopyTo(into);
        return true;
    }

    public bool TryWrite(long sector, ReadOnlySpan<byte> from)
    {
        if (IsReadOnly || sector + from.Length / SectorSize > Sectors)
            return false;
        from.CopyTo(Bytes.AsSpan((int)(sector * SectorSize)));
        return true;
    }
}
