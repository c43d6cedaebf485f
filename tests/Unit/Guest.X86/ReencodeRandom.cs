namespace Suite.Tests.Guest.X86;

/// <summary>A fast repeatable source of random numbers (splitmix64, public domain algorithm of S. Vigna).</summary>
internal sealed unsafe class ReencodeRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    public T Pick<T>(ReadOnlySpan<T> from) => from[Below(from.Length)];

    /// <summary>A number as programs have them: any bits, small, around the limits of signed and unsigned types.</summary>
    public ulong Value()
    {
        ulong any = Next();
        return Below(8) switch
        {
            0 => any & 0xFF,
            1 => (ulong)-(long)(any & 0xFF),
            2 => (1UL << (int)(any & 63)) - (any >> 6 & 1),
            3 => (uint)any,
            4 => (ulong)(int)any,
            _ => any,
        };
    }

    /// <summary>Fills memory with random bits, now and then zeros, ones, and floating-point numbers of moderate size.</summary>
    public void Fill(Span<byte> memory)
    {
        fixed (byte* at = memory)
        {
            int i = 0;
            for (; i + 8 <= memory.Length; i += 8)
                *(ulong*)(at + i) = Lane();
            for (; i < memory.Length; i++)
                at[i] = (byte)Next();
        }
    }

    private ulong Lane()
    {
        ulong any = Next();
        return (any & 15) switch
        {
            0 => 0,
            1 => ulong.MaxValue,
            2 => BitConverter.DoubleToUInt64Bits((int)(any >> 32) / 64.0),
            3 => BitConverter.SingleToUInt32Bits((short)(any >> 16) / 8f) | (ulong)BitConverter.SingleToUInt32Bits((short)(any >> 32) / 4f) << 32,
            4 => any & 0x000F_000F_000F_000F,
            _ => any,
        };
    }
}
