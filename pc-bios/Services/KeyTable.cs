namespace Suite.PcBios.Services;

/// <summary>Scan codes (set 1) that are treated by name.</summary>
internal static class KeyNames
{
    public const int Ctrl = 0x1D, LeftShift = 0x2A, RightShift = 0x36, PrintScreen = 0x37, Alt = 0x38, CapsLock = 0x3A, NumLock = 0x45, ScrollLock = 0x46, Insert = 0x52, Delete = 0x53;

    private const int PadStart = 0x47;
    private const string Pad = "789-456+1230";

    /// <summary>The digit of a key of the numeric pad.</summary>
    public static int? KeypadDigit(int key) => key is >= PadStart and <= Insert && char.IsAsciiDigit(Pad[key - PadStart]) ? Pad[key - PadStart] - '0' : null;
}

/// <summary>What INT 16h gives for a key: scan code in the high byte, character in the low one (the tables of the technical reference).</summary>
internal static class KeyTable
{
    private const int Escape = 1, Digits = 2, Backspace = 0x0E, Tab = 0x0F, Letters = 0x10, LettersEnd = 0x35, Enter = 0x1C, Slash = 0x35, Star = 0x37, Space = 0x39, F1 = 0x3B, F10 = 0x44, Home = 0x47, F11 = 0x57, F12 = 0x58;

    private const string Plain = "1234567890-=", Shifted = "!@#$%^&*()_+", PadDigits = "789-456+1230.";

    // By scan code from 10h on; blanks stand for keys of other kinds.
    private const string PlainLetters = "qwertyuiop[]\r asdfghjkl;'` \\zxcvbnm,./", ShiftedLetters = "QWERTYUIOP{}\r ASDFGHJKL:\"~ |ZXCVBNM<>?";

    // Keypad and editing keys with ctrl, by scan code from 47h on: Home, Up, PgUp, -, Left, 5, Right, +, End, Down, PgDn, Ins, Del.
    private static ReadOnlySpan<byte> CtrlPad => [0x77, 0x8D, 0x84, 0x8E, 0x73, 0x8F, 0x74, 0x90, 0x75, 0x91, 0x76, 0x92, 0x93];

    /// <summary>The value by which INT 16h gives a character; the character alone when no key makes it.</summary>
    public static ushort OfCharacter(byte character)
    {
        if (character == 0x7F)
            return 0x0E08; // what terminals send for backspace
        for (int key = Escape; key <= Space; key++)
            for (int modifier = 0; modifier < 3; modifier++)
                if (Find(key, false, modifier == 1, modifier == 2, false, false, false) is { } value && (byte)value == character && key != Star)
                    return value;
        return character;
    }

    /// <summary>The value for a key; null when the combination gives none.</summary>
    public static ushort? Find(int key, bool isExtended, bool shift, bool ctrl, bool alt, bool caps, bool num) => key switch
    {
        Escape => alt ? (ushort)0x0100 : (ushort)0x011B,
        >= Digits and < Backspace => Digit(key, shift, ctrl, alt),
        Backspace => alt ? (ushort)0x0E00 : ctrl ? (ushort)0x0E7F : (ushort)0x0E08,
        Tab => alt ? (ushort)0xA500 : ctrl ? (ushort)0x9400 : shift ? (ushort)0x0F00 : (ushort)0x0F09,
        Enter => isExtended ? (alt ? (ushort)0xA600 : ctrl ? (ushort)0xE00A : (ushort)0xE00D) : alt ? (ushort)0x1C00 : ctrl ? (ushort)0x1C0A : (ushort)0x1C0D,
        Slash when isExtended => alt ? (ushort)0xA400 : ctrl ? (ushort)0x9500 : (ushort)0xE02F,
        >= Letters and <= LettersEnd => Letter(key, shift, ctrl, alt, caps),
        Star => alt ? (ushort)0x3700 : ctrl ? (ushort)0x9600 : (ushort)0x372A,
        Space => 0x3920,
        >= F1 and <= F10 => (ushort)(alt ? key + 0x2D << 8 : ctrl ? key + 0x23 << 8 : shift ? key + 0x19 << 8 : key << 8),
        F11 or F12 => (ushort)(key - F11 + (alt ? 0x8B : ctrl ? 0x89 : shift ? 0x87 : 0x85) << 8),
        >= Home and <= KeyNames.Delete => Pad(key, isExtended, shift, ctrl, alt, num),
        0x56 => (ushort)(key << 8 | (alt || ctrl ? 0 : shift ? '|' : '\\')),
        _ => null,
    };

    private static ushort? Digit(int key, bool shift, bool ctrl, bool alt)
    {
        if (alt)
            return (ushort)(key + 0x76 << 8);
        if (!ctrl)
            return (ushort)(key << 8 | (shift ? Shifted : Plain)[key - Digits]);
        return key switch
        {
            3 => 0x0300, // ctrl-2 is null
            7 => 0x071E,
            0x0C => 0x0C1F,
            _ => null,
        };
    }

    private static ushort? Letter(int key, bool shift, bool ctrl, bool alt, bool caps)
    {
        char c = PlainLetters[key - Letters];
        if (c == ' ')
            return null;
        bool isLetter = char.IsAsciiLetter(c);
        if (alt)
            return (ushort)(isLetter ? key << 8 : key << 8 | 0xF0);
        if (ctrl)
        {
            if (isLetter)
                return (ushort)(key << 8 | (c & 0x1F));
            return c switch { '[' => 0x1A1B, ']' => 0x1B1D, '\\' => 0x2B1C, _ => null };
        }

        return (ushort)(key << 8 | (shift != (caps && isLetter) ? ShiftedLetters : PlainLetters)[key - Letters]);
    }

    // The grey keys give E0h as character; those of the pad a digit with NumLock.
    private static ushort? Pad(int key, bool isExtended, bool shift, bool ctrl, bool alt, bool num)
    {
        char digit = PadDigits[key - Home];
        if (isExtended)
            return (ushort)(alt ? key + 0x50 << 8 : ctrl ? CtrlPad[key - Home] << 8 | 0xE0 : key << 8 | 0xE0);
        if (alt)
            return digit is '-' or '+' ? (ushort)(key << 8) : null;
        if (ctrl)
            return (ushort)(CtrlPad[key - Home] << 8);
        if (digit is '-' or '+')
            return (ushort)(key << 8 | digit);
        return num != shift ? (ushort)(key << 8 | digit) : digit == '5' ? (ushort)(key << 8 | 0xF0) : (ushort)(key << 8);
    }
}
