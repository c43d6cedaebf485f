using Suite.Host.Diagnostics;

namespace Suite.Cli;

/// <summary>Sizes as written on a command line.</summary>
internal static class SizeText
{
    /// <summary>Reads a number (decimal, 0x hexadecimal, 0 octal) of bytes with a suffix k, M or G of either case; false also when it does not fit 64 bits.</summary>
    public static bool TryParse(string text, out ulong bytes)
    {
        int shift = text.Length == 0 ? 0 : text[^1] switch
        {
            'k' or 'K' => 10,
            'm' or 'M' => 20,
            'g' or 'G' => 30,
            _ => 0,
        };
        ReadOnlySpan<char> number = shift == 0 ? text : text.AsSpan(0, text.Length - 1);
        bool fits = AddressFilter.TryParseNumber(number, out bytes) && bytes << shift >> shift == bytes;
        bytes <<= shift;
        return fits;
    }
}
