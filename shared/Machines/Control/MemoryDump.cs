using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Suite.Machines.Control;

/// <summary>The monitor's x and xp: /COUNT FORMAT SIZE, as gdb has it.</summary>
internal static class MemoryDump
{
    private const int MostBytes = 1 << 20, LineBytes = 16;

    public static string Run(MonitorContext c, string[] a, bool isPhysical)
    {
        string format = a.Length > 0 && a[0].StartsWith('/') ? a[0][1..] : "";
        string[] rest = a.Length > 0 && a[0].StartsWith('/') ? a[1..] : a;
        int digits = format.TakeWhile(char.IsAsciiDigit).Count();
        int count = digits == 0 ? 1 : int.TryParse(format.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : MostBytes;
        char kind = 'x';
        int size = 4;
        foreach (char letter in format.AsSpan(digits))
        {
            switch (letter)
            {
                case 'x' or 'd' or 'u' or 'o' or 'c' or 'i':
                    kind = letter;
                    break;
                case 'b' or 'h' or 'w' or 'g':
                    size = letter switch { 'b' => 1, 'h' => 2, 'w' => 4, _ => 8 };
                    break;
                default:
                    throw new ControlException($"'{letter}' is neither a format (x d u o c i) nor a size (b h w g)");
            }
        }

        if (kind == 'c' && !format.AsSpan(digits).ContainsAny("hwg"))
            size = 1;
        ulong address = rest.Length > 0 ? MonitorCommands.Number(c, string.Join(' ', rest)) : c.Next;
        return c.Parked(() => kind == 'i' ? c.Control.Inspector.Disassemble(c.Cpu, address, Math.Min(count, MostBytes / LineBytes), isPhysical) : Show(c, address, Math.Min(count, MostBytes / size), kind, size, isPhysical));
    }

    private static string Show(MonitorContext c, ulong address, int count, char kind, int size, bool isPhysical)
    {
        StringBuilder text = new();
        byte[] item = new byte[8];
        int perLine = kind == 'c' ? 8 : LineBytes / size;
        for (int i = 0; i < count; i++, address += (ulong)size)
        {
            if (i % perLine == 0)
                text.Append(i == 0 ? "" : "\n").Append(CultureInfo.InvariantCulture, $"{address:x16}:");
            Array.Clear(item);
            if (!c.Control.TryRead(c.Cpu, address, isPhysical, item.AsSpan(0, size)))
                return text.Append("\nCannot access memory\n").ToString();
            text.Append(' ').Append(Format(BinaryPrimitives.ReadUInt64LittleEndian(item), kind, size));
        }

        c.Next = address;
        return text.Append('\n').ToString();
    }

    private static string Format(ulong value, char kind, int size) => kind switch
    {
        'd' => ((long)(value << (64 - size * 8)) >> (64 - size * 8)).ToString(CultureInfo.InvariantCulture).PadLeft(size switch { 1 => 4, 2 => 6, 4 => 11, _ => 20 }),
        'u' => value.ToString(CultureInfo.InvariantCulture).PadLeft(size switch { 1 => 3, 2 => 5, 4 => 10, _ => 20 }),
        'o' => "0" + Convert.ToString((long)value, 8),
        'c' => value is >= 32 and < 127 ? $"'{(char)value}'" : $"'\\x{(byte)value:x2}'",
        _ => "0x" + value.ToString($"x{size * 2}", CultureInfo.InvariantCulture),
    };
}
