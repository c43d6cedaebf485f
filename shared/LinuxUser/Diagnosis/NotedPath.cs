using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>The beginning of a path as it was when a call was made; nothing when <see cref="Address"/> is 0.</summary>
public struct NotedPath
{
    private const int Capacity = 48;
    private Text _text;
    private int _length;

    /// <summary>Where the guest has it.</summary>
    public ulong Address { get; private set; }

    /// <summary>Its bytes without NUL. One that was longer ends in dots.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Bytes => ((ReadOnlySpan<byte>)_text)[.._length];

    /// <summary>Notes a path.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="head">Its first bytes, with the NUL if that is among them.</param>
    public void Set(ulong address, ReadOnlySpan<byte> head)
    {
        int end = head.IndexOf((byte)0);
        (Address, _length) = (address, end >= 0 ? Math.Min(end, Capacity) : Math.Min(head.Length, Capacity));
        head[.._length].CopyTo(_text);
        if (end < 0 || end > Capacity)
            "..."u8.CopyTo(((Span<byte>)_text)[Math.Max(0, _length - 3).._length]);
    }

    /// <summary>There is none.</summary>
    public void Clear() => (Address, _length) = (0, 0);

    [InlineArray(Capacity)]
    private struct Text
    {
        private byte _first;
    }
}
