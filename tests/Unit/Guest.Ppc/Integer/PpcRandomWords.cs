using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Random instruction words of rows: operand fields and endings at random, reserved bits zero.</summary>
internal sealed class PpcRandomWords(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>A word of a row.</summary>
    public uint Next(PpcRow row) => row.Match | (uint)_random.NextInt64() & PpcDisassembler.OperandBits(row) & ~row.Mask;

    /// <summary>A value with many bits alike: small, at the edge of a range, or random.</summary>
    public uint NextValue() => _random.Next(8) switch
    {
        0 => 0,
        1 => uint.MaxValue,
        2 => 0x80000000,
        3 => 0x7FFFFFFF,
        4 => (uint)_random.Next(-40, 40),
        5 => 1u << _random.Next(32),
        _ => (uint)_random.NextInt64(),
    };

    public int Below(int limit) => _random.Next(limit);
}
