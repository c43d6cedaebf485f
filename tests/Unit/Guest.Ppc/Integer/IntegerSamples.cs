using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Random words and states for integer rows: memory operands mostly lie in the record's memory, branches go to the place for branches taken.</summary>
internal sealed class IntegerSamples(int seed)
{
    private const uint Nowhere = 0x30000000;
    private const int Middle = 64, Spread = 32;
    private static readonly uint[] Sprs = [1, 8, 9, 256, 287, 0, 4, 260, 512, 936, 22, 1, 8, 9, 259];
    private readonly PpcRandomWords _random = new(seed);

    /// <summary>Fills a record for a row.</summary>
    public void Fill(IntegerRecord record, PpcRow row)
    {
        for (int n = 0; n < 32; n++)
            record.SetGpr(n, _random.NextValue());
        record.Cr = _random.NextValue() ^ _random.NextValue();
        record.Xer = _random.NextValue() & 0xE000007F;
        record.Lr = IntegerRecord.Code + 8;
        record.Ctr = row.Name == "bcctr" ? IntegerRecord.Code + 8 : _random.NextValue();
        for (int i = 0; i < IntegerRecord.MemoryBytes; i++)
            record.Memory[i] = (byte)_random.Below(256);
        record.Word = Word(record, row);
    }

    private uint Word(IntegerRecord record, PpcRow row)
    {
        uint word = _random.Next(row);
        string[] fields = [.. PpcAssembler.Fields(row).Select(f => f.Name)];
        if (fields.Contains("target"))
            return word & 0xFC000001 | 8;
        if (fields.Contains("bd"))
            return word & 0xFFFF0001 | 8;
        if (fields.Contains("spr"))
        {
            uint spr = Sprs[_random.Below(Sprs.Length)];
            return word & ~0x1FF800u | (spr & 31) << 16 | (spr & 0x3E0) << 6;
        }
        if (row.Name is "mtocrf" or "mfocrf")
            return word & ~0xFF000u | 0x1000u << _random.Below(8);
        if (fields.Contains("d(ra)"))
            return WithDisplacement(record, word);
        return IsMemory(row) ? WithIndex(record, word, fields.Contains("nb")) : word;
    }

    private static bool IsMemory(PpcRow row) => row.Name[0] is 'l' or 's' && row.Operands.Contains(",ra") && row.Match >> 26 == 31 && !row.Operands.Contains(",rs,")
        && row.Name is not ("subf" or "subfc" or "subfe" or "subfme" or "subfze") || row.Name is "dcbz" or "dcbf" or "dcbst" or "icbi";

    private uint Target() => (_random.Below(12) == 0 ? Nowhere : IntegerRecord.Data + Middle) + (uint)_random.Below(Spread) & (_random.Below(2) == 0 ? ~3u : ~0u);

    private uint WithDisplacement(IntegerRecord record, uint word)
    {
        int displacement = _random.Below(2 * Spread) - Spread;
        if (PpcWord.Ra(word) == 0)
            word |= 7u << 16;
        record.SetGpr(PpcWord.Ra(word), Target());
        return word & ~0xFFFFu | (ushort)displacement;
    }

    private uint WithIndex(IntegerRecord record, uint word, bool isBaseOnly)
    {
        if (isBaseOnly)
        {
            if (PpcWord.Ra(word) == 0)
                word |= 9u << 16;
            record.SetGpr(PpcWord.Ra(word), Target());
            return word;
        }
        if (PpcWord.Ra(word) == PpcWord.Rb(word))
            word ^= 1u << 11;
        uint target = Target(), offset = PpcWord.Ra(word) == 0 ? 0 : _random.NextValue();
        record.SetGpr(PpcWord.Ra(word), offset);
        record.SetGpr(PpcWord.Rb(word), target - offset);
        return word;
    }
}
