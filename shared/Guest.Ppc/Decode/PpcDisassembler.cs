using System.Text;

namespace Suite.Guest.Ppc;

/// <summary>Instruction words as text, in the form of binutils' objdump, simplified mnemonics included (Power ISA 2.07 I appendix E).</summary>
public sealed partial class PpcDisassembler(PpcDecoder decoder)
{
    /// <summary>The text of a word at an address: mnemonic, blank, operands. Words that are no instruction, and reserved bits that are set, make <c>.long</c>.</summary>
    public string Disassemble(uint word, uint pc)
    {
        if (!decoder.TryFind(word, out PpcRow row) || (word & ~(row.Mask | OperandBits(row))) != 0)
            return $".long 0x{word:x}";
        var text = new StringBuilder();
        if (!Simplify(row, word, pc, text))
            Plain(row, word, pc, text);
        return text.ToString();
    }

    /// <summary>All bits of a row's operands and endings.</summary>
    internal static uint OperandBits(in PpcRow row)
    {
        uint bits = 0;
        foreach (Range part in row.Operands.AsSpan().Split(','))
            if (row.Operands.AsSpan()[part] is { Length: > 0 } name)
                bits |= PpcField.TryFind(name, out PpcField field) ? field.Bits : PpcField.EndingBit(name);
        return bits;
    }

    /// <summary>The mnemonic with the endings whose bits are set, by order of the assembler: o, then . or l, then a.</summary>
    internal static string Mnemonic(in PpcRow row, uint word)
    {
        string name = row.Name;
        foreach (Range part in row.Operands.AsSpan().Split(','))
        {
            ReadOnlySpan<char> ending = row.Operands.AsSpan()[part];
            if (ending.Length == 0 || PpcField.TryFind(ending, out _) || (word & PpcField.EndingBit(ending)) == 0)
                continue;
            name += ending switch { "v." => ".", "lk" => "l", "aa" => "a", _ => ending.ToString() };
        }
        return name;
    }

    /// <summary>One operand as text.</summary>
    internal static string Operand(in PpcField field, uint word, uint pc)
    {
        uint value = (word & field.Bits) >> field.Shift;
        return field.Kind switch
        {
            PpcFieldKind.Gpr => $"r{value}",
            PpcFieldKind.GprOrZero => value == 0 ? "0" : $"r{value}",
            PpcFieldKind.Fpr => $"f{value}",
            PpcFieldKind.Vr => $"v{value}",
            PpcFieldKind.Cr => $"cr{value}",
            PpcFieldKind.CrBit => CrBit(value),
            PpcFieldKind.Signed => $"{Signed(field, value)}",
            PpcFieldKind.Memory => Memory(field, word),
            PpcFieldKind.Target => $"0x{Target(field, word, pc):x}",
            PpcFieldKind.Spr => $"{PpcWord.Spr(word)}",
            _ => $"{value}",
        };
    }

    /// <summary>A bit of CR: lt, 4*cr7+eq.</summary>
    internal static string CrBit(uint bit)
    {
        string name = (bit & 3) switch { 0 => "lt", 1 => "gt", 2 => "eq", _ => "so" };
        return bit < 4 ? name : $"4*cr{bit >> 2}+{name}";
    }

    private static void Plain(in PpcRow row, uint word, uint pc, StringBuilder text)
    {
        text.Append(Mnemonic(row, word));
        char separator = ' ';
        foreach (Range part in row.Operands.AsSpan().Split(','))
        {
            if (!PpcField.TryFind(row.Operands.AsSpan()[part], out PpcField field) || IsLeftOut(field, word))
                continue;
            text.Append(separator).Append(Operand(field, word, pc));
            separator = ',';
        }
    }

    // Operands that the assembler lets be left out when they are zero.
    private static bool IsLeftOut(in PpcField field, uint word) => field.Name switch
    {
        "l" or "mo" or "bh" or "ct" => (word & field.Bits) == 0,
        _ => false,
    };

    private static int Signed(in PpcField field, uint value) => field.Bits == 0xFFFF ? (short)value : (int)(value << 27) >> 27;

    private static string Memory(in PpcField field, uint word)
    {
        int displacement = field.Scale == 1 ? (short)word : (int)(word >> 11 & 31) * field.Scale;
        int ra = PpcWord.Ra(word);
        return ra == 0 ? $"{displacement}(0)" : $"{displacement}(r{ra})";
    }

    private static uint Target(in PpcField field, uint word, uint pc)
    {
        int offset = field.Name == "bd" ? (short)word & ~3 : (int)(word << 6) >> 6 & ~3;
        return (uint)offset + (PpcWord.HasAa(word) ? 0 : pc);
    }
}
