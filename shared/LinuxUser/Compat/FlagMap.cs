using System.Numerics;
using Suite.LinuxUser.Strace;

namespace Suite.LinuxUser.Compat;

/// <summary>Flags that have another bit on the guest than on the host, such as O_DIRECTORY of PowerPC. Bits that agree stay.</summary>
internal sealed class FlagMap
{
    private readonly (ulong Guest, ulong Host)[] _moved;
    private readonly ulong _guestBits, _hostBits;

    private FlagMap((ulong Guest, ulong Host)[] moved)
    {
        _moved = moved;
        foreach ((ulong guest, ulong host) in moved)
        {
            _guestBits |= guest;
            _hostBits |= host;
        }
    }

    /// <summary>Compares two sets by name; null when they agree. Names of several bits follow from their bits.</summary>
    public static FlagMap? Between(ConstantSet guest, ConstantSet host)
    {
        List<(ulong, ulong)> moved = [];
        foreach (ConstantSet.Entry entry in guest.Entries)
            foreach (ConstantSet.Entry other in host.Entries)
                if (entry.Name == other.Name && entry.Value != other.Value && BitOperations.IsPow2(entry.Value))
                    moved.Add((entry.Value, other.Value));
        return moved.Count == 0 ? null : new FlagMap([.. moved]);
    }

    /// <summary>The guest's flags as the host has them.</summary>
    public ulong ToHost(ulong value)
    {
        ulong result = value & ~(_guestBits | _hostBits);
        foreach ((ulong guest, ulong host) in _moved)
            if ((value & guest) != 0)
                result |= host;
        return result;
    }

    /// <summary>The host's flags as the guest has them.</summary>
    public ulong ToGuest(ulong value)
    {
        ulong result = value & ~(_guestBits | _hostBits);
        foreach ((ulong guest, ulong host) in _moved)
            if ((value & host) != 0)
                result |= guest;
        return result;
    }
}
