using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>Prints which system calls a target knows and how it carries them out.</summary>
public static class CoverageTable
{
    /// <summary>
    /// One line a call in the order given, aligned in columns (number, name, how, signature), then the number of calls for each way.
    /// </summary>
    /// <param name="output">Where to; not flushed.</param>
    /// <param name="rows">Number, row, and one word or phrase for how it is done, for example <c>passed through</c>, <c>handled</c>, <c>ENOSYS</c>.</param>
    public static void Write(TextWriter output, ReadOnlySpan<(int number, SyscallRow row, string how)> rows)
    {
        int nameWidth = "name".Length, howWidth = "how".Length;
        var totals = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach ((_, SyscallRow row, string how) in rows)
        {
            nameWidth = Math.Max(nameWidth, row.Name.Length);
            howWidth = Math.Max(howWidth, how.Length);
            totals[how] = totals.GetValueOrDefault(how) + 1;
        }

        output.WriteLine($"{"nr",4}  {"name".PadRight(nameWidth)}  {"how".PadRight(howWidth)}  arguments");
        foreach ((int number, SyscallRow row, string how) in rows)
            output.WriteLine($"{number,4}  {row.Name.PadRight(nameWidth)}  {how.PadRight(howWidth)}  {row.Signature}".TrimEnd());

        output.WriteLine();
        foreach ((string how, int count) in totals)
            output.WriteLine($"{count,4}  {how}");
        output.WriteLine($"{rows.Length,4}  in all");
    }
}
