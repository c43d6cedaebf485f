using System.Numerics;
using System.Runtime.InteropServices;
using Suite.Devices.Core;

namespace Suite.Devices.Intc;

// A bit for each of 256 vectors: IRR, ISR or TMR of a local APIC.
internal readonly struct VectorSet(DeviceState state, string name)
{
    private const int Vectors = 256;

    private readonly byte[] _bytes = state.Bytes(name, Vectors / 8);

    private Span<ulong> Words => MemoryMarshal.Cast<byte, ulong>(_bytes.AsSpan());

    // The highest vector, or -1.
    public int Highest
    {
        get
        {
            Span<ulong> words = Words;
            for (int i = words.Length - 1; i >= 0; i--)
                if (words[i] != 0)
                    return i * 64 + 63 - BitOperations.LeadingZeroCount(words[i]);
            return -1;
        }
    }

    public bool Has(int vector) => (_bytes[vector >> 3] >> (vector & 7) & 1) != 0;

    public void Add(int vector) => _bytes[vector >> 3] |= (byte)(1 << (vector & 7));

    public void Remove(int vector) => _bytes[vector >> 3] &= (byte)~(1 << (vector & 7));

    // One of the eight registers by which the guest sees it.
    public uint Part(int number) => MemoryMarshal.Cast<byte, uint>(_bytes.AsSpan())[number];
}
