namespace Suite.Machines.Control;

/// <summary>A key's code in the PS/2 keyboard's set 2.</summary>
/// <param name="Code">The code.</param>
/// <param name="IsExtended">E0h comes before it.</param>
public readonly record struct KeyCode(byte Code, bool IsExtended);

/// <summary>Keys by QEMU's names (qapi/ui.json, QKeyCode).</summary>
public static class KeyCodes
{
    private static readonly Dictionary<string, KeyCode> Table = Build();

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Table.Keys;

    /// <summary>The key of a name, or of a character as it stands on a US keyboard; null when there is none.</summary>
    public static KeyCode? Find(string name) => Table.TryGetValue(name, out KeyCode code) ? code : null;

    private static Dictionary<string, KeyCode> Build()
    {
        Dictionary<string, KeyCode> table = [];
        const string Plain = """
            esc 76 1 16 2 1e 3 26 4 25 5 2e 6 36 7 3d 8 3e 9 46 0 45 minus 4e equal 55 backspace 66 tab 0d q 15 w 1d e 24 r 2d t 2c y 35 u 3c i 43 o 44 p 4d
            bracket_left 54 bracket_right 5b ret 5a ctrl 14 a 1c s 1b d 23 f 2b g 34 h 33 j 3b k 42 l 4b semicolon 4c apostrophe 52 grave_accent 0e shift 12
            backslash 5d z 1a x 22 c 21 v 2a b 32 n 31 m 3a comma 41 dot 49 slash 4a shift_r 59 asterisk 7c kp_multiply 7c alt 11 spc 29 caps_lock 58
            f1 05 f2 06 f3 04 f4 0c f5 03 f6 0b f7 83 f8 0a f9 01 f10 09 f11 78 f12 07 num_lock 77 scroll_lock 7e kp_7 6c kp_8 75 kp_9 7d kp_subtract 7b
            kp_4 6b kp_5 73 kp_6 74 kp_add 79 kp_1 69 kp_2 72 kp_3 7a kp_0 70 kp_decimal 71 less 61 sysrq 7f
            """;
        const string Extended = """
            ctrl_r 14 alt_r 11 kp_divide 4a kp_enter 5a home 6c up 75 pgup 7d left 6b right 74 end 69 down 72 pgdn 7a insert 70 delete 71 meta_l 1f meta_r 27
            menu 2f print 7c power 37 sleep 3f wake 5e
            """;
        Add(table, Plain, false);
        Add(table, Extended, true);
        foreach ((string alias, string name) in new[] { ("enter", "ret"), ("space", "spc"), ("escape", "esc"), ("del", "delete"), ("caps", "caps_lock"), ("period", "dot"), ("kp_return", "kp_enter") })
            table.TryAdd(alias, table[name]);
        return table;
    }

    private static void Add(Dictionary<string, KeyCode> table, string text, bool isExtended)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < words.Length; i += 2)
            table.Add(words[i], new KeyCode(Convert.ToByte(words[i + 1], 16), isExtended));
    }
}
