using System.Buffers.Binary;
using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Operands that hit the corners: extreme integers, special floats, equal lanes, near values.</summary>
internal static class AltivecSamples
{
    private static readonly uint[] Floats =
    [
        0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00800000, 0x80800000, 0x3F800000, 0xBF800000, 0x3F800001, 0x3F000000, 0xBF000000, 0x3FC00000,
        0xC0200000, 0x40490FDB, 0x4B000001, 0x4B800000, 0x4EFFFFFF, 0x4F000000, 0xCF000000, 0xCF000001, 0x4F7FFFFF, 0x4F800000, 0x7F7FFFFF, 0xFF7FFFFF,
        0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345, 0x7F800001, 0xFFABCDEF, 0x7E967699, 0x01000000, 0x0E000000,
    ];

    private static readonly uint[] Words = [0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x80008000, 0x7FFF7FFF, 0x80808080, 0x7F7F7F7F, 0x00FF00FF, 0x0000FFFF, 0xFF80FF80, 0x007F0080, 0x00007FFF, 0x00018000];

    /// <summary>A word of a row with target v4, operands v1 v2 v3, base r3 and offset r4, and operands for it.</summary>
    public static void Fill(AltivecRecord r, in PpcRow row, Random random)
    {
        r.Word = row.Match | (uint)random.Next() & ~row.Mask & Free(row.Operands) | Fixed(row.Operands);
        bool isFloat = row.Name.EndsWith("fp", StringComparison.Ordinal) || row.Name.StartsWith("vrfi", StringComparison.Ordinal)
            || row.Name is "vctsxs" or "vctuxs";
        for (int n = 1; n <= 4; n++)
            for (int i = 0; i < 4; i++)
                BinaryPrimitives.WriteUInt32BigEndian(r.Vector(n)[(i * 4)..], isFloat ? Float(random) : Word(random));
        if (random.Next(8) == 0)
            r.Vector(1).CopyTo(r.Vector(2));
        if (row.Name is "vsl" or "vsr") // other counts are undefined
            r.Vector(2).Fill((byte)random.Next());
        if (row.Name == "mtvscr") // QEMU keeps the reserved bits
            BinaryPrimitives.WriteUInt32BigEndian(r.Vector(2)[12..], (uint)random.Next() & 0x00010001);
        if (row.Name == "vexptefp") // QEMU's series is good near zero only: -infinity for 2^-70000
            for (int i = 0; i < 4; i++)
                BinaryPrimitives.WriteSingleBigEndian(r.Vector(2)[(i * 4)..], (float)(random.NextDouble() * 2 - 1));
        random.NextBytes(r.Memory);
        r.Offset = (uint)random.Next(48);
        r.Vscr = (uint)(random.Next(2) * AltivecState.NonJava + (random.Next(8) == 0 ? 1 : 0));
        r.Cr = 0;
    }

    /// <summary>Whether two results of a record are the same where the architecture says what they are.</summary>
    public static bool Agree(in PpcRow row, AltivecRecord before, AltivecRecord our, AltivecRecord their)
    {
        if (!our.Memory.SequenceEqual(their.Memory) || our.Vscr != their.Vscr || our.Cr != their.Cr)
            return false;
        int element = row.Name switch { "lvebx" => 1, "lvehx" => 2, "lvewx" => 4, _ => 16 };
        int at = (int)before.Offset & 16 - element & 15;
        for (int i = at; i < at + element; i += 4)
        {
            if (row.Name is "vexptefp" or "vlogefp" ? Close(our.Vector(4)[i..], their.Vector(4)[i..]) : our.Vector(4)[i..].SequenceEqual(their.Vector(4)[i..]))
                continue;
            if (element == 16 || !our.Vector(4).Slice(at, element).SequenceEqual(their.Vector(4).Slice(at, element)))
                return false;
        }

        return true;
    }

    // Estimates: both within the architecture's precision of the true value.
    private static bool Close(Span<byte> a, Span<byte> b)
    {
        uint x = BinaryPrimitives.ReadUInt32BigEndian(a), y = BinaryPrimitives.ReadUInt32BigEndian(b);
        float f = BitConverter.UInt32BitsToSingle(x), g = BitConverter.UInt32BitsToSingle(y);
        return x == y || Math.Abs(f - g) <= Math.Abs(f) / 16 || Math.Abs(f - g) < 1 / 32f;
    }

    private static uint Free(string operands) => operands.Contains("uim") || operands.Contains("sim") ? 31u << 16 : operands.Contains("shb") ? 15u << 6 : operands.Contains("v.") ? 1u << 10 : 0;

    private static uint Fixed(string operands)
    {
        uint word = 0;
        foreach (string name in operands.Split(','))
            word |= name switch { "vrt" or "vrs" => 4u << 21, "vra" => 1u << 16, "vrb" => 2u << 11, "vrc" => 3u << 6, "ra0" or "ra" => 3u << 16, "rb" => 4u << 11, _ => 0 };
        return word;
    }

    private static uint Word(Random random) => random.Next(3) switch
    {
        0 => Words[random.Next(Words.Length)],
        1 => Words[random.Next(Words.Length)] + (uint)random.Next(-2, 3) * (random.Next(2) == 0 ? 1u : 0x10001),
        _ => (uint)random.NextInt64(1L << 32),
    };

    private static uint Float(Random random) => random.Next(4) switch
    {
        0 => Floats[random.Next(Floats.Length)],
        1 => Floats[random.Next(Floats.Length)] + (uint)random.Next(-2, 3),
        2 => BitConverter.SingleToUInt32Bits((float)(random.NextDouble() * Math.Pow(2, random.Next(-20, 36)) * (random.Next(2) == 0 ? 1 : -1))),
        _ => (uint)random.NextInt64(1L << 32),
    };
}
