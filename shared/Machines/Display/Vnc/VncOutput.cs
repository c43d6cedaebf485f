using System.Buffers.Binary;

namespace Suite.Machines.Display.Vnc;

/// <summary>Bytes that are put together, numbers as RFB has them: big endian.</summary>
internal sealed class VncOutput
{
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Room at the end, which counts as written.</summary>
    public Span<byte> Take(int bytes)
    {
        if (Length + bytes > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        Length += bytes;
        return _bytes.AsSpan(Length - bytes, bytes);
    }

    public void Byte(byte value) => Take(1)[0] = value;

    public void Word(int value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), (ushort)value);

    public void Long(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>Puts a number where room was left for it.</summary>
    public void PatchWord(int at, int value) => BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(at), (ushort)value);

    /// <summary>Changes a byte.</summary>
    public void PatchByte(int at, byte value) => _bytes[at] = value;

    /// <summary>Takes back what was written from here on.</summary>
    public void CutTo(int length) => Length = length;
}
