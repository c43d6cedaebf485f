using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Suite.LinuxUser.Strace;

/// <summary>Counts, times and errors of one process's calls, and the table of them that <c>strace -c</c> prints. Not thread-safe.</summary>
public sealed class StraceSummary
{
    private readonly Dictionary<string, Line> _lines = [];

    /// <summary>True when no call was counted.</summary>
    public bool IsEmpty => _lines.Count == 0;

    /// <summary>Counts a call.</summary>
    /// <param name="name">The call.</param>
    /// <param name="ticks">How long it took, in <see cref="Stopwatch"/> ticks.</param>
    /// <param name="failed">It returned an error.</param>
    public void Add(string name, long ticks, bool failed)
    {
        if (!_lines.TryGetValue(name, out Line? line))
            _lines[name] = line = new Line(name);
        line.Calls++;
        line.Ticks += ticks;
        if (failed)
            line.Errors++;
    }

    /// <summary>The table in the form of <c>strace -c -w</c>: wall-clock time, lines ended.</summary>
    public string Table(StraceOrder order)
    {
        StringBuilder text = new();
        const string Rule = "------ ----------- ----------- --------- --------- ----------------\n";
        text.Append("% time     seconds  usecs/call     calls    errors syscall\n").Append(Rule);
        Line total = new("total");
        foreach (Line line in Sorted(order))
        {
            total.Calls += line.Calls;
            total.Ticks += line.Ticks;
            total.Errors += line.Errors;
        }
        foreach (Line line in Sorted(order))
            Append(text, line, total.Ticks);
        text.Append(Rule);
        Append(text, total, total.Ticks);
        return text.ToString();
    }

    /// <summary>The table as the members of a JSON object: <c>"calls":[{"call":...,"count":...,"errors":...,"us":...}]</c>.</summary>
    public string Json(StraceOrder order)
    {
        StringBuilder text = new("\"calls\":[");
        string separator = "";
        foreach (Line line in Sorted(order))
        {
            text.Append(CultureInfo.InvariantCulture, $$"""{{separator}}{"call":"{{line.Name}}","count":{{line.Calls}},"errors":{{line.Errors}},"us":{{Microseconds(line.Ticks):0.###}}}""");
            separator = ",";
        }
        return text.Append(']').ToString();
    }

    private List<Line> Sorted(StraceOrder order)
    {
        List<Line> lines = [.. _lines.Values];
        lines.Sort((a, b) => (order switch
        {
            StraceOrder.Calls => b.Calls.CompareTo(a.Calls),
            StraceOrder.Errors => b.Errors.CompareTo(a.Errors),
            StraceOrder.Name => 0,
            _ => b.Ticks.CompareTo(a.Ticks),
        }) is not 0 and int result ? result : string.CompareOrdinal(a.Name, b.Name));
        return lines;
    }

    private static void Append(StringBuilder text, Line line, long all)
    {
        double share = all == 0 ? 100 : 100.0 * line.Ticks / all, microseconds = Microseconds(line.Ticks);
        string errors = line.Errors == 0 ? "" : line.Errors.ToString(CultureInfo.InvariantCulture);
        text.Append(CultureInfo.InvariantCulture,
            $"{share,6:0.00} {microseconds / 1e6,11:0.000000} {(long)(microseconds / Math.Max(line.Calls, 1)),11} {line.Calls,9} {errors,9} {line.Name}\n");
    }

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private sealed class Line(string name)
    {
        public string Name { get; } = name;

        public long Calls { get; set; }

        public long Ticks { get; set; }

        public long Errors { get; set; }
    }
}
