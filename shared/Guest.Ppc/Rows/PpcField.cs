namespace Suite.Guest.Ppc;

/// <summary>How an operand is written in assembly and drawn by the fuzzer.</summary>
internal enum PpcFieldKind : byte
{
    Gpr,

    /// <summary>A base register: 0 stands for the number zero.</summary>
    GprOrZero,
    Fpr,
    Vr,

    /// <summary>Condition field.</summary>
    Cr,

    /// <summary>Bit of the condition register.</summary>
    CrBit,
    Signed,
    Unsigned,

    /// <summary>Displacement and base, <c>d(ra)</c>; the displacement is <c>Scale</c> times the field.</summary>
    Memory,

    /// <summary>Target of a branch, 24 and 14 bits wide.</summary>
    Target,

    /// <summary>Special register number with its halves swapped.</summary>
    Spr,
}

/// <summary>An operand of a row: its name there, its place in the word, its kind.</summary>
/// <param name="Name">As in <see cref="PpcRow.Operands"/>.</param>
/// <param name="Bits">The bits of the word it occupies, the base register of a memory operand included.</param>
/// <param name="Shift">Of the field's lowest bit from the right.</param>
/// <param name="Kind">How it is written.</param>
/// <param name="Scale">Of a displacement: bytes.</param>
internal readonly record struct PpcField(string Name, uint Bits, int Shift, PpcFieldKind Kind, int Scale = 1)
{
    /// <summary>The fields a row may name.</summary>
    public static PpcField[] All { get; } =
    [
        new("rt", 31u << 21, 21, PpcFieldKind.Gpr),
        new("rs", 31u << 21, 21, PpcFieldKind.Gpr),
        new("ra", 31u << 16, 16, PpcFieldKind.Gpr),
        new("ra0", 31u << 16, 16, PpcFieldKind.GprOrZero),
        new("rb", 31u << 11, 11, PpcFieldKind.Gpr),
        new("rc", 31u << 6, 6, PpcFieldKind.Gpr),
        new("frt", 31u << 21, 21, PpcFieldKind.Fpr),
        new("frs", 31u << 21, 21, PpcFieldKind.Fpr),
        new("fra", 31u << 16, 16, PpcFieldKind.Fpr),
        new("frb", 31u << 11, 11, PpcFieldKind.Fpr),
        new("frc", 31u << 6, 6, PpcFieldKind.Fpr),
        new("vrt", 31u << 21, 21, PpcFieldKind.Vr),
        new("vrs", 31u << 21, 21, PpcFieldKind.Vr),
        new("vra", 31u << 16, 16, PpcFieldKind.Vr),
        new("vrb", 31u << 11, 11, PpcFieldKind.Vr),
        new("vrc", 31u << 6, 6, PpcFieldKind.Vr),
        new("bf", 7u << 23, 23, PpcFieldKind.Cr),
        new("bfa", 7u << 18, 18, PpcFieldKind.Cr),
        new("crfs3", 7u, 0, PpcFieldKind.Cr),           // evsel
        new("bt", 31u << 21, 21, PpcFieldKind.CrBit),
        new("ba", 31u << 16, 16, PpcFieldKind.CrBit),
        new("bb", 31u << 11, 11, PpcFieldKind.CrBit),
        new("bc", 31u << 6, 6, PpcFieldKind.CrBit),
        new("bi", 31u << 16, 16, PpcFieldKind.CrBit),
        new("si", 0xFFFF, 0, PpcFieldKind.Signed),
        new("ui", 0xFFFF, 0, PpcFieldKind.Unsigned),
        new("sim", 31u << 16, 16, PpcFieldKind.Signed),     // vspltis*, evsplati
        new("uim", 31u << 16, 16, PpcFieldKind.Unsigned),   // vsplt*, vcfsx; evaddiw
        new("uim5", 31u << 11, 11, PpcFieldKind.Unsigned),  // 5 bits in the place of rb: evslwi, evrlwi
        new("shb", 15u << 6, 6, PpcFieldKind.Unsigned),     // vsldoi
        new("sh", 31u << 11, 11, PpcFieldKind.Unsigned),
        new("nb", 31u << 11, 11, PpcFieldKind.Unsigned),
        new("mb", 31u << 6, 6, PpcFieldKind.Unsigned),
        new("me", 31u << 1, 1, PpcFieldKind.Unsigned),
        new("to", 31u << 21, 21, PpcFieldKind.Unsigned),
        new("bo", 31u << 21, 21, PpcFieldKind.Unsigned),
        new("mo", 31u << 21, 21, PpcFieldKind.Unsigned),    // mbar
        new("th", 15u << 21, 21, PpcFieldKind.Unsigned),    // dcbt
        new("ct", 31u << 21, 21, PpcFieldKind.Unsigned),    // icbt
        new("l", 3u << 21, 21, PpcFieldKind.Unsigned),      // sync, wait
        new("bh", 3u << 11, 11, PpcFieldKind.Unsigned),
        new("strm", 3u << 21, 21, PpcFieldKind.Unsigned),   // dst
        new("fxm", 0xFFu << 12, 12, PpcFieldKind.Unsigned),
        new("flm", 0xFFu << 17, 17, PpcFieldKind.Unsigned), // mtfsf
        new("fb", 31u << 21, 21, PpcFieldKind.Unsigned),    // a bit of FPSCR: mtfsb0
        new("ff", 7u << 23, 23, PpcFieldKind.Unsigned),     // a field of FPSCR: mtfsfi
        new("u", 15u << 12, 12, PpcFieldKind.Unsigned),     // mtfsfi
        new("sr", 15u << 16, 16, PpcFieldKind.Unsigned),
        new("spr", 0x3FFu << 11, 11, PpcFieldKind.Spr),
        new("tbr", 0x3FFu << 11, 11, PpcFieldKind.Spr),
        new("dcrn", 0x3FFu << 11, 11, PpcFieldKind.Spr),
        new("e", 1u << 15, 15, PpcFieldKind.Unsigned),      // wrteei
        new("target", 0x3FFFFFCu, 0, PpcFieldKind.Target),
        new("bd", 0xFFFCu, 0, PpcFieldKind.Target),
        new("d(ra)", 0x1FFFFF, 0, PpcFieldKind.Memory),
        new("d8(ra)", 0x1FF800, 11, PpcFieldKind.Memory, 8),    // evldd
        new("d4(ra)", 0x1FF800, 11, PpcFieldKind.Memory, 4),    // evlwhe
        new("d2(ra)", 0x1FF800, 11, PpcFieldKind.Memory, 2),    // evlhhesplat
    ];

    /// <summary>The field of a name; false for endings (<c>o</c>, <c>.</c>, <c>v.</c>, <c>lk</c>, <c>aa</c>).</summary>
    public static bool TryFind(ReadOnlySpan<char> name, out PpcField field)
    {
        foreach (PpcField candidate in All)
            if (name.SequenceEqual(candidate.Name))
            {
                field = candidate;
                return true;
            }
        field = default;
        return false;
    }

    /// <summary>The bit an ending stands for.</summary>
    public static uint EndingBit(ReadOnlySpan<char> ending) => ending switch
    {
        "." or "lk" => 1,
        "aa" => 2,
        "o" or "v." => 0x400,
        _ => throw new ArgumentException($"no operand or ending is called {ending}", nameof(ending)),
    };
}
