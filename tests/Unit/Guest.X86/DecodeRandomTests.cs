using Suite.Guest.X86.Decode;

namespace Suite.Tests.Guest.X86;

/// <summary>Random byte strings against Iced, with fixed seeds.</summary>
public sealed class DecodeRandomTests
{
    private const int Count = 2_000_000;

    private static ReadOnlySpan<byte> Prefixes => [0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x40, 0x41, 0x44, 0x48, 0x4F];

    private static ReadOnlySpan<byte> Escapes => [0x0F, 0x0F, 0x0F, 0xC4, 0xC5, 0x62, 0x8F, 0x0F];

    [Theory]
    [InlineData(CpuMode.Bits16)]
    [InlineData(CpuMode.Bits32)]
    [InlineData(CpuMode.Bits64)]
    public void LayoutAndFlowAgreeWithIced(CpuMode mode)
    {
        DecodeOracle oracle = new(mode);
        Random random = new(2009 + (int)mode);
        for (int i = 0; i < Count; i++)
        {
            random.NextBytes(oracle.Buffer);
            Shape(oracle.Buffer, random.Next());
            oracle.Check();
        }

        oracle.AssertNoDifferences();
        Assert.True(oracle.ValidCount > Count / 4, $"only {oracle.ValidCount} valid");
    }

    /// <summary>Makes prefixes and escapes more frequent than chance does; <paramref name="choice"/> holds the random bits to use.</summary>
    private static void Shape(Span<byte> bytes, int choice)
    {
        int at = 0;
        int prefixes = (choice & 7) switch
        {
            < 3 => 0,
            < 5 => 1,
            < 6 => 2,
            < 7 => 4,
            _ => choice >> 24 & 15,
        };
        for (; at < prefixes; at++)
            bytes[at] = Prefixes[bytes[at] & 15];
        if ((choice & 0x30) != 0)
            return;
        bytes[at] = Escapes[bytes[at] & 7];
        if (bytes[at] == 0x0F && (choice & 0xC0) == 0)
            bytes[at + 1] = (byte)((choice & 0x100) == 0 ? 0x38 : 0x3A);
        else if (bytes[at] is 0xC4 or 0x62 && (choice & 0xC0) != 0)
            bytes[at + 1] = (byte)((bytes[at + 1] & 0xE0) | 0xC0 | (1 + ((choice >> 9) % 3)));
    }
}
