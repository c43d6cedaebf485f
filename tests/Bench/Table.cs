using System.Globalization;
using System.Text;

namespace Suite.Bench;

/// <summary>Collects rows and prints them: aligned as they come, geometric means by class at the end, and all of it as markdown.</summary>
internal sealed class Table
{
    private readonly List<Row> _rows = [];

    /// <summary>The heading of the aligned form.</summary>
    public static string Heading { get; } = Format("class", "item", "native", "qemu", "ours", "qemu/ours", "ours/native", "unit");

    /// <summary>Adds a row.</summary>
    public void Add(Row row) => _rows.Add(row);

    /// <summary>One row, aligned.</summary>
    public static string Line(Row row) =>
        Format(row.Item.Class, row.Item.Name, Value(row, row.Native), Value(row, row.Qemu), Value(row, row.Ours), Ratio(row.QemuOverOurs), Ratio(row.OursOverNative), Unit(row));

    /// <summary>Geometric means of the ratios by class, aligned.</summary>
    public string Means()
    {
        StringBuilder text = new("\ngeometric means\n");
        foreach ((string group, double? qemu, double? native) in MeansByClass())
            text.AppendLine(Format(group, "", "", "", "", Ratio(qemu), Ratio(native), ""));
        return text.ToString();
    }

    /// <summary>Both tables as markdown, with how they were measured.</summary>
    public string Markdown(Options options)
    {
        StringBuilder text = new();
        string processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor";
        text.AppendLine(CultureInfo.InvariantCulture, $"{(options.Median ? "Medians" : "Minima")} of {options.Rounds} rounds of native, QEMU, ours, ours, QEMU, native; {processor}, {Environment.ProcessorCount} processors.");
        text.AppendLine("Unit: ms of processor time (cpu), elapsed ms (wall), or KiB resident. A dash: no right answer.\n");
        text.AppendLine("| class | item | native | QEMU | ours | QEMU/ours | ours/native | unit |\n|---|---|---:|---:|---:|---:|---:|---|");
        foreach (Row row in _rows)
            text.AppendLine($"| {row.Item.Class} | {row.Item.Name} | {Value(row, row.Native)} | {Value(row, row.Qemu)} | {Value(row, row.Ours)} | {Ratio(row.QemuOverOurs)} | {Ratio(row.OursOverNative)} | {Unit(row)} |");
        text.AppendLine("\n| geometric mean of | QEMU/ours | ours/native |\n|---|---:|---:|");
        foreach ((string group, double? qemu, double? native) in MeansByClass())
            text.AppendLine($"| {group} | {Ratio(qemu)} | {Ratio(native)} |");
        return text.ToString();
    }

    private IEnumerable<(string Class, double? Qemu, double? Native)> MeansByClass() =>
        _rows.GroupBy(r => r.Item.Class).Select(g => (g.Key, Mean(g.Select(r => r.QemuOverOurs)), Mean(g.Select(r => r.OursOverNative))));

    private static double? Mean(IEnumerable<double?> ratios)
    {
        double[] known = [.. ratios.OfType<double>()];
        return known.Length == 0 ? null : Math.Exp(known.Average(Math.Log));
    }

    private static string Format(params string[] c) => $"{c[0],-18} {c[1],-24} {c[2],9} {c[3],9} {c[4],9} {c[5],10} {c[6],12}  {c[7]}".TrimEnd();

    private static string Value(Row row, double? value) => value is not { } v ? "-"
        : row.Item.Metric == Metric.Memory ? v.ToString("F0", CultureInfo.InvariantCulture)
        : (v * 1000).ToString(v < 0.01 ? "F2" : "F1", CultureInfo.InvariantCulture);

    private static string Ratio(double? ratio) => ratio is { } r ? r.ToString("F2", CultureInfo.InvariantCulture) : "-";

    private static string Unit(Row row) => row.Item.Metric switch
    {
        Metric.Cpu => "ms cpu",
        Metric.Wall => "ms wall",
        _ => "KiB",
    };
}
