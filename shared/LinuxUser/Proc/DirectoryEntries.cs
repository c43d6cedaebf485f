using System.Buffers.Binary;

namespace Suite.LinuxUser.Proc;

/// <summary>Walks, and thins out, what getdents(2) or getdents64(2) left in a buffer (struct linux_dirent and linux_dirent64).</summary>
internal ref struct DirectoryEntries(Span<byte> entries, int nameOffset)
{
    /// <summary>Where the name is in an entry of getdents64: inode, offset, length, type come first.</summary>
    public const int NameOffset64 = 19;

    /// <summary>Where the name is in an entry of getdents: inode, offset, length come first.</summary>
    public const int NameOffset = 18;

    private const int LengthOffset = 16;

    private readonly Span<byte> _entries = entries;
    private int _at, _next, _kept;

    /// <summary>Bytes of the entries that were kept.</summary>
    public readonly int KeptBytes => _kept;

    /// <summary>The current entry's name without its NUL.</summary>
    public readonly ReadOnlySpan<byte> Name => Loader.GuestText.CString(_entries[(_at + nameOffset).._next]);

    /// <summary>Goes to the next entry; false at the end, also when what follows is no entry.</summary>
    public bool Next()
    {
        _at = _next;
        if (_at + nameOffset >= _entries.Length)
            return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(_entries[(_at + LengthOffset)..]);
        if (length <= nameOffset || _at + length > _entries.Length)
            return false;
        _next = _at + length;
        return true;
    }

    /// <summary>Keeps the current entry: moves it behind those kept before.</summary>
    public void Keep()
    {
        _entries[_at.._next].CopyTo(_entries[_kept..]);
        _kept += _next - _at;
    }
}
