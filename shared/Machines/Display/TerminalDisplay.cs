using System.Globalization;
using System.Text;
using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Display;

namespace Suite.Machines.Display;

/// <summary>
/// Shows a text mode in a terminal (`-display curses`) by ECMA-48 control sequences, and turns what is typed into keys. Of a graphics mode it shows the
/// size.
/// </summary>
public sealed class TerminalDisplay : ICharReceiver, IDisposable
{
    private const int RefreshMilliseconds = 50, KeyMilliseconds = 10, MostKeys = 256, Room0 = 64;
    private const byte Escape = 0x1B;

    // Code page 437, 00h to 1Fh and 7Fh to FFh.
    private const string Low = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";

    private const string High = "⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";

    private readonly IDisplaySource _source;
    private readonly IChardev _terminal;
    private readonly IDisplayInput _input;
    private readonly HostTimer _refresh, _keyTimer, _escapeTimer;
    private readonly TextScreen _screen = new();
    private readonly Queue<(Ps2Key Key, bool IsPressed)> _keys = [];
    private readonly StringBuilder _text = new(), _sequence = new();
    private ushort[] _shown = [];
    private int _columns, _rows;
    private string _notice = "";

    /// <summary>Takes a terminal.</summary>
    /// <param name="source">What is shown.</param>
    /// <param name="terminal">The terminal, raw.</param>
    /// <param name="input">Where keys go.</param>
    /// <param name="loop">Its timers.</param>
    public TerminalDisplay(IDisplaySource source, IChardev terminal, IDisplayInput input, HostLoop loop)
    {
        (_source, _terminal, _input) = (source, terminal, input);
        _refresh = loop.NewTimer(Refresh);
        _keyTimer = loop.NewTimer(SendKey);
        _escapeTimer = loop.NewTimer(EndEscape);
        terminal.Receiver = this;
        Write("\x1b[?1049h\x1b[2J\x1b[?25l");
        _refresh.Set(0);
    }

    /// <summary>Alt and a digit: another console (1 is the screen).</summary>
    public Action<int>? ConsoleSwitched { get; set; }

    /// <inheritdoc/>
    public int Room => Math.Min(Room0, MostKeys - _keys.Count);

    /// <summary>Gives the terminal back.</summary>
    public void Dispose()
    {
        _refresh.Cancel();
        _keyTimer.Cancel();
        _escapeTimer.Cancel();
        Write("\x1b[0m\x1b[?25h\x1b[?1049l");
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            if (_sequence.Length == 0 && b != Escape)
            {
                Type((char)b, withAlt: false);
                continue;
            }

            _sequence.Append((char)b);
            if (IsComplete(_sequence))
                EndEscape();
        }

        if (_sequence.Length > 0)
            _escapeTimer.Set(RefreshMilliseconds);
    }

    /// <summary>Shows what changed.</summary>
    public void Refresh()
    {
        _refresh.Set(RefreshMilliseconds);
        if (!_source.TryReadText(_screen))
        {
            ShowNotice();
            return;
        }

        if (_screen.Columns != _columns || _screen.Rows != _rows || _notice.Length != 0)
        {
            (_columns, _rows, _notice) = (_screen.Columns, _screen.Rows, "");
            _shown = new ushort[_columns * _rows];
            Array.Fill(_shown, (ushort)0xFFFF);
            _text.Append("\x1b[0m\x1b[2J");
        }

        int at = -1, attribute = -1;
        for (int i = 0; i < _shown.Length; i++)
        {
            ushort cell = _screen.Cells[i];
            if (cell == _shown[i])
                continue;
            _shown[i] = cell;
            if (at != i || i % _columns == 0)
                _text.Append(CultureInfo.InvariantCulture, $"\x1b[{i / _columns + 1};{i % _columns + 1}H");
            if (attribute != cell >> 8)
                AppendAttribute(attribute = cell >> 8);
            _text.Append(Character((byte)cell));
            at = i + 1;
        }

        if (_screen.CursorColumn >= 0)
            _text.Append(CultureInfo.InvariantCulture, $"\x1b[{_screen.CursorRow + 1};{_screen.CursorColumn + 1}H\x1b[?25h");
        else if (at >= 0)
            _text.Append("\x1b[?25l");
        Flush();
    }

    /// <summary>A character of code page 437.</summary>
    public static char Character(byte code) => code < 0x20 ? Low[code] : code < 0x7F ? (char)code : High[code - 0x7F];

    private void ShowNotice()
    {
        Surface surface = new();
        _source.Render(surface);
        string notice = $"{surface.Width} x {surface.Height} Graphic mode";
        if (notice == _notice)
            return;
        _notice = notice;
        Write($"\x1b[0m\x1b[2J\x1b[1;1H{notice}");
    }

    // The PC's colours have red and blue the other way round.
    private void AppendAttribute(int attribute)
    {
        ReadOnlySpan<byte> ansi = [0, 4, 2, 6, 1, 5, 3, 7];
        int fore = attribute & 15, back = attribute >> 4 & 7;
        _text.Append(CultureInfo.InvariantCulture, $"\x1b[0;{(fore >= 8 ? 90 : 30) + ansi[fore & 7]};{((attribute & 0x80) != 0 ? 100 : 40) + ansi[back]}m");
    }

    private void Flush()
    {
        if (_text.Length == 0)
            return;
        Write(_text.ToString());
        _text.Clear();
    }

    private void Write(string text) => _terminal.Write(Encoding.UTF8.GetBytes(text));

    // ESC and a character; ESC [ or O, parameters and a final character.
    private static bool IsComplete(StringBuilder sequence)
    {
        const int longest = 16;
        if (sequence.Length < 2)
            return false;
        if (sequence[1] is not ('[' or 'O') || sequence.Length > longest)
            return true;
        if (sequence.Length == 3 && sequence[1] == '[' && sequence[2] == '[')
            return false; // the Linux console's F1 to F5
        return sequence.Length > 2 && sequence[^1] is >= '@' and <= '~';
    }

    private void EndEscape()
    {
        _escapeTimer.Cancel();
        string sequence = _sequence.ToString();
        _sequence.Clear();
        if (sequence.Length == 0)
            return;
        if (sequence.Length == 1)
            Press(new Ps2Key(0x76), default, false, false);
        else if (sequence.Length == 2 && sequence[1] is >= '1' and <= '9' && ConsoleSwitched is not null)
            ConsoleSwitched(sequence[1] - '0');
        else if (sequence.Length == 2)
            Type(sequence[1], withAlt: true);
        else if (Find(sequence[1..]) is { } key)
            Press(key, default, false, false);
    }

    private static Ps2Key? Find(string sequence) => sequence switch
    {
        "[A" or "OA" => new Ps2Key(0x75, true),
        "[B" or "OB" => new Ps2Key(0x72, true),
        "[C" or "OC" => new Ps2Key(0x74, true),
        "[D" or "OD" => new Ps2Key(0x6B, true),
        "[H" or "OH" or "[1~" or "[7~" => new Ps2Key(0x6C, true),
        "[F" or "OF" or "[4~" or "[8~" => new Ps2Key(0x69, true),
        "[2~" => new Ps2Key(0x70, true),
        "[3~" => new Ps2Key(0x71, true),
        "[5~" => new Ps2Key(0x7D, true),
        "[6~" => new Ps2Key(0x7A, true),
        "OP" or "[11~" or "[[A" => Keyboard.Function(1),
        "OQ" or "[12~" or "[[B" => Keyboard.Function(2),
        "OR" or "[13~" or "[[C" => Keyboard.Function(3),
        "OS" or "[14~" or "[[D" => Keyboard.Function(4),
        "[15~" or "[[E" => Keyboard.Function(5),
        "[17~" => Keyboard.Function(6),
        "[18~" => Keyboard.Function(7),
        "[19~" => Keyboard.Function(8),
        "[20~" => Keyboard.Function(9),
        "[21~" => Keyboard.Function(10),
        "[23~" => Keyboard.Function(11),
        "[24~" => Keyboard.Function(12),
        _ => null,
    };

    private void Type(char character, bool withAlt)
    {
        const char lastControl = (char)26;
        if (Keyboard.FromCharacter(character) is { } key)
            Press(key, key.NeedsShift ? Keyboard.LeftShift : default, withAlt, false);
        else if (character is > (char)0 and <= lastControl && Keyboard.FromCharacter((char)(character + 'a' - 1)) is { } letter)
            Press(letter, default, withAlt, true);
    }

    private void Press(Ps2Key key, Ps2Key shift, bool withAlt, bool withControl)
    {
        const int mostEvents = 8;
        if (_keys.Count > MostKeys - mostEvents)
            return;
        if (withControl)
            _keys.Enqueue((Keyboard.LeftControl, true));
        if (withAlt)
            _keys.Enqueue((Keyboard.LeftAlt, true));
        if (shift.Code != 0)
            _keys.Enqueue((shift, true));
        _keys.Enqueue((key, true));
        _keys.Enqueue((key, false));
        if (shift.Code != 0)
            _keys.Enqueue((shift, false));
        if (withAlt)
            _keys.Enqueue((Keyboard.LeftAlt, false));
        if (withControl)
            _keys.Enqueue((Keyboard.LeftControl, false));
        if (!_keyTimer.IsRunning)
            SendKey();
    }

    // One at a time: the keyboard's queue is short, and nobody types faster.
    private void SendKey()
    {
        if (!_keys.TryDequeue(out (Ps2Key Key, bool IsPressed) next))
        {
            _terminal.ReceiverReady();
            return;
        }

        _input.Key(next.Key.Code, next.Key.IsExtended, next.IsPressed);
        _keyTimer.Set(KeyMilliseconds);
    }
}
