using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>Evaluates the DWARF expressions that call frame information uses (DWARF 5, section 2.5). Bounded in steps and stack.</summary>
internal static class DwarfExpression
{
    private const int MostSteps = 1000, StackSize = 64;

    /// <summary>Computes an expression.</summary>
    /// <param name="code">The expression.</param>
    /// <param name="registers">The frame's registers.</param>
    /// <param name="initial">What is on the stack at the start; null for nothing.</param>
    /// <param name="target">Word size and byte order.</param>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="value">The value on top of the stack at the end.</param>
    /// <returns>False when it reads what is not there or uses an operation that has no place here.</returns>
    public static bool TryEvaluate(ReadOnlySpan<byte> code, UnwindRegisters registers, ulong? initial, UnwindTarget target, IGuestReader memory, out ulong value)
    {
        Span<ulong> stack = stackalloc ulong[StackSize];
        int top = 0;
        if (initial is { } first)
            stack[top++] = first;
        DwarfCursor c = new(code, 0, target.WordBytes, target.BigEndian);
        ulong mask = target.WordBytes == 4 ? uint.MaxValue : ulong.MaxValue;
        value = 0;
        for (int steps = 0; !c.AtEnd && steps < MostSteps; steps++)
        {
            byte op = c.Byte();
            (int pops, int pushes) = Effect(op);
            if (pops < 0 || top < pops || top - pops + pushes > StackSize)
                return false;
            ulong a = pops > 0 ? stack[top - 1] : 0, b = pops > 1 ? stack[top - 2] : 0;
            ulong result;
            switch (op)
            {
                case 0x12: // dup
                    stack[top] = a;
                    top++;
                    continue;
                case 0x13: // drop
                    top--;
                    continue;
                case 0x14: // over
                    stack[top] = b;
                    top++;
                    continue;
                case 0x16: // swap
                    (stack[top - 1], stack[top - 2]) = (b, a);
                    continue;
                case 0x28 or 0x2F: // bra, skip
                    int distance = (int)(long)c.Number(2, signed: true);
                    top -= pops;
                    if (op == 0x2F || a != 0)
                        c.Position += distance;
                    if (c.Position < 0)
                        return false;
                    continue;
                case 0x06 or 0x94: // deref, deref_size
                    int size = op == 0x06 ? target.WordBytes : c.Byte();
                    if (size is not (1 or 2 or 4 or 8) || !TryLoad(memory, a, size, target.BigEndian, out result))
                        return false;
                    break;
                case >= 0x50 and <= 0x6F: // the register's value, as older producers write it
                    result = registers.Get(op - 0x50);
                    break;
                case >= 0x70 and <= 0x8F: // breg
                    result = registers.Get(op - 0x70) + (ulong)c.Sleb();
                    break;
                case 0x92: // bregx
                    result = registers.Get((int)Math.Min(c.Uleb(), int.MaxValue)) + (ulong)c.Sleb();
                    break;
                case 0x96: // nop
                    continue;
                default:
                    result = Compute(op, a, b, ref c);
                    break;
            }

            top -= pops;
            stack[top++] = result & mask;
        }

        if (c.Failed || top == 0)
            return false;
        value = stack[top - 1];
        return true;
    }

    private static ulong Compute(byte op, ulong a, ulong b, ref DwarfCursor c) => op switch
    {
        0x03 => c.Word(),
        0x08 => c.Number(1),
        0x09 => c.Number(1, signed: true),
        0x0A => c.Number(2),
        0x0B => c.Number(2, signed: true),
        0x0C => c.Number(4),
        0x0D => c.Number(4, signed: true),
        0x0E or 0x0F => c.Number(8),
        0x10 => c.Uleb(),
        0x11 => (ulong)c.Sleb(),
        0x1A => b & a,
        0x1C => b - a,
        0x1E => b * a,
        0x1F => 0 - a,
        0x20 => ~a,
        0x21 => b | a,
        0x22 => b + a,
        0x23 => a + c.Uleb(),
        0x24 => a < 64 ? b << (int)a : 0,
        0x25 => a < 64 ? b >> (int)a : 0,
        0x26 => (ulong)((long)b >> (int)Math.Min(a, 63)),
        0x27 => b ^ a,
        0x29 => b == a ? 1u : 0,
        0x2A => (long)b >= (long)a ? 1u : 0,
        0x2B => (long)b > (long)a ? 1u : 0,
        0x2C => (long)b <= (long)a ? 1u : 0,
        0x2D => (long)b < (long)a ? 1u : 0,
        0x2E => b != a ? 1u : 0,
        _ => op - 0x30u, // lit0 to lit31: Effect lets nothing else come here
    };

    // How many values an operation takes from the stack and puts there; -1 for those that are not supported.
    private static (int Pops, int Pushes) Effect(byte op) => op switch
    {
        0x03 or (>= 0x08 and <= 0x11) or (>= 0x30 and <= 0x8F) or 0x92 => (0, 1),
        0x12 => (1, 2),
        0x13 or 0x28 => (1, 0),
        0x14 => (2, 3),
        0x16 => (2, 2),
        0x06 or 0x1F or 0x20 or 0x23 or 0x94 => (1, 1),
        0x1A or 0x1C or 0x1E or 0x21 or 0x22 or (>= 0x24 and <= 0x27) or (>= 0x29 and <= 0x2E) => (2, 1),
        0x2F or 0x96 => (0, 0),
        _ => (-1, 0),
    };

    private static bool TryLoad(IGuestReader memory, ulong address, int size, bool big, out ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        raw = raw[..size];
        value = 0;
        if (!memory.TryRead(address, raw))
            return false;
        value = GuestNumber.Read(raw, big, signed: false);
        return true;
    }
}
