using Suite.Devices.Block;
using Suite.Devices.Core;

namespace Suite.Devices.Floppy;

/// <summary>A floppy drive: the head's place, and what lies in it.</summary>
public sealed class FloppyDrive
{
    private const int Sector = IBlockDevice.SectorSize;

    private readonly Register _track, _changed;

    internal FloppyDrive(DeviceState state, string name, IBlockDevice? medium)
    {
        _track = state.Register($"{name} track", 8);
        _changed = state.KeptRegister($"{name} changed", 1, initial: 1);
        Insert(medium);
    }

    /// <summary>What lies in it; null when it is empty.</summary>
    public IBlockDevice? Medium { get; private set; }

    /// <summary>How its medium is laid out.</summary>
    public FloppyGeometry Geometry { get; private set; }

    internal int Track => _track.Int;

    /// <summary>The disk-change line: up since the medium was changed, until the head has moved.</summary>
    internal bool IsChanged => _changed.IsSet;

    internal bool IsReadOnly => Medium is { IsReadOnly: true };

    /// <summary>Changes the medium; null takes it out. The old one is the caller's.</summary>
    public void Insert(IBlockDevice? medium)
    {
        Medium = medium;
        Geometry = FloppyGeometry.Of(medium?.Length ?? 0);
        _changed.IsSet = true;
    }

    internal void Seek(int track)
    {
        _track.Value = (ulong)Math.Clamp(track, 0, 255);
        if (Medium is not null)
            _changed.IsSet = false;
    }

    // Where on the medium a sector is; negative when it is not there.
    internal long Find(int cylinder, int head, int sector)
    {
        FloppyGeometry g = Geometry;
        if (Medium is not { } medium || cylinder >= g.Cylinders || head >= g.Heads || sector < 1 || sector > g.Sectors)
            return -1;
        long offset = ((long)(cylinder * g.Heads + head) * g.Sectors + sector - 1) * Sector;
        return offset + Sector <= medium.Length ? offset : -1;
    }
}
