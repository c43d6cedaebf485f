using System.Globalization;
using System.Text.RegularExpressions;
using Suite.Guest.Ppc;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Assembles one instruction from the same rows that decode it; simplified mnemonics are written out first.</summary>
internal sealed partial class PpcAssembler(PpcFeature features)
{
    private readonly Dictionary<string, (PpcRow Row, uint Endings)> _mnemonics = Mnemonics(features);

    /// <summary>The word of a line such as <c>addo. r3,r4,r5</c>, <c>beq cr7,0x1000</c>, <c>lwz r3,-8(r4)</c>.</summary>
    public uint Assemble(string line, uint pc)
    {
        string[] halves = line.Trim().Split(' ', 2, StringSplitOptions.RemoveEmptyEntries);
        string[] operands = halves.Length > 1 ? halves[1].Split(',', StringSplitOptions.TrimEntries) : [];
        (string name, operands) = Expand(halves[0], operands);
        if (name == ".long")
            return (uint)Number(operands[0]);
        if (!_mnemonics.TryGetValue(name, out (PpcRow Row, uint Endings) entry))
            throw new FormatException($"no instruction is called {name}");
        uint word = entry.Row.Match | entry.Endings;
        int next = 0;
        PpcField[] fields = [.. Fields(entry.Row)];
        if (fields.Length > operands.Length && fields[0].Name == "ct")
            operands = ["0", .. operands];
        foreach (PpcField field in fields)
            if (next < operands.Length)
                word |= Encode(field, operands[next++], pc, (word & 2) != 0);
        return next == operands.Length ? word : throw new FormatException($"too many operands: {line}");
    }

    /// <summary>The operands of a row in order.</summary>
    public static IEnumerable<PpcField> Fields(PpcRow row)
    {
        foreach (string part in row.Operands.Split(','))
            if (PpcField.TryFind(part, out PpcField field))
                yield return field;
    }

    /// <summary>The endings of a row, each with its letter and its bit, in the order of the mnemonic.</summary>
    public static IEnumerable<(string Letter, uint Bit)> Endings(PpcRow row)
    {
        foreach (string part in row.Operands.Split(',', StringSplitOptions.RemoveEmptyEntries))
            if (!PpcField.TryFind(part, out _))
                yield return (part switch { "v." => ".", "lk" => "l", "aa" => "a", _ => part }, PpcField.EndingBit(part));
    }

    private static Dictionary<string, (PpcRow Row, uint Endings)> Mnemonics(PpcFeature features)
    {
        var names = new Dictionary<string, (PpcRow Row, uint Endings)>();
        foreach (PpcRow row in PpcRows.All)
        {
            if ((row.Feature & ~features) != 0)
                continue;
            (string Letter, uint Bit)[] endings = [.. Endings(row)];
            for (int choice = 0; choice < 1 << endings.Length; choice++)
            {
                string name = row.Name;
                uint bits = 0;
                for (int i = 0; i < endings.Length; i++)
                    if ((choice >> i & 1) != 0)
                    {
                        name += endings[i].Letter;
                        bits |= endings[i].Bit;
                    }
                names.TryAdd(name, (row, bits));
            }
        }
        return names;
    }

    private static uint Encode(PpcField field, string text, uint pc, bool isAbsolute)
    {
        uint mask = field.Bits >> field.Shift;
        switch (field.Kind)
        {
            case PpcFieldKind.Memory:
                Match parts = DisplacementAndBase().Match(text);
                long displacement = Number(parts.Groups[1].Value);
                uint encoded = field.Scale == 1 ? (ushort)displacement : (uint)(displacement / field.Scale) << 11;
                return encoded | (uint)Number(parts.Groups[2].Value.TrimStart('r')) << 16;
            case PpcFieldKind.Target:
                return (uint)Number(text) - (isAbsolute ? 0 : pc) & field.Bits;
            case PpcFieldKind.Spr:
                uint spr = (uint)Number(text);
                return (spr & 31) << 16 | (spr & 0x3E0) << 6;
            case PpcFieldKind.CrBit:
                return CrBit(text) << field.Shift;
            case PpcFieldKind.Cr:
                return (uint)Number(text[2..]) << field.Shift;
            case PpcFieldKind.Gpr or PpcFieldKind.GprOrZero or PpcFieldKind.Fpr or PpcFieldKind.Vr:
                return (uint)Number(text.TrimStart('r', 'f', 'v')) << field.Shift;
            default:
                return ((uint)Number(text) & mask) << field.Shift;
        }
    }

    private static uint CrBit(string text)
    {
        uint field = 0;
        if (text.StartsWith("4*cr", StringComparison.Ordinal))
        {
            field = (uint)(text[4] - '0');
            text = text[6..];
        }
        return field * 4 + (uint)Array.IndexOf(["lt", "gt", "eq", "so"], text);
    }

    private static long Number(string text)
    {
        bool isNegative = text.StartsWith('-');
        if (isNegative)
            text = text[1..];
        long value = text.StartsWith("0x", StringComparison.Ordinal) ? long.Parse(text.AsSpan(2), NumberStyles.HexNumber) : long.Parse(text);
        return isNegative ? -value : value;
    }

    private static (string Name, string[] Operands) Expand(string name, string[] o)
    {
        string dot = name.EndsWith('.') ? "." : "";
        switch (dot.Length > 0 ? name[..^1] : name)
        {
            case "li":
                return ("addi", [o[0], "0", o[1]]);
            case "lis":
                return ("addis", [o[0], "0", o[1]]);
            case "nop":
                return ("ori", ["r0", "r0", "0"]);
            case "xnop":
                return ("xori", ["r0", "r0", "0"]);
            case "mr":
                return ("or" + dot, [o[0], o[1], o[1]]);
            case "not":
                return ("nor" + dot, [o[0], o[1], o[1]]);
            case "rotlwi":
                return ("rlwinm" + dot, [o[0], o[1], o[2], "0", "31"]);
            case "rotlw":
                return ("rlwnm" + dot, [o[0], o[1], o[2], "0", "31"]);
            case "clrlwi":
                return ("rlwinm" + dot, [o[0], o[1], "0", o[2], "31"]);
            case "clrrwi":
                return ("rlwinm" + dot, [o[0], o[1], "0", "0", $"{31 - Number(o[2])}"]);
            case "slwi":
                return ("rlwinm" + dot, [o[0], o[1], o[2], "0", $"{31 - Number(o[2])}"]);
            case "srwi":
                return ("rlwinm" + dot, [o[0], o[1], $"{32 - Number(o[2])}", o[2], "31"]);
            case "cmpwi":
                return ("cmpi", WithCr(o));
            case "cmplwi":
                return ("cmpli", WithCr(o));
            case "cmpw":
                return ("cmp", WithCr(o));
            case "cmplw":
                return ("cmpl", WithCr(o));
            case "crmove":
                return ("cror", [o[0], o[1], o[1]]);
            case "crnot":
                return ("crnor", [o[0], o[1], o[1]]);
            case "crset":
                return ("creqv", [o[0], o[0], o[0]]);
            case "crclr":
                return ("crxor", [o[0], o[0], o[0]]);
            case "trap":
                return ("tw", ["31", "r0", "r0"]);
            case "mflr" or "mfctr" or "mfxer" or "mfvrsave" or "mfpvr":
                return ("mfspr", [o[0], Spr(name[2..])]);
            case "mtlr" or "mtctr" or "mtxer" or "mtvrsave" or "mtpvr":
                return ("mtspr", [Spr(name[2..]), o[0]]);
            case "mftb" when o.Length == 1:
                return ("mftb", [o[0], "268"]);
            case "mftbu":
                return ("mftb", [o[0], "269"]);
            case "mtcr":
                return ("mtcrf", ["255", o[0]]);
            case "lwsync":
                return ("sync", ["1"]);
            case "lswi" or "stswi":
                return (name, [o[0], o[1], o[2] == "32" ? "0" : o[2]]);
            case "vmr":
                return ("vor", [o[0], o[1], o[1]]);
            case "vnot":
                return ("vnor", [o[0], o[1], o[1]]);
            case "evmr":
                return ("evor", [o[0], o[1], o[1]]);
            case "evnot":
                return ("evnor", [o[0], o[1], o[1]]);
            case "evsubw":
                return ("evsubfw", [o[0], o[2], o[1]]);
            case "evsubiw":
                return ("evsubifw", [o[0], o[2], o[1]]);
        }
        if (TrapName().Match(name) is { Success: true } trap)
        {
            string to = trap.Groups[1].Value switch
            {
                "lgt" => "1",
                "llt" => "2",
                "eq" => "4",
                "lge" => "5",
                "lle" => "6",
                "gt" => "8",
                "ge" => "12",
                "lt" => "16",
                "le" => "20",
                "ne" => "24",
                _ => "31",
            };
            return ("tw" + trap.Groups[2].Value, [to, .. o]);
        }
        return BranchName().Match(name) is { Success: true } branch && (branch.Groups[1].Length > 0 || branch.Groups[2].Length > 0 || name is "blr" or "bctr" or "blrl" or "bctrl")
            ? ExpandBranch(branch, o)
            : (name, o);
    }

    private static (string Name, string[] Operands) ExpandBranch(Match branch, string[] o)
    {
        string counter = branch.Groups[1].Value, condition = branch.Groups[2].Value, register = branch.Groups[3].Value;
        int bo = counter switch { "dnz" => 0, "dz" => 2, _ => 4 };
        int bi = 0;
        var rest = new Queue<string>(o);
        int hint = branch.Groups[6].Value switch { "-" => 2, "+" => 3, _ => 0 };
        if (condition.Length == 0)
            bo |= 16 | (counter.Length > 0 ? (hint & 2) << 2 | hint & 1 : 0);
        else if (condition is "t" or "f")
        {
            bo |= condition == "t" ? 8 : 0;
            bi = (int)CrBit(rest.Dequeue());
        }
        else
        {
            int bit = Array.IndexOf(["ge", "le", "ne", "ns", "lt", "gt", "eq", "so"], condition);
            bo |= hint | (bit >= 4 ? 8 : 0);
            bi = bit & 3;
            if (rest.TryPeek(out string? first) && first.StartsWith("cr", StringComparison.Ordinal))
                bi += 4 * int.Parse(rest.Dequeue().AsSpan(2));
        }
        string name = "bc" + register + branch.Groups[4].Value + branch.Groups[5].Value;
        string bit0 = $"{(bi >= 4 ? $"4*cr{bi >> 2}+" : "")}{new[] { "lt", "gt", "eq", "so" }[bi & 3]}";
        return (name, [$"{bo}", bit0, .. rest]);
    }

    private static string[] WithCr(string[] o) => o[0].StartsWith("cr", StringComparison.Ordinal) ? o : ["cr0", .. o];

    private static string Spr(string name) => name switch { "lr" => "8", "ctr" => "9", "xer" => "1", "vrsave" => "256", _ => "287" };

    [GeneratedRegex(@"^(-?\d+)\((r?\d+)\)$")]
    private static partial Regex DisplacementAndBase();

    [GeneratedRegex("^tw(lgt|llt|eq|lge|lle|gt|ge|lt|le|ne|u)(i?)$")]
    private static partial Regex TrapName();

    [GeneratedRegex("^b(dnz|dz)?(t|f|lt|gt|eq|so|ge|le|ne|ns)?(lr|ctr)?(l)?(a)?([+-])?$")]
    private static partial Regex BranchName();
}
