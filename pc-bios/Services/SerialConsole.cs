using System.Globalization;
using System.Text;

namespace Suite.PcBios.Services;

/// <summary>
/// The text screen on the first serial port, for machines without a display: what INT 10h writes goes there with the escapes of an ANSI terminal
/// in UTF-8, what comes in are keys for INT 16h.
/// </summary>
internal sealed class SerialConsole(Bios bios, Func<ushort, bool> storeKey)
{
    private const int Port = 0x3F8, LineStatus = Port + 5, MostBytes = 32;
    private const byte DataReady = 1, Escape = 0x1B, NormalAttribute = 7;

    // Code page 437 from 80h on.
    private const string Upper = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00A0";

    // Arrows, shades and the like of 00h-1Fh that menus use.
    private const string Lower = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";

    /// <summary>Colors of the VGA in the order of a terminal's.</summary>
    private static ReadOnlySpan<byte> Colors => [0, 4, 2, 6, 1, 5, 3, 7];

    private int _row = -1, _column = -1, _attribute = -1;

    public bool IsOn => bios.Pc.HasSerialConsole && bios.Pc.SerialPorts > 0;

    /// <summary>A cell of the screen was written.</summary>
    public void Write(int row, int column, byte character, byte attribute)
    {
        if (!IsOn)
            return;
        if (row != _row || column != _column)
            Send(string.Create(CultureInfo.InvariantCulture, $"\e[{row + 1};{column + 1}H"));
        if (attribute != _attribute)
            Send(string.Create(CultureInfo.InvariantCulture, $"\e[{((attribute & 8) != 0 ? 1 : 0)};3{Colors[attribute & 7]};4{Colors[attribute >> 4 & 7]}m"));
        Send((character < 0x20 ? Lower[character] : character >= 0x80 ? Upper[character - 0x80] : character == 0x7F ? '⌂' : (char)character).ToString());
        (_row, _column, _attribute) = (row, column + 1, attribute);
    }

    /// <summary>The cursor was set: the terminal's follows at once, since a program may wait for a key next.</summary>
    public void MoveTo(int row, int column)
    {
        if (!IsOn || (row == _row && column == _column))
            return;
        if (column == 0 && row == _row + 1)
            Send("\r\n");
        else if (column == 0 && row == _row)
            Send("\r");
        else
            Send(string.Create(CultureInfo.InvariantCulture, $"\e[{row + 1};{column + 1}H"));
        (_row, _column) = (row, column);
    }

    /// <summary>The whole screen went up by lines.</summary>
    public void ScrollUp(int lines)
    {
        if (!IsOn)
            return;
        Send("\e[0m\e[25;1H" + new string('\n', Math.Min(lines, 25)));
        (_row, _column, _attribute) = (24, 0, NormalAttribute);
    }

    /// <summary>The screen was cleared.</summary>
    public void Clear()
    {
        if (!IsOn)
            return;
        Send("\e[0m\e[2J\e[H");
        (_row, _column, _attribute) = (0, 0, NormalAttribute);
    }

    /// <summary>Takes what has come in as keys.</summary>
    public void Poll()
    {
        if (!IsOn)
            return;
        for (int i = 0; i < MostBytes && TryReceive() is { } b; i++)
        {
            if (b == Escape && TryReceive() is { } next)
                storeKey(next is (byte)'[' or (byte)'O' ? Sequence() : KeyTable.OfCharacter(next));
            else
                storeKey(KeyTable.OfCharacter(b));
        }
    }

    // Behind ESC [: arrows and the like.
    private ushort Sequence()
    {
        byte first = TryReceive() ?? 0;
        if (char.IsAsciiDigit((char)first))
            TryReceive(); // the tilde
        return first switch
        {
            (byte)'A' => 0x48E0,
            (byte)'B' => 0x50E0,
            (byte)'C' => 0x4DE0,
            (byte)'D' => 0x4BE0,
            (byte)'H' or (byte)'1' => 0x47E0,
            (byte)'F' or (byte)'4' => 0x4FE0,
            (byte)'2' => 0x52E0,
            (byte)'3' => 0x53E0,
            (byte)'5' => 0x49E0,
            (byte)'6' => 0x51E0,
            _ => 0x011B,
        };
    }

    private byte? TryReceive() => (bios.In(LineStatus) & DataReady) != 0 ? bios.In(Port) : null;

    private void Send(string text)
    {
        foreach (byte b in Encoding.UTF8.GetBytes(text))
            bios.Out(Port, b);
    }
}
