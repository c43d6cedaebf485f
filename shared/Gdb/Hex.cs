namespace Suite.Gdb;

/// <summary>Hexadecimal digits.</summary>
internal static class Hex
{
    /// <summary>The value of a digit; -1 for other characters.</summary>
    public static int Digit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };

    /// <summary>The digit of a value below 16.</summary>
    public static byte Character(int value) => (byte)"0123456789abcdef"[value & 15];

    /// <summary>Bytes from pairs of digits; null for anything else.</summary>
    public static byte[]? Bytes(ReadOnlySpan<byte> digits)
    {
        if (digits.Length % 2 != 0)
            return null;
        byte[] bytes = new byte[digits.Length / 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            (int high, int low) = (Digit(digits[2 * i]), Digit(digits[2 * i + 1]));
            if (high < 0 || low < 0)
                return null;
            bytes[i] = (byte)(high << 4 | low);
        }

        return bytes;
    }
}
