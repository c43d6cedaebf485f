using System.Globalization;

namespace Suite.LinuxUser.Strace;

/// <summary>
/// Text of bounded length on the caller's stack. What does not fit is dropped and marked with <c>...</c>, so a hostile guest cannot make
/// a trace line, or what is allocated for it, large.
/// </summary>
internal ref struct TextBuffer(Span<char> storage, int reserve = 0)
{
    private const string Ellipsis = "...";
    private readonly Span<char> _storage = storage;
    private int _limit = storage.Length - Ellipsis.Length - reserve;
    private int _length;
    private bool _full;

    public readonly int Length => _length;

    /// <summary>True when something was dropped; loops over guest data stop on it.</summary>
    public readonly bool IsFull => _full;

    public void Append(char c)
    {
        if (_full || _length >= _limit)
            _full = true;
        else
            _storage[_length++] = c;
    }

    public void Append(scoped ReadOnlySpan<char> text)
    {
        if (_full || !text.TryCopyTo(_storage[_length.._limit]))
            _full = true;
        else
            _length += text.Length;
    }

    public void AppendDecimal(long value) => AppendFormatted(value, default);

    public void AppendDecimal(ulong value) => AppendFormatted(value, default);

    public void AppendHex(ulong value)
    {
        Append("0x");
        AppendFormatted(value, "x");
    }

    /// <summary>File modes as strace writes them (printf's %#03o): a leading zero, at least three characters.</summary>
    public void AppendMode(ulong value)
    {
        int digits = 2;
        while (digits < 22 && value >> (3 * digits) != 0)
            digits++;
        Append('0');
        for (int i = digits - 1; i >= 0; i--)
            Append((char)('0' + (value >> (3 * i) & 7)));
    }

    /// <summary>Takes back everything after <paramref name="length"/>.</summary>
    public void Rewind(int length)
    {
        _length = length;
        _full = false;
    }

    /// <summary>Marks dropped text, then opens the reserve, so that what follows (the result) is always printed.</summary>
    public void OpenReserve()
    {
        MarkDropped();
        _limit = _storage.Length - Ellipsis.Length;
        _full = false;
    }

    /// <summary>The text, ending in <c>...</c> when something was dropped.</summary>
    public ReadOnlySpan<char> Finish()
    {
        MarkDropped();
        _full = false;
        return _storage[.._length];
    }

    private void MarkDropped()
    {
        if (!_full)
            return;
        Ellipsis.CopyTo(_storage[_length..]);
        _length += Ellipsis.Length;
    }

    private void AppendFormatted<T>(T value, ReadOnlySpan<char> format) where T : ISpanFormattable
    {
        if (_full || !value.TryFormat(_storage[_length.._limit], out int written, format, CultureInfo.InvariantCulture))
            _full = true;
        else
            _length += written;
    }
}
