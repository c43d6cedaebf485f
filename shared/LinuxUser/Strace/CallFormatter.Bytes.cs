using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>Strings, buffers and vectors of them.</summary>
internal ref partial struct CallFormatter
{
    /// <summary>Bytes of data or text printed before the dots.</summary>
    private const int MaximumString = 64;

    /// <summary>Paths are printed longer: what is cut is usually the part that matters.</summary>
    private const int MaximumPath = 256;

    private const int MaximumVectors = 16;

    private void AppendGuestString(ref TextBuffer text, ulong address, int maximum)
    {
        int mark = text.Length;
        if (address != 0 && TryAppendString(ref text, address, maximum))
            return;
        text.Rewind(mark);
        AppendAddress(ref text, address);
    }

    /// <summary>A string that ends at its zero byte, after <paramref name="maximum"/> bytes (with dots), or at an unreadable page (false).</summary>
    private bool TryAppendString(ref TextBuffer text, ulong address, int maximum)
    {
        Span<byte> bytes = stackalloc byte[MaximumPath];
        bytes = bytes[..Math.Min(maximum, MaximumPath)];
        int length = ReadString(address, bytes, out bool ended);
        if (length < 0)
            return false;
        AppendQuoted(ref text, bytes[..length], cut: !ended && HasMore(address + (ulong)length));
        return true;
    }

    /// <summary>Whether a string that filled its buffer goes on; the byte behind the last that may be printed is often just the end.</summary>
    private readonly bool HasMore(ulong address) => !_memory.TryReadUnsigned(address, 1, out ulong next) || next != 0;

    private readonly int ReadString(ulong address, Span<byte> into, out bool ended)
    {
        // In pieces, so that a string just before an unreadable page is still a string.
        const int Piece = 16;
        ended = false;
        int length = 0;
        while (length < into.Length)
        {
            Span<byte> piece = into.Slice(length, Math.Min(Piece - (int)((address + (ulong)length) % Piece), into.Length - length));
            if (!_memory.TryRead(address + (ulong)length, piece))
                return -1;
            int zero = piece.IndexOf((byte)0);
            if (zero >= 0)
            {
                ended = true;
                return length + zero;
            }
            length += piece.Length;
        }
        return length;
    }

    private readonly bool TryAppendBytes(ref TextBuffer text, ulong address, long length)
    {
        Span<byte> bytes = stackalloc byte[MaximumString];
        if (length < 0)
            return false;
        bytes = bytes[..(int)Math.Min(length, MaximumString)];
        if (!_memory.TryRead(address, bytes))
            return false;
        AppendQuoted(ref text, bytes, cut: length > MaximumString);
        return true;
    }

    /// <summary>C string syntax; bytes that are not printable ASCII as the shortest octal escape that stays unambiguous.</summary>
    private static void AppendQuoted(ref TextBuffer text, scoped ReadOnlySpan<byte> bytes, bool cut)
    {
        text.Append('"');
        for (int i = 0; i < bytes.Length && !text.IsFull; i++)
        {
            byte b = bytes[i];
            switch (b)
            {
                case (byte)'"' or (byte)'\\':
                    text.Append('\\');
                    text.Append((char)b);
                    break;
                case >= 0x20 and < 0x7f:
                    text.Append((char)b);
                    break;
                case >= 7 and <= 13:
                    text.Append('\\');
                    text.Append("abtnvfr"[b - 7]);
                    break;
                default:
                    bool digitFollows = i + 1 < bytes.Length && bytes[i + 1] is >= (byte)'0' and <= (byte)'7';
                    AppendOctalEscape(ref text, b, digitFollows ? 3 : 1);
                    break;
            }
        }
        text.Append('"');
        if (cut)
            text.Append("...");
    }

    private static void AppendOctalEscape(ref TextBuffer text, byte value, int minimumDigits)
    {
        text.Append('\\');
        if (minimumDigits == 3 || value >= 64)
            text.Append((char)('0' + (value >> 6)));
        if (minimumDigits == 3 || value >= 8)
            text.Append((char)('0' + (value >> 3 & 7)));
        text.Append((char)('0' + (value & 7)));
    }

    /// <summary>argv as its strings; an environment only by its size.</summary>
    private void AppendStringVector(ref TextBuffer text, ulong address, bool countOnly)
    {
        const int MostCounted = 1024;
        if (countOnly)
            AppendAddress(ref text, address);
        int mark = text.Length, index = 0;
        if (!countOnly)
            text.Append('[');
        ulong item = 0;
        while (address != 0 && index < MostCounted && _memory.TryReadWord(address + (ulong)(index * _memory.Abi.WordBytes), out item) && item != 0)
        {
            if (!countOnly)
            {
                if (!Separate(ref text, index))
                    break;
                AppendGuestString(ref text, item, MaximumString);
            }
            index++;
        }
        bool unreadable = index == 0 && (address == 0 || !_memory.TryReadWord(address, out _));
        if (countOnly && !unreadable)
        {
            text.Append(" /* ");
            text.AppendDecimal(index);
            text.Append(" vars */");
        }
        else if (!countOnly && unreadable)
        {
            text.Rewind(mark);
            AppendAddress(ref text, address);
        }
        else if (!countOnly)
            text.Append(']');
    }

    /// <summary>An iovec array; <paramref name="moved"/> bytes of it hold data.</summary>
    private readonly bool TryAppendVectors(ref TextBuffer text, ulong address, long count, long moved)
    {
        int word = _memory.Abi.WordBytes;
        text.Append('[');
        for (long i = 0; i < count; i++)
        {
            if (i > 0)
                text.Append(", ");
            ulong at = address + (ulong)(i * 2 * word);
            if (i >= MaximumVectors || text.IsFull || !_memory.TryReadWord(at, out ulong start) || !_memory.TryReadWord(at + (ulong)word, out ulong size))
            {
                if (i == 0)
                    return false;
                text.Append("...");
                break;
            }
            long length = (long)Math.Min(size, long.MaxValue);
            text.Append("{iov_base=");
            int mark = text.Length;
            if (start == 0 || !TryAppendBytes(ref text, start, Math.Min(length, Math.Max(moved, 0))))
            {
                text.Rewind(mark);
                AppendAddress(ref text, start);
            }
            moved -= Math.Min(length, moved);
            text.Append(", iov_len=");
            text.AppendDecimal(size);
            text.Append('}');
        }
        text.Append(']');
        return true;
    }

    /// <summary>struct msgbuf of the System V queues: a long type, then the text.</summary>
    private readonly bool TryAppendMessage(ref TextBuffer text, ulong address, long length)
    {
        int word = _memory.Abi.WordBytes;
        if (!_memory.TryReadWord(address, out ulong type))
            return false;
        text.Append("{mtype=");
        text.AppendDecimal((long)SignExtend(type, word));
        text.Append(", mtext=");
        if (!TryAppendBytes(ref text, address + (ulong)word, length))
            return false;
        text.Append('}');
        return true;
    }

    /// <summary>Directory entries by their number; only the record lengths are read.</summary>
    private readonly bool TryAppendDirectory(ref TextBuffer text, ulong address, long bytes, int lengthOffset)
    {
        const int MostCounted = 4096;
        int entries = 0;
        for (long at = 0; at + lengthOffset + 2 <= bytes && entries < MostCounted; entries++)
        {
            if (!_memory.TryReadUnsigned(address + (ulong)(at + lengthOffset), 2, out ulong record) || record == 0)
                return false;
            at += (long)record;
        }
        AppendAddress(ref text, address);
        text.Append(" /* ");
        text.AppendDecimal(entries);
        text.Append(" entries */");
        return true;
    }

    /// <summary>Bits by their number: descriptors of a select set, processors of a mask. Stored as an array of longs.</summary>
    private readonly bool TryAppendBitSet(ref TextBuffer text, ulong address, long bits)
    {
        const int MostBits = 8192;
        int perWord = 8 * _memory.Abi.WordBytes, printed = 0;
        bits = Math.Clamp(bits, 0, MostBits);
        text.Append('[');
        for (int bit = 0; bit < bits && printed <= MaximumElements; bit += perWord)
        {
            if (!_memory.TryReadWord(address + (ulong)(bit / 8), out ulong word))
                return false;
            for (int i = 0; i < perWord && bit + i < bits && printed <= MaximumElements; i++)
            {
                if ((word >> i & 1) == 0)
                    continue;
                if (printed > 0)
                    text.Append(' ');
                if (printed == MaximumElements)
                    text.Append("...");
                else
                    text.AppendDecimal(bit + i);
                printed++;
            }
        }
        text.Append(']');
        return true;
    }
}
