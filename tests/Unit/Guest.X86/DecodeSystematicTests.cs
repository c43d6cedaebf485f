using Suite.Guest.X86.Decode;

namespace Suite.Tests.Guest.X86;

/// <summary>Every opcode of every map with every ModRM byte, under the prefixes that change layout, against Iced.</summary>
public sealed class DecodeSystematicTests
{
    private static readonly byte[][] PrefixSets = [[], [0x66], [0xF2], [0xF3], [0x48], [0x67], [0x66, 0x48], [0xF3, 0x66], [0xF0]];

    private static readonly byte[][] LegacyMaps = [[], [0x0F], [0x0F, 0x38], [0x0F, 0x3A]];

    [Theory]
    [InlineData(CpuMode.Bits16)]
    [InlineData(CpuMode.Bits32)]
    [InlineData(CpuMode.Bits64)]
    public void LegacyMapsAgreeWithIced(CpuMode mode)
    {
        DecodeOracle oracle = new(mode);
        Random random = new(1);
        foreach (byte[] prefixes in PrefixSets)
        {
            foreach (byte[] map in LegacyMaps)
                Sweep(oracle, random, [.. prefixes, .. map]);
        }

        oracle.AssertNoDifferences();
    }

    [Theory]
    [InlineData(CpuMode.Bits16)]
    [InlineData(CpuMode.Bits32)]
    [InlineData(CpuMode.Bits64)]
    public void VexAndXopMapsAgreeWithIced(CpuMode mode)
    {
        DecodeOracle oracle = new(mode);
        Random random = new(2);
        for (int map = 0; map < 32; map++)
        {
            for (int pp = 0; pp < 4; pp++)
            {
                // W and L are left to chance: they never change the layout.
                byte fields = (byte)(0x78 | pp | (random.Next() & 0x84));
                if (map is <= 3 or 7)
                    Sweep(oracle, random, [0xC4, (byte)(0xE0 | map), fields]);
                else
                    Sweep(oracle, random, [0x8F, (byte)(0xE0 | map), fields], modRmStep: map <= 10 ? 1 : 37);
            }
        }

        for (int fields = 0xC0; fields < 0x100; fields += 9)
            Sweep(oracle, random, [0xC5, (byte)fields]);
        oracle.AssertNoDifferences();
    }

    [Theory]
    [InlineData(CpuMode.Bits16)]
    [InlineData(CpuMode.Bits32)]
    [InlineData(CpuMode.Bits64)]
    public void EvexMapsAgreeWithIced(CpuMode mode)
    {
        DecodeOracle oracle = new(mode);
        Random random = new(3);
        for (int map = 0; map < 8; map++)
        {
            for (int form = 0; form < 4; form++)
                Sweep(oracle, random, [0x62, (byte)(0xF0 | map), (byte)(0x7C | form | (random.Next() & 0x80)), (byte)(0x08 | (random.Next() & 0x67))]);
        }

        oracle.AssertNoDifferences();
    }

    private static void Sweep(DecodeOracle oracle, Random random, ReadOnlySpan<byte> lead, int modRmStep = 1)
    {
        for (int opcode = 0; opcode < 256; opcode++)
        {
            for (int modRm = 0; modRm < 256; modRm += modRmStep)
            {
                random.NextBytes(oracle.Buffer);
                lead.CopyTo(oracle.Buffer);
                oracle.Buffer[lead.Length] = (byte)opcode;
                oracle.Buffer[lead.Length + 1] = (byte)modRm;
                oracle.Check();
            }
        }
    }
}
