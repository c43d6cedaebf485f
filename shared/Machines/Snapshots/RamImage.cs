using Suite.Jit.Memory;

namespace Suite.Machines.Snapshots;

/// <summary>A memory block in a snapshot: its name and size, then runs of pages that are not zero (offset, length, bytes), then length 0.</summary>
internal static unsafe class RamImage
{
    private const int Page = 4096, LongestRun = 256 * Page;

    /// <summary>Writes a block.</summary>
    public static void Save(Stream to, RamBlock block)
    {
        SnapshotStream.WriteSection(to, "ram", System.Text.Encoding.UTF8.GetBytes(block.Name));
        SnapshotStream.WriteNumber(to, (long)block.Bytes);
        ulong at = 0;
        while (at < block.Bytes)
        {
            if (IsZero(block, at))
            {
                at += Page;
                continue;
            }

            int length = Page;
            while (length < LongestRun && at + (ulong)length < block.Bytes && !IsZero(block, at + (ulong)length))
                length += Page;
            SnapshotStream.WriteNumber(to, (long)at);
            SnapshotStream.WriteNumber(to, length);
            to.Write(new ReadOnlySpan<byte>(block.Host + at, length));
            at += (ulong)length;
        }

        SnapshotStream.WriteNumber(to, 0);
        SnapshotStream.WriteNumber(to, 0);
    }

    /// <summary>Reads what follows the section's head.</summary>
    /// <exception cref="InvalidDataException">It does not fit the block.</exception>
    public static void Load(Stream from, RamBlock block)
    {
        long size = SnapshotStream.ReadNumber(from);
        if (size != (long)block.Bytes)
            throw new InvalidDataException($"memory {block.Name} has {size >> 20} MiB in it and {block.Bytes >> 20} MiB here; give the same -m");
        ulong clean = 0;
        while (true)
        {
            ulong at = (ulong)SnapshotStream.ReadNumber(from);
            long length = SnapshotStream.ReadNumber(from);
            if (length == 0)
                break;
            if (length < 0 || length > LongestRun || at < clean || at > block.Bytes - (ulong)length)
                throw new InvalidDataException($"memory {block.Name} is damaged");
            Clear(block, clean, at);
            from.ReadExactly(new Span<byte>(block.Host + at, (int)length));
            clean = at + (ulong)length;
        }

        Clear(block, clean, block.Bytes);
    }

    private static void Clear(RamBlock block, ulong from, ulong to)
    {
        for (ulong at = from & ~(ulong)(Page - 1); at < to; at += Page)
            if (!IsZero(block, at))
                new Span<byte>(block.Host + at, Page).Clear();
    }

    private static bool IsZero(RamBlock block, ulong at) => !new ReadOnlySpan<byte>(block.Host + at, Page).ContainsAnyExcept((byte)0);
}
