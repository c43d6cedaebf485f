using System.Buffers.Binary;

namespace Suite.Tests.Guest.Ppc;

/// <summary>One record of the guest program integer-oracle.c: a word, the state before or after it, and what became of it.</summary>
internal readonly struct IntegerRecord(byte[] bytes, int at)
{
    public const int MemoryBytes = 256, Size = 160 + MemoryBytes;

    /// <summary>Where the guest program has the word and the memory.</summary>
    public const uint Code = 0x10800000, Data = 0x10801000;

    public uint Word { get => this[0]; set => this[0] = value; }

    /// <summary>Signal that the word raised, 0 for none; its si_code.</summary>
    public uint Signal { get => this[1]; set => this[1] = value; }
    public uint SignalCode { get => this[2]; set => this[2] = value; }

    /// <summary>1 when the word branched.</summary>
    public uint Taken { get => this[3]; set => this[3] = value; }
    public uint Cr { get => this[36]; set => this[36] = value; }
    public uint Xer { get => this[37]; set => this[37] = value; }
    public uint Lr { get => this[38]; set => this[38] = value; }
    public uint Ctr { get => this[39]; set => this[39] = value; }

    public Span<byte> Memory => bytes.AsSpan(at + 160, MemoryBytes);

    public uint Gpr(int n) => this[4 + n];

    public void SetGpr(int n, uint value)
    {
        IntegerRecord record = this;
        record[4 + n] = value;
    }

    private uint this[int index]
    {
        get => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at + index * 4));
        set => BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at + index * 4), value);
    }
}
