namespace Suite.LinuxUser.Diagnosis;

/// <summary>The CRC of gzip and .gnu_debuglink (RFC 1952, section 8: polynomial EDB88320h, reflected).</summary>
internal ref struct Crc32
{
    private readonly Span<uint> _table;
    private uint _register = uint.MaxValue;

    /// <summary>Begins a sum.</summary>
    /// <param name="table">Room for 256 entries.</param>
    public Crc32(Span<uint> table)
    {
        _table = table;
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0);
            table[(int)i] = value;
        }
    }

    /// <summary>The sum of what was added.</summary>
    public readonly uint Value => ~_register;

    /// <summary>The sum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> data)
    {
        Crc32 crc = new(stackalloc uint[256]);
        crc.Add(data);
        return crc.Value;
    }

    public void Add(ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
            _register = _table[(byte)(_register ^ b)] ^ (_register >> 8);
    }
}
