using System.Globalization;

namespace Suite.Machines.Control;

/// <summary>
/// Numbers of the human monitor: decimal, 0x, 0 (octal), 'c', $register, with + - * / % &amp; | ^ ~ and parentheses. As QEMU has it, &amp;, | and ^ bind more tightly
/// than + and -, and * / % most.
/// </summary>
internal sealed class MonitorExpression
{
    private readonly MonitorContext _context;
    private readonly string _text;
    private int _at;

    private MonitorExpression(MonitorContext context, string text) => (_context, _text) = (context, text);

    /// <summary>The value of a whole text.</summary>
    /// <exception cref="ControlException">It is no expression; with what is wrong.</exception>
    public static ulong Value(MonitorContext context, string text)
    {
        MonitorExpression expression = new(context, text);
        ulong value = expression.Sum();
        return expression.Peek() == '\0' ? value : throw new ControlException($"'{text[expression._at..]}' does not belong to a number (decimal, 0x1000, $rip, with + - * / % & | ^ ~)");
    }

    private ulong Sum()
    {
        ulong value = Logic();
        while (true)
        {
            if (Take('+'))
                value += Logic();
            else if (Take('-'))
                value -= Logic();
            else
                return value;
        }
    }

    private ulong Logic()
    {
        ulong value = Product();
        while (true)
        {
            if (Take('&'))
                value &= Product();
            else if (Take('|'))
                value |= Product();
            else if (Take('^'))
                value ^= Product();
            else
                return value;
        }
    }

    private ulong Product()
    {
        ulong value = Unary();
        while (Peek() is '*' or '/' or '%')
        {
            char op = _text[_at++];
            ulong right = Unary();
            if (op == '*')
                value *= right;
            else if (right == 0)
                throw new ControlException("division by zero");
            else
                value = op == '/' ? Quotient(value, right) : value - Quotient(value, right) * right;
        }

        return value;
    }

    // Numbers have a sign here.
    private static ulong Quotient(ulong value, ulong by) => by == ulong.MaxValue ? 0 - value : (ulong)((long)value / (long)by);

    private ulong Unary()
    {
        const int Deepest = 64;
        if (++_depth > Deepest)
            throw new ControlException("the expression is nested too deeply");
        ulong value = Take('+') ? Unary() : Take('-') ? 0 - Unary() : Take('~') ? ~Unary() : Take('(') ? Closed() : Take('\'') ? Letter() : Take('$') ? Register() : Digits();
        _depth--;
        return value;
    }

    private int _depth;

    private ulong Closed()
    {
        ulong value = Sum();
        return Take(')') ? value : throw new ControlException("')' is missing");
    }

    private ulong Letter()
    {
        if (_at + 1 >= _text.Length || _text[_at + 1] != '\'')
            throw new ControlException("a character is written as 'c'");
        _at += 2;
        return _text[_at - 2];
    }

    private ulong Register()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.'))
            _at++;
        string name = _text[start.._at];
        ulong? value = null;
        _context.Control.Machine.WhileParked(() => value = _context.Control.Inspector.Register(_context.Cpu, name));
        return value ?? throw new ControlException($"unknown register: ${name}");
    }

    private ulong Digits()
    {
        int start = Peek() == '\0' ? _text.Length : _at;
        while (_at < _text.Length && char.IsAsciiLetterOrDigit(_text[_at]))
            _at++;
        string digits = _text[start.._at];
        bool isHex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (isHex ? ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) : TryDecimal(digits, out value))
            return value;
        throw new ControlException(_text.Length == 0 ? "a number is missing" : $"'{(digits.Length > 0 ? digits : _text)}' is not a number (decimal, 0x1000, $rip, with + - * / % & | ^ ~)");
    }

    private static bool TryDecimal(string digits, out ulong value)
    {
        value = 0;
        if (digits.Length < 2 || digits[0] != '0')
            return ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        foreach (char digit in digits)
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
                return false;
            value = value << 3 | (uint)(digit - '0');
        }

        return true;
    }

    private char Peek()
    {
        while (_at < _text.Length && _text[_at] == ' ')
            _at++;
        return _at < _text.Length ? _text[_at] : '\0';
    }

    private bool Take(char c)
    {
        if (Peek() != c)
            return false;
        _at++;
        return true;
    }
}
