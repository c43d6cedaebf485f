using System.Buffers.Binary;
using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>A record of altivec-oracle.c: 64 bytes of memory, v1 to v4 (operands a, b, c and the target), VSCR, the word, an offset in r4, CR.</summary>
internal readonly struct AltivecRecord(byte[] data, int at)
{
    public const int Size = 192;
    private const int VscrAt = 128 + 12, WordAt = 144, OffsetAt = 148, CrAt = 152;

    /// <summary>Bytes that the instruction may change, all but the padding.</summary>
    public Span<byte> Bytes => data.AsSpan(at, Size);

    public Span<byte> Memory => Bytes[..64];

    /// <summary>v1 to v4.</summary>
    public Span<byte> Vector(int n) => Bytes.Slice(48 + n * 16, 16);

    public ref byte Byte(int index) => ref data[at + index];

    public uint Vscr { get => Get(VscrAt); set => Set(VscrAt, value); }

    public uint Word { get => Get(WordAt); set => Set(WordAt, value); }

    public uint Offset { get => Get(OffsetAt); set => Set(OffsetAt, value); }

    public uint Cr { get => Get(CrAt); set => Set(CrAt, value); }

    /// <summary>Brings a machine into the record's state; memory is at 64.</summary>
    public void Load(PpcMachine m, int memoryAt)
    {
        Memory.CopyTo(m.Memory.AsSpan(memoryAt));
        for (int n = 1; n <= 4; n++)
            m.SetVr(n, Vector(n));
        m.SetGpr(3, (uint)memoryAt);
        m.SetGpr(4, Offset);
        m.Cr = Cr;
        unsafe
        {
            AltivecState.WriteVscr(m.Layout, m.State, Vscr);
        }
    }

    /// <summary>The other way round.</summary>
    public void Store(PpcMachine m, int memoryAt)
    {
        m.Memory.AsSpan(memoryAt, 64).CopyTo(Memory);
        m.Vr(4).CopyTo(Vector(4));
        Cr = m.Cr;
        unsafe
        {
            Vscr = AltivecState.ReadVscr(m.Layout, m.State);
        }
    }

    private uint Get(int offset) => BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(at + offset));

    private void Set(int offset, uint value) => BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(at + offset), value);
}
