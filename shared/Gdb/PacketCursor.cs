using System.Text;

namespace Suite.Gdb;

/// <summary>Reads a packet from left to right. What is not there is refused, never guessed.</summary>
internal ref struct PacketCursor(ReadOnlySpan<byte> packet)
{
    /// <summary>What has not been read yet.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = packet;

    public readonly bool IsAtEnd => Rest.IsEmpty;

    /// <summary>Takes a word if it comes next.</summary>
    public bool TryTake(ReadOnlySpan<byte> word)
    {
        if (!Rest.StartsWith(word))
            return false;
        Rest = Rest[word.Length..];
        return true;
    }

    /// <summary>A number of at least one and at most 16 hexadecimal digits.</summary>
    public bool TryHex(out ulong value)
    {
        value = 0;
        int digits = 0;
        for (; digits < Rest.Length && Hex.Digit(Rest[digits]) is >= 0 and var digit; digits++)
        {
            if (digits == 16)
                return false;
            value = value << 4 | (uint)digit;
        }

        Rest = Rest[digits..];
        return digits > 0;
    }

    /// <summary>A number that fits in an int, not negative.</summary>
    public bool TryInt(out int value)
    {
        bool fits = TryHex(out ulong wide) && wide <= int.MaxValue;
        value = fits ? (int)wide : 0;
        return fits;
    }

    /// <summary>Everything up to a character, which is taken too; or the rest when it does not come.</summary>
    public ReadOnlySpan<byte> Until(byte character)
    {
        int at = Rest.IndexOf(character);
        ReadOnlySpan<byte> part = at < 0 ? Rest : Rest[..at];
        Rest = at < 0 ? [] : Rest[(at + 1)..];
        return part;
    }

    /// <summary>A thread-id: TID, or pPID.TID, or pPID; each a number, -1 or 0.</summary>
    /// <param name="process">The process meant when none is named.</param>
    /// <param name="thread">The thread.</param>
    public bool TryThread(int process, out GdbThreadId thread)
    {
        thread = default;
        if (!TryTake("p"u8))
        {
            if (!TryId(out int alone))
                return false;
            thread = alone == GdbThreadId.All ? GdbThreadId.Everything : new GdbThreadId(process, alone);
            return true;
        }

        if (!TryId(out int pid))
            return false;
        int tid = GdbThreadId.All;
        if (TryTake("."u8) && !TryId(out tid))
            return false;
        thread = new GdbThreadId(pid, tid);
        return true;
    }

    /// <summary>A string in hexadecimal digits; null when it is none.</summary>
    public readonly string? HexText() => Hex.Bytes(Rest) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private bool TryId(out int id)
    {
        id = GdbThreadId.All;
        return TryTake("-1"u8) || TryInt(out id);
    }
}
