using System.Runtime.CompilerServices;

namespace Suite.Guest.X86.Cpu;

/// <summary>A set of <see cref="CpuFeature"/> values as bits.</summary>
internal struct CpuFeatureSet : IEquatable<CpuFeatureSet>
{
    private const int Words = 4;

    private Bits _bits;

    /// <summary>The set of the given features.</summary>
    public static CpuFeatureSet Of(params ReadOnlySpan<CpuFeature> features)
    {
        var set = new CpuFeatureSet();
        foreach (CpuFeature feature in features)
            set.Add(feature);
        return set;
    }

    public readonly bool Has(CpuFeature feature) => (_bits[(int)feature >> 6] >> ((int)feature & 63) & 1) != 0;

    public void Add(CpuFeature feature) => _bits[(int)feature >> 6] |= 1UL << ((int)feature & 63);

    public void Remove(CpuFeature feature) => _bits[(int)feature >> 6] &= ~(1UL << ((int)feature & 63));

    public static CpuFeatureSet operator |(in CpuFeatureSet a, in CpuFeatureSet b)
    {
        CpuFeatureSet result = a;
        for (int i = 0; i < Words; i++)
            result._bits[i] |= b._bits[i];
        return result;
    }

    public static CpuFeatureSet operator &(in CpuFeatureSet a, in CpuFeatureSet b)
    {
        CpuFeatureSet result = a;
        for (int i = 0; i < Words; i++)
            result._bits[i] &= b._bits[i];
        return result;
    }

    /// <summary>What is in <paramref name="a"/> and not in <paramref name="b"/>.</summary>
    public static CpuFeatureSet operator -(in CpuFeatureSet a, in CpuFeatureSet b)
    {
        CpuFeatureSet result = a;
        for (int i = 0; i < Words; i++)
            result._bits[i] &= ~b._bits[i];
        return result;
    }

    public readonly bool Equals(CpuFeatureSet other)
    {
        for (int i = 0; i < Words; i++)
            if (_bits[i] != other._bits[i])
                return false;
        return true;
    }

    public override readonly bool Equals(object? obj) => obj is CpuFeatureSet other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(_bits[0], _bits[1], _bits[2], _bits[3]);

    /// <summary>The members in table order.</summary>
    public readonly List<CpuFeature> ToList()
    {
        var list = new List<CpuFeature>();
        for (int i = 0; i < Words * 64; i++)
            if (Has((CpuFeature)i))
                list.Add((CpuFeature)i);
        return list;
    }

    [InlineArray(Words)]
    private struct Bits
    {
        private ulong _first;
    }
}
