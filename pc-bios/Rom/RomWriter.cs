using System.Text;

namespace Suite.PcBios.Rom;

/// <summary>The ROM image while it is put together: code as bytes, labels for near jumps, places that programs expect things at.</summary>
internal sealed class RomWriter
{
    public const int Size = 0x10000;

    private readonly byte[] _image = new byte[Size];
    private readonly Dictionary<string, int> _labels = [];
    private readonly List<(int At, int Bytes, string Label)> _open = [];

    /// <summary>Where the next byte goes: offset in segment F000.</summary>
    public int Position { get; set; }

    /// <summary>Appends bytes.</summary>
    public RomWriter Put(params ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_image.AsSpan(Position));
        Position += bytes.Length;
        return this;
    }

    /// <summary>Names the current place.</summary>
    public RomWriter Label(string name)
    {
        _labels.Add(name, Position);
        return this;
    }

    /// <summary>Opcode bytes, then the distance to a label in one byte.</summary>
    public RomWriter Short(string label, params ReadOnlySpan<byte> opcode) => Jump(label, 1, opcode);

    /// <summary>Opcode bytes, then the distance to a label in two bytes.</summary>
    public RomWriter Near(string label, params ReadOnlySpan<byte> opcode) => Jump(label, 2, opcode);

    /// <summary>Offset of a label that is already there.</summary>
    public ushort Offset(string label) => (ushort)_labels[label];

    public RomWriter Word(int value) => Put((byte)value, (byte)(value >> 8));

    public RomWriter Dword(uint value) => Put(BitConverter.GetBytes(value));

    public RomWriter Ascii(string text) => Put(Encoding.ASCII.GetBytes(text));

    public RomWriter Align(int to)
    {
        Position = (Position + to - 1) / to * to;
        return this;
    }

    /// <summary>The finished image.</summary>
    /// <exception cref="InvalidOperationException">A label is missing or too far: a mistake in the ROM's source.</exception>
    public byte[] Finish()
    {
        foreach ((int at, int bytes, string label) in _open)
        {
            int distance = _labels[label] - (at + bytes);
            if (bytes == 1 && distance is < sbyte.MinValue or > sbyte.MaxValue)
                throw new InvalidOperationException($"{label} is too far from {at:x}");
            _image[at] = (byte)distance;
            if (bytes == 2)
                _image[at + 1] = (byte)(distance >> 8);
        }

        return _image;
    }

    private RomWriter Jump(string label, int bytes, ReadOnlySpan<byte> opcode)
    {
        Put(opcode);
        _open.Add((Position, bytes, label));
        Position += bytes;
        return this;
    }
}
