using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Strace;

/// <summary>Reads numbers of a guest's width and byte order; every read can fail, none throws.</summary>
internal readonly struct GuestView(GuestAbi abi, IGuestReader memory)
{
    public GuestAbi Abi { get; } = abi;

    /// <summary>False when any byte is unreadable or the range leaves the guest's address space.</summary>
    public bool TryRead(ulong address, Span<byte> into)
    {
        ulong last = unchecked(address + (ulong)into.Length - 1);
        if (into.Length != 0 && (last < address || (Abi.WordBytes == 4 && last > uint.MaxValue)))
            return false;
        return memory.TryRead(address, into);
    }

    /// <summary>Reads an unsigned integer of 1 to 8 bytes.</summary>
    public bool TryReadUnsigned(ulong address, int bytes, out ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        raw = raw[..bytes];
        value = 0;
        if (!TryRead(address, raw))
            return false;
        value = ToUnsigned(raw);
        return true;
    }

    public bool TryReadWord(ulong address, out ulong value) => TryReadUnsigned(address, Abi.WordBytes, out value);

    /// <summary>The integer these bytes are in the guest's order.</summary>
    public ulong ToUnsigned(ReadOnlySpan<byte> raw)
    {
        ulong value = 0;
        for (int i = 0; i < raw.Length; i++)
            value = value << 8 | raw[Abi.BigEndian ? i : raw.Length - 1 - i];
        return value;
    }
}
