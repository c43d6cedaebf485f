using Suite.Devices.Core;

namespace Suite.Devices.Display;

/// <summary>When pages of video memory were last seen written: looks are numbered, so that viewers may look at different times.</summary>
/// <param name="log">What the guest writes.</param>
/// <param name="length">Bytes of video memory.</param>
internal sealed class VideoPages(IWriteLog log, int length)
{
    private const int PageBits = 12;

    private readonly byte[] _written = new byte[length >> PageBits];
    private readonly long[] _stamps = new long[length >> PageBits];
    private long _look;

    /// <summary>The device itself writes.</summary>
    public void Touch(uint offset) => _written[offset >> PageBits] = 1;

    /// <summary>Everything may be different.</summary>
    public void TouchAll() => Array.Fill(_written, (byte)1);

    /// <summary>Takes what was written by now; the result is this look's number, from 1.</summary>
    public long Look()
    {
        log.Take(_written);
        _look++;
        for (int i = _written.AsSpan().IndexOf((byte)1); i >= 0 && i < _written.Length; i++)
            if (_written[i] != 0)
                (_stamps[i], _written[i]) = (_look, 0);
        return _look;
    }

    /// <summary>True when bytes, all inside, were written after a look.</summary>
    public bool IsWrittenSince(long look, long offset, int bytes)
    {
        for (long page = offset >> PageBits; page <= (offset + bytes - 1) >> PageBits; page++)
            if (_stamps[page] > look)
                return true;
        return false;
    }
}
