namespace Suite.Machines.Display;

/// <summary>A key of the PS/2 keyboard: its code in set 2, whether E0h comes before it, and whether Shift makes the character it was looked up by (US layout).</summary>
/// <param name="Code">The code.</param>
/// <param name="IsExtended">E0h comes before it.</param>
/// <param name="NeedsShift">The character is the key's upper one.</param>
public readonly record struct Ps2Key(byte Code, bool IsExtended = false, bool NeedsShift = false);

/// <summary>Keys by what displays know of them: characters, X11 key symbols, set 1 codes.</summary>
public static class Keyboard
{
    // Characters of the 48 character keys, lower and upper, with the keys' codes in set 2.
    private const string Lower = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ ";
    private const string Upper = "~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>? ";

    /// <summary>Keys that others are held down with.</summary>
    public static readonly Ps2Key LeftShift = new(0x12), LeftControl = new(0x14), LeftAlt = new(0x11);

    private static ReadOnlySpan<byte> CharacterKeys =>
    [
        0x0E, 0x16, 0x1E, 0x26, 0x25, 0x2E, 0x36, 0x3D, 0x3E, 0x46, 0x45, 0x4E, 0x55, 0x15, 0x1D, 0x24, 0x2D, 0x2C, 0x35, 0x3C, 0x43, 0x44, 0x4D, 0x54, 0x5B, 0x5D,
        0x1C, 0x1B, 0x23, 0x2B, 0x34, 0x33, 0x3B, 0x42, 0x4B, 0x4C, 0x52, 0x1A, 0x22, 0x21, 0x2A, 0x32, 0x31, 0x3A, 0x41, 0x49, 0x4A, 0x29,
    ];

    // Set 2 codes by set 1 codes (IBM PS/2 Hardware Interface Technical Reference, scan code tables); 0 for none.
    private static ReadOnlySpan<byte> Set2BySet1 =>
    [
        0x00, 0x76, 0x16, 0x1E, 0x26, 0x25, 0x2E, 0x36, 0x3D, 0x3E, 0x46, 0x45, 0x4E, 0x55, 0x66, 0x0D,
        0x15, 0x1D, 0x24, 0x2D, 0x2C, 0x35, 0x3C, 0x43, 0x44, 0x4D, 0x54, 0x5B, 0x5A, 0x14, 0x1C, 0x1B,
        0x23, 0x2B, 0x34, 0x33, 0x3B, 0x42, 0x4B, 0x4C, 0x52, 0x0E, 0x12, 0x5D, 0x1A, 0x22, 0x21, 0x2A,
        0x32, 0x31, 0x3A, 0x41, 0x49, 0x4A, 0x59, 0x7C, 0x11, 0x29, 0x58, 0x05, 0x06, 0x04, 0x0C, 0x03,
        0x0B, 0x83, 0x0A, 0x01, 0x09, 0x77, 0x7E, 0x6C, 0x75, 0x7D, 0x7B, 0x6B, 0x73, 0x74, 0x79, 0x69,
        0x72, 0x7A, 0x70, 0x71, 0x84, 0x60, 0x61, 0x78, 0x07, 0x0F, 0x17, 0x1F, 0x27, 0x2F, 0x37, 0x3F,
        0x47, 0x4F, 0x56, 0x5E, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x57, 0x6F,
        0x13, 0x19, 0x39, 0x51, 0x53, 0x5C, 0x5F, 0x62, 0x63, 0x64, 0x65, 0x67, 0x68, 0x6A, 0x6D, 0x6E,
    ];

    /// <summary>The key of a character; null when no key has it.</summary>
    public static Ps2Key? FromCharacter(char character)
    {
        switch (character)
        {
            case '\n' or '\r':
                return new Ps2Key(0x5A);
            case '\t':
                return new Ps2Key(0x0D);
            case '\b' or '\x7F':
                return new Ps2Key(0x66);
            case '\x1B':
                return new Ps2Key(0x76);
        }

        int index = Lower.IndexOf(character);
        if (index >= 0)
            return new Ps2Key(CharacterKeys[index]);
        index = Upper.IndexOf(character);
        return index >= 0 ? new Ps2Key(CharacterKeys[index], NeedsShift: true) : null;
    }

    /// <summary>The key of a code in set 1 with E0h as bit 7, as QEMU's extended key events have it; null for none.</summary>
    public static Ps2Key? FromSet1(uint code)
    {
        const uint extended = 0x80, escaped = 0xE000;
        bool isExtended = (code & extended) != 0 || (code & 0xFF00) == escaped;
        byte plain = (byte)(code & 0x7F);
        byte found = Set2BySet1[plain];
        return found == 0 ? null : new Ps2Key(found, isExtended);
    }

    /// <summary>The key of an X11 key symbol (keysymdef.h) on a US keyboard; null for none.</summary>
    public static Ps2Key? FromKeySym(uint symbol) => symbol switch
    {
        >= 0x20 and <= 0x7E => FromCharacter((char)symbol),
        0xFF08 => new Ps2Key(0x66), // BackSpace
        0xFF09 or 0xFE20 => new Ps2Key(0x0D), // Tab
        0xFF0D or 0xFF0A => new Ps2Key(0x5A), // Return
        0xFF13 => new Ps2Key(0x7E, true), // Pause
        0xFF14 => new Ps2Key(0x7E), // Scroll_Lock
        0xFF15 or 0xFF61 => new Ps2Key(0x7C, true), // Sys_Req, Print
        0xFF1B => new Ps2Key(0x76), // Escape
        0xFF50 => new Ps2Key(0x6C, true), // Home
        0xFF51 => new Ps2Key(0x6B, true), // Left
        0xFF52 => new Ps2Key(0x75, true), // Up
        0xFF53 => new Ps2Key(0x74, true), // Right
        0xFF54 => new Ps2Key(0x72, true), // Down
        0xFF55 => new Ps2Key(0x7D, true), // Page_Up
        0xFF56 => new Ps2Key(0x7A, true), // Page_Down
        0xFF57 => new Ps2Key(0x69, true), // End
        0xFF63 => new Ps2Key(0x70, true), // Insert
        0xFFFF => new Ps2Key(0x71, true), // Delete
        0xFF67 => new Ps2Key(0x2F, true), // Menu
        0xFF7F => new Ps2Key(0x77), // Num_Lock
        0xFF8D => new Ps2Key(0x5A, true), // KP_Enter
        0xFF95 or 0xFFB7 => new Ps2Key(0x6C), // KP_Home, KP_7
        0xFF97 or 0xFFB8 => new Ps2Key(0x75), // KP_Up
        0xFF9A or 0xFFB9 => new Ps2Key(0x7D), // KP_Prior
        0xFF96 or 0xFFB4 => new Ps2Key(0x6B), // KP_Left
        0xFF9D or 0xFFB5 => new Ps2Key(0x73), // KP_Begin
        0xFF98 or 0xFFB6 => new Ps2Key(0x74), // KP_Right
        0xFF9C or 0xFFB1 => new Ps2Key(0x69), // KP_End
        0xFF99 or 0xFFB2 => new Ps2Key(0x72), // KP_Down
        0xFF9B or 0xFFB3 => new Ps2Key(0x7A), // KP_Next
        0xFF9E or 0xFFB0 => new Ps2Key(0x70), // KP_Insert
        0xFF9F or 0xFFAE => new Ps2Key(0x71), // KP_Delete
        0xFFAA => new Ps2Key(0x7C), // KP_Multiply
        0xFFAB => new Ps2Key(0x79), // KP_Add
        0xFFAD => new Ps2Key(0x7B), // KP_Subtract
        0xFFAF => new Ps2Key(0x4A, true), // KP_Divide
        >= 0xFFBE and <= 0xFFC9 => Function((int)symbol - 0xFFBD),
        0xFFE1 => LeftShift,
        0xFFE2 => new Ps2Key(0x59), // Shift_R
        0xFFE3 => LeftControl,
        0xFFE4 => new Ps2Key(0x14, true), // Control_R
        0xFFE5 => new Ps2Key(0x58), // Caps_Lock
        0xFFE7 or 0xFFEB => new Ps2Key(0x1F, true), // Meta_L, Super_L
        0xFFE8 or 0xFFEC => new Ps2Key(0x27, true), // Meta_R, Super_R
        0xFFE9 => LeftAlt,
        0xFFEA or 0xFE03 => new Ps2Key(0x11, true), // Alt_R, ISO_Level3_Shift
        _ => null,
    };

    /// <summary>F1 to F12.</summary>
    public static Ps2Key Function(int number)
    {
        ReadOnlySpan<byte> codes = [0x05, 0x06, 0x04, 0x0C, 0x03, 0x0B, 0x83, 0x0A, 0x01, 0x09, 0x78, 0x07];
        return new Ps2Key(codes[number - 1]);
    }
}
