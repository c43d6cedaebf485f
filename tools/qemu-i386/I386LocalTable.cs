using Suite.Host;

namespace Suite.Tools.I386;

/// <summary>
/// The local descriptor table, which is the host process's own and therefore one for all guests in it. The kernel is asked once and again when a
/// descriptor has changed: every transfer in a segment of it needs one.
/// </summary>
internal static unsafe class I386LocalTable
{
    private const int modify_ldt = 154, ReadFunction = 0; // by the 64-bit table: its layouts are the same
    private const int EntryBytes = sizeof(ulong), FirstEntries = 16;

    private static readonly Lock Changes = new();
    private static ulong[] _known = []; // the table's first entries

    /// <summary>The descriptor that a selector names.</summary>
    public static I386SegmentDescriptor Find(ushort selector)
    {
        int entry = selector / EntryBytes;
        ulong[] known = Volatile.Read(ref _known);
        return new I386SegmentDescriptor(entry < known.Length ? known[entry] : ReadUpTo(entry)[entry]);
    }

    /// <summary>modify_ldt(2) as it is, for a function that writes.</summary>
    public static long Write(int function, byte* entry, int bytes)
    {
        lock (Changes)
        {
            long result = (int)Sys.Call(modify_ldt, function, (long)entry, bytes);
            Volatile.Write(ref _known, []);
            return result;
        }
    }

    private static ulong[] ReadUpTo(int entry)
    {
        lock (Changes)
        {
            ulong[] table = new ulong[Math.Max(FirstEntries, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)entry + 1))];
            fixed (ulong* p = table)
                Sys.Call(modify_ldt, ReadFunction, (long)p, table.Length * EntryBytes); // what is not there stays 0
            Volatile.Write(ref _known, table);
            return table;
        }
    }
}
