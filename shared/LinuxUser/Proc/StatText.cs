using System.Globalization;
using System.Text;

namespace Suite.LinuxUser.Proc;

/// <summary>/proc/PID/stat and status: the host's text with what the emulator changed put right (proc(5), fs/proc/array.c).</summary>
internal static class StatText
{
    private const ulong LegacySignals = 0x7FFF_FFFF;

    /// <summary>The line of stat.</summary>
    public static string Stat(string host, ProcessFacts facts)
    {
        // The name may hold blanks and parentheses; the last ')' ends it. What follows is field 3.
        int close = host.LastIndexOf(')');
        if (close < 0)
            return host;
        string[] fields = host[(close + 1)..].TrimEnd('\n').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ProgramIdentity id = facts.Identity;
        Set(fields, 20, (ulong)facts.Threads);
        Set(fields, 23, facts.VirtualBytes);
        Set(fields, 26, id.CodeStart);
        Set(fields, 27, id.CodeEnd);
        Set(fields, 28, id.StackPointer);
        if (facts.Blocked is { } blocked)
            Set(fields, 32, blocked & LegacySignals);
        Set(fields, 33, facts.Ignored & LegacySignals);
        Set(fields, 34, facts.Caught & LegacySignals);
        Set(fields, 45, id.DataStart);
        Set(fields, 46, id.DataEnd);
        Set(fields, 47, facts.BreakStart);
        Set(fields, 48, id.ArgStart);
        Set(fields, 49, id.ArgEnd);
        Set(fields, 50, id.ArgEnd);
        Set(fields, 51, id.EnvEnd);
        return $"{host[..(close + 1)]} {string.Join(' ', fields)}\n";
    }

    /// <summary>The lines of status.</summary>
    public static string Status(string host, ProcessFacts facts)
    {
        StringBuilder text = new(host.Length + 64);
        foreach (Range range in host.AsSpan().TrimEnd('\n').Split('\n'))
        {
            ReadOnlySpan<char> line = host.AsSpan().TrimEnd('\n')[range];
            int colon = line.IndexOf(':');
            string? value = colon < 0 ? null : line[..colon] switch
            {
                "Threads" => facts.Threads.ToString(CultureInfo.InvariantCulture),
                "VmPeak" or "VmSize" => $"{facts.VirtualBytes >> 10,8} kB",
                "SigBlk" when facts.Blocked is { } blocked => $"{blocked:x16}",
                "SigIgn" => $"{facts.Ignored:x16}",
                "SigCgt" => $"{facts.Caught:x16}",
                _ => null,
            };
            if (value is null)
                text.Append(line);
            else
                text.Append(line[..(colon + 1)]).Append('\t').Append(value);
            text.Append('\n');
        }

        return text.ToString();
    }

    private static void Set(string[] fields, int number, ulong value)
    {
        if (number - 3 < fields.Length)
            fields[number - 3] = value.ToString(CultureInfo.InvariantCulture);
    }
}
