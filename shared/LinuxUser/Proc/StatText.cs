using System.Globalization;
using System.Text;
using Suite.LinuxUser.Memory;

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
        Set(fields, 23, facts.Memory.Size);
        if (facts.Resident is { } resident)
            Set(fields, 24, resident.Total / GuestMemory.PageSize);
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
                "VmPeak" or "VmSize" => Kilobytes(facts.Memory.Size),
                "VmHWM" when facts.Resident is { } resident => Kilobytes(Peak(host, resident.Total)),
                "VmRSS" when facts.Resident is { } resident => Kilobytes(resident.Total),
                "RssAnon" when facts.Resident is { } resident => Kilobytes(resident.Anonymous),
                "RssFile" when facts.Resident is { } resident => Kilobytes(resident.Files),
                "RssShmem" when facts.Resident is { } resident => Kilobytes(resident.Shared),
                "VmData" => Kilobytes(facts.Memory.Data),
                "VmStk" => Kilobytes(facts.Memory.Stack),
                "VmExe" => Kilobytes(facts.Memory.Text),
                "VmLib" => Kilobytes(facts.Memory.Libraries),
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

    // What the guest had at most: what the process had, less what the emulator has now.
    private static ulong Peak(string host, ulong resident)
    {
        ulong now = Bytes(host, "\nVmRSS:\t"), most = Bytes(host, "\nVmHWM:\t");
        return resident + most - Math.Min(most, now);
    }

    private static ulong Bytes(string host, string key)
    {
        int at = host.IndexOf(key, StringComparison.Ordinal) + key.Length, end = at < key.Length ? -1 : host.IndexOf(" kB", at, StringComparison.Ordinal);
        return end > at && ulong.TryParse(host.AsSpan(at, end - at).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong kilobytes) ? kilobytes << 10 : 0;
    }

    /// <summary>The line of statm, in pages: size, resident, shared, text, 0, data and stack, 0.</summary>
    public static string Statm(string host, ProcessFacts facts)
    {
        string[] fields = host.TrimEnd('\n').Split(' ');
        if (fields.Length < 7)
            return host;
        string Pages(ulong bytes) => (bytes / GuestMemory.PageSize).ToString(CultureInfo.InvariantCulture);
        if (facts.Resident is { } resident)
            (fields[1], fields[2]) = (Pages(resident.Total), Pages(resident.Files + resident.Shared));
        (fields[0], fields[3], fields[5]) = (Pages(facts.Memory.Size), Pages(facts.Memory.Text), Pages(facts.Memory.Data + facts.Memory.Stack));
        return string.Join(' ', fields) + "\n";
    }

    /// <summary>The lines of limits, with those that the guest keeps for itself.</summary>
    public static string Limits(string host, GuestSettings settings)
    {
        const int RLIMIT_DATA = 2, RLIMIT_AS = 9;
        StringBuilder text = new(host.Length);
        foreach (string line in host.TrimEnd('\n').Split('\n'))
        {
            int resource = line.StartsWith("Max data size", StringComparison.Ordinal) ? RLIMIT_DATA : line.StartsWith("Max address space", StringComparison.Ordinal) ? RLIMIT_AS : -1;
            if (settings.SetFor(resource) is { } limit)
                text.Append(CultureInfo.InvariantCulture, $"{line[..Math.Min(line.Length, LimitColumn)],-LimitColumn}{Limit(limit.Soft),-20} {Limit(limit.Hard),-20} bytes     ");
            else
                text.Append(line);
            text.Append('\n');
        }

        return text.ToString();
    }

    // "%-25s %-20s %-20s %-10s\n" of fs/proc/base.c.
    private const int LimitColumn = 26;

    private static string Limit(ulong value) => value == ulong.MaxValue ? "unlimited" : value.ToString(CultureInfo.InvariantCulture);

    private static string Kilobytes(ulong bytes) => $"{bytes >> 10,8} kB";

    private static void Set(string[] fields, int number, ulong value)
    {
        if (number - 3 < fields.Length)
            fields[number - 3] = value.ToString(CultureInfo.InvariantCulture);
    }
}
