using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// Moves one struct between the guest's layout and the host's: width, place and byte order of every field the two have in common, by name.
/// Host fields the guest lacks become zero.
/// </summary>
internal sealed class StructConverter
{
    private readonly FieldMove[] _moves;
    private readonly bool _bigEndian;

    private StructConverter(FieldMove[] moves, bool bigEndian, int guestSize, int hostSize, bool isSized)
    {
        _moves = moves;
        _bigEndian = bigEndian;
        GuestSize = guestSize;
        HostSize = hostSize;
        IsSized = isSized;
        IsSame = !bigEndian && guestSize == hostSize
            && Array.TrueForAll(moves, static m => m.GuestOffset == m.HostOffset && m.GuestBytes == m.HostBytes && m.Flags is null && m.Rule is not (FieldRule.Inode or FieldRule.LowHalf));
    }

    /// <summary>Bytes of the guest's struct.</summary>
    public int GuestSize { get; }

    /// <summary>Bytes of the host's struct.</summary>
    public int HostSize { get; }

    /// <summary>Both sides agree on every byte, so that nothing needs converting.</summary>
    public bool IsSame { get; }

    /// <summary>The caller says how long the struct is, and fields beyond that do not exist.</summary>
    public bool IsSized { get; }

    /// <exception cref="FormatException">One of the layouts leaves fields out.</exception>
    public static StructConverter Between(StructLayout guest, StructLayout host, CompatPersonality personality)
    {
        if (!guest.IsWhole || !host.IsWhole)
            throw new FormatException("a layout that leaves fields out cannot be converted");
        List<FieldMove> moves = [];
        Pair(guest, 0, host, 0, moves, personality);
        return new StructConverter([.. moves], personality.Abi.BigEndian, guest.Size, host.Size, guest.IsSized);
    }

    /// <summary>For a scalar that stands alone, or an array of them.</summary>
    public static StructConverter OfScalar(int guestBytes, int hostBytes, bool signed, GuestAbi abi) =>
        new([new FieldMove(0, guestBytes, 0, hostBytes, signed, 1, guestBytes == 2 && hostBytes == 4 ? FieldRule.ShortId : FieldRule.Truncate, null)], abi.BigEndian, guestBytes, hostBytes, isSized: false);

    /// <summary>Fills the host's struct. Of a struct cut short by its caller, what is there is converted.</summary>
    public void ToHost(ReadOnlySpan<byte> guest, Span<byte> host)
    {
        host.Clear();
        foreach (ref readonly FieldMove move in _moves.AsSpan())
        {
            for (int i = 0; i < move.Count; i++)
            {
                int from = move.GuestOffset + i * move.GuestBytes, to = move.HostOffset + i * move.HostBytes;
                if (from + move.GuestBytes > guest.Length || to + move.HostBytes > host.Length)
                    break;
                ulong value = GuestNumber.Read(guest.Slice(from, move.GuestBytes), _bigEndian, move.Signed);
                if (move.Rule == FieldRule.Limit && move.GuestBytes == 4 && (uint)value == uint.MaxValue)
                    value = ulong.MaxValue;
                else if (move.Rule == FieldRule.LowHalf)
                    value = (uint)value;
                if (move.Rule == FieldRule.ShortId)
                    value = ShortIds.ToHost(value);
                if (move.Flags is not null)
                    value = move.Flags.ToHost(value);
                GuestNumber.Write(host.Slice(to, move.HostBytes), bigEndian: false, value);
            }
        }
    }

    /// <summary>
    /// Puts the host's values into the guest's struct, whose other bytes stay as they are. False when one does not fit that must.
    /// </summary>
    public bool ToGuest(ReadOnlySpan<byte> host, Span<byte> guest)
    {
        bool fits = true;
        foreach (ref readonly FieldMove move in _moves.AsSpan())
        {
            for (int i = 0; i < move.Count; i++)
            {
                int to = move.GuestOffset + i * move.GuestBytes, from = move.HostOffset + i * move.HostBytes;
                if (to + move.GuestBytes > guest.Length || from + move.HostBytes > host.Length)
                    break;
                ulong value = GuestNumber.Read(host.Slice(from, move.HostBytes), bigEndian: false, move.Signed);
                if (move.Flags is not null)
                    value = move.Flags.ToGuest(value);
                fits &= Narrow(move, ref value);
                GuestNumber.Write(guest.Slice(to, move.GuestBytes), _bigEndian, value);
            }
        }

        return fits;
    }

    private static bool Narrow(in FieldMove move, ref ulong value)
    {
        switch (move.Rule)
        {
            case FieldRule.Inode:
                value = InodeNumber.Fold(value);
                return true;
            case FieldRule.ShortId:
                value = ShortIds.ToGuest((uint)value);
                return true;
        }

        if (move.GuestBytes >= move.HostBytes || move.Rule == FieldRule.Truncate)
            return true;
        ulong most = move.Signed ? (1UL << (8 * move.GuestBytes - 1)) - 1 : (1UL << (8 * move.GuestBytes)) - 1;
        if (move.Rule == FieldRule.Refuse)
            return value <= most;
        value = Math.Min(value, most);
        return true;
    }

    private static void Pair(StructLayout guest, int guestBase, StructLayout host, int hostBase, List<FieldMove> moves, CompatPersonality personality)
    {
        foreach (StructField field in guest.Fields)
        {
            if (field.Name == "pad" || Find(host, field.Name) is not { } other)
                continue;
            int from = guestBase + field.Offset, to = hostBase + other.Offset;
            if (field.Nested is not null && other.Nested is not null)
            {
                for (int i = 0; i < Math.Min(field.Count, other.Count); i++)
                    Pair(field.Nested, from + i * field.Bytes, other.Nested, to + i * other.Bytes, moves, personality);
                continue;
            }

            FieldRule rule = field.Type.Kind switch
            {
                SignatureKind.Limit => FieldRule.Limit,
                SignatureKind.Size => FieldRule.Refuse,
                SignatureKind.Inode => FieldRule.Inode,
                SignatureKind.Uid or SignatureKind.Gid when field.Bytes == 2 => FieldRule.ShortId,
                _ when field.Name == "tv_nsec" && field.Bytes == 8 => FieldRule.LowHalf,
                _ => FieldRule.Truncate,
            };
            FlagMap? flags = field.Type.Kind == SignatureKind.Flags ? personality.Flags(field.Type.Name) : null;
            moves.Add(field.Storage switch
            {
                FieldStorage.Text => new FieldMove(from, 1, to, 1, false, Math.Min(field.Bytes, other.Bytes), rule, null),
                FieldStorage.SignalSet => new FieldMove(from, 4, to, 4, false, 2, rule, null),
                _ => new FieldMove(from, field.Bytes, to, other.Bytes, field.Storage == FieldStorage.Signed, Math.Min(field.Count, other.Count), rule, flags),
            });
        }
    }

    private static StructField? Find(StructLayout layout, string name)
    {
        foreach (StructField field in layout.Fields)
            if (field.Name == name)
                return field;
        return null;
    }
}
