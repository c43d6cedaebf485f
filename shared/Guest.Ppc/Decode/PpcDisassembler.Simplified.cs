using System.Text;

namespace Suite.Guest.Ppc;

// Simplified mnemonics (Power ISA 2.07 I appendix E).
public sealed partial class PpcDisassembler
{
    // Writes the simplified form, if there is one.
    private static bool Simplify(in PpcRow row, uint word, uint pc, StringBuilder text)
    {
        int start = text.Length;
        string? simple = row.Name switch
        {
            "addi" when PpcWord.Ra(word) == 0 => $"li {Rt(word)},{PpcWord.Si(word)}",
            "addis" when PpcWord.Ra(word) == 0 => $"lis {Rt(word)},{PpcWord.Si(word)}",
            "ori" when word == 0x60000000 => "nop",
            "xori" when word == 0x68000000 => "xnop",
            "or" when SameSources(word) => $"mr{Rc(word)} {Ra(word)},{Rt(word)}",
            "nor" when SameSources(word) => $"not{Rc(word)} {Ra(word)},{Rt(word)}",
            "rlwinm" => Rotate(word),
            "rlwnm" when MaskBegin(word) == 0 && MaskEnd(word) == 31 => $"rotlw{Rc(word)} {Ra(word)},{Rt(word)},{Rb(word)}",
            "cmpi" => $"cmpwi {Cr(word)}{Ra(word)},{PpcWord.Si(word)}",
            "cmpli" => $"cmplwi {Cr(word)}{Ra(word)},{PpcWord.Ui(word)}",
            "cmp" => $"cmpw {Cr(word)}{Ra(word)},{Rb(word)}",
            "cmpl" => $"cmplw {Cr(word)}{Ra(word)},{Rb(word)}",
            "cror" when PpcWord.Ra(word) == PpcWord.Rb(word) => $"crmove {CrBit((uint)PpcWord.Rt(word))},{CrBit((uint)PpcWord.Ra(word))}",
            "crnor" when PpcWord.Ra(word) == PpcWord.Rb(word) => $"crnot {CrBit((uint)PpcWord.Rt(word))},{CrBit((uint)PpcWord.Ra(word))}",
            "creqv" when AllSame(word) => $"crset {CrBit((uint)PpcWord.Rt(word))}",
            "crxor" when AllSame(word) => $"crclr {CrBit((uint)PpcWord.Rt(word))}",
            "tw" when word == 0x7FE00008 => "trap",
            "tw" when TrapName(PpcWord.Rt(word)) is { } name => $"tw{name} {Ra(word)},{Rb(word)}",
            "twi" when TrapName(PpcWord.Rt(word)) is { } name => $"tw{name}i {Ra(word)},{PpcWord.Si(word)}",
            "mfspr" when SprName(PpcWord.Spr(word)) is { } name => $"mf{name} {Rt(word)}",
            "mtspr" when SprName(PpcWord.Spr(word)) is { } name => $"mt{name} {Rt(word)}",
            "mftb" when PpcWord.Spr(word) == PpcSpr.TimeBaseRead => $"mftb {Rt(word)}",
            "mftb" when PpcWord.Spr(word) == PpcSpr.TimeBaseUpperRead => $"mftbu {Rt(word)}",
            "mtcrf" when PpcWord.Fxm(word) == 0xFF => $"mtcr {Rt(word)}",
            "sync" when PpcWord.Bits(word, 9, 10) == 1 => "lwsync",
            "lswi" or "stswi" when PpcWord.Rb(word) == 0 => $"{row.Name} {Rt(word)},{(PpcWord.Ra(word) == 0 ? "0" : Ra(word))},32",
            "vor" when PpcWord.Ra(word) == PpcWord.Rb(word) => $"vmr v{PpcWord.Rt(word)},v{PpcWord.Ra(word)}",
            "vnor" when PpcWord.Ra(word) == PpcWord.Rb(word) => $"vnot v{PpcWord.Rt(word)},v{PpcWord.Ra(word)}",
            "evor" when PpcWord.Ra(word) == PpcWord.Rb(word) => $"evmr {Rt(word)},{Ra(word)}",
            "evnor" when PpcWord.Ra(word) == PpcWord.Rb(word) => $"evnot {Rt(word)},{Ra(word)}",
            "evsubfw" => $"evsubw {Rt(word)},{Rb(word)},{Ra(word)}",
            "evsubifw" => $"evsubiw {Rt(word)},{Rb(word)},{PpcWord.Ra(word)}",
            "bc" => Branch(word, "", $"0x{Target(BranchTarget(), word, pc):x}"),
            "bclr" => Branch(word & ~2u, "lr", ""),
            "bcctr" when (PpcWord.Rt(word) & 4) != 0 => Branch(word & ~2u, "ctr", ""),
            _ => null,
        };
        text.Append(simple);
        return text.Length != start;
    }

    private static PpcField BranchTarget() => PpcField.TryFind("bd", out PpcField field) ? field : default;

    private static string Rt(uint word) => $"r{PpcWord.Rt(word)}";

    private static string Ra(uint word) => $"r{PpcWord.Ra(word)}";

    private static string Rb(uint word) => $"r{PpcWord.Rb(word)}";

    private static string Rc(uint word) => PpcWord.HasRc(word) ? "." : "";

    private static string Cr(uint word) => PpcWord.Bf(word) == 0 ? "" : $"cr{PpcWord.Bf(word)},";

    private static int MaskBegin(uint word) => PpcWord.Rc(word);

    private static int MaskEnd(uint word) => PpcWord.Me(word);

    private static bool SameSources(uint word) => PpcWord.Rt(word) == PpcWord.Rb(word);

    private static bool AllSame(uint word) => PpcWord.Ra(word) == PpcWord.Rb(word) && PpcWord.Rt(word) == PpcWord.Ra(word);

    private static string? Rotate(uint word)
    {
        int shift = PpcWord.Rb(word), mb = MaskBegin(word), me = MaskEnd(word);
        string operands = $"{Rc(word)} {Ra(word)},{Rt(word)},";
        return (shift, mb, me) switch
        {
            (_, 0, 31) => $"rotlwi{operands}{shift}",
            (0, _, 31) => $"clrlwi{operands}{mb}",
            (_, 0, _) when me == 31 - shift => $"slwi{operands}{shift}",
            (_, _, 31) when shift == 32 - mb => $"srwi{operands}{mb}",
            (0, 0, _) => $"clrrwi{operands}{31 - me}",
            _ => null,
        };
    }

    private static string? TrapName(int to) => to switch
    {
        1 => "lgt",
        2 => "llt",
        4 => "eq",
        5 => "lge",
        6 => "lle",
        8 => "gt",
        12 => "ge",
        16 => "lt",
        20 => "le",
        24 => "ne",
        31 => "u",
        _ => null,
    };

    private static string? SprName(int spr) => spr switch
    {
        PpcSpr.Xer => "xer",
        PpcSpr.Lr => "lr",
        PpcSpr.Ctr => "ctr",
        PpcSpr.VrSave => "vrsave",
        PpcSpr.Pvr => "pvr",
        _ => null,
    };

    // bdnz, beq- cr7, bdzflr ...; null where only numbers tell everything.
    private static string? Branch(uint word, string register, string target)
    {
        int bo = PpcWord.Rt(word), bi = PpcWord.Ra(word);
        bool usesTarget = register.Length == 0;
        bool testsCondition = (bo & 16) == 0, testsCtr = (bo & 4) == 0;
        if (!usesTarget && PpcWord.Rb(word) != 0)
            return null;
        if (!testsCondition && bi != 0 || !testsCondition && !testsCtr && (usesTarget || bo != 20))
            return null;
        string counter = testsCtr ? (bo & 2) != 0 ? "dz" : "dnz" : "";
        if (testsCondition && testsCtr && (bo & 1) != 0)
            return null;

        // The "at" bits of a hint stand where the form has room for them.
        int hint = testsCtr switch
        {
            true when !testsCondition => bo >> 2 & 2 | bo & 1,
            false when testsCondition => bo & 3,
            _ => 0,
        };
        if (hint == 1)
            return null;
        string condition = !testsCondition ? "" : testsCtr ? (bo & 8) != 0 ? "t" : "f" : ConditionName(bi & 3, (bo & 8) != 0);
        string name = "b" + counter + condition + register + (PpcWord.HasLk(word) ? "l" : "") + (usesTarget && PpcWord.HasAa(word) ? "a" : "")
            + hint switch { 2 => "-", 3 => "+", _ => "" };
        string operand = !testsCondition ? "" : testsCtr ? CrBit((uint)bi) : bi >= 4 ? $"cr{bi >> 2}" : "";
        string operands = operand.Length > 0 && usesTarget ? $"{operand},{target}" : operand + target;
        return operands.Length > 0 ? $"{name} {operands}" : name;
    }

    private static string ConditionName(int bit, bool wanted) => (bit, wanted) switch
    {
        (0, true) => "lt",
        (0, false) => "ge",
        (1, true) => "gt",
        (1, false) => "le",
        (2, true) => "eq",
        (2, false) => "ne",
        (_, true) => "so",
        _ => "ns",
    };
}
