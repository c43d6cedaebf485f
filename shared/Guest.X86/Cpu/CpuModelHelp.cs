namespace Suite.Guest.X86.Cpu;

/// <summary>The text of <c>-cpu help</c>, in the form of QEMU's.</summary>
internal static class CpuModelHelp
{
    private const int NameWidth = 26, LineWidth = 76;

    public static void Write(TextWriter output, bool is64Bit)
    {
        var table = new CpuModelTable();
        output.WriteLine("Available CPUs:");
        Line(output, "max", "everything this host's processor has (default)");
        Line(output, "host", "the same");
        var lines = new List<(string Name, string Text)>();
        foreach (CpuModelDefinition model in table.Models)
            if (model.Is64Bit || !is64Bit || model.Name == "base")
                lines.Add((model.Name, model.Summary));
        foreach ((string alias, string name) in table.Aliases)
            if (table.Find(name) is { } model && (model.Is64Bit || !is64Bit))
                lines.Add((alias, $"(alias of {name})"));
        lines.Sort(static (a, b) => string.CompareOrdinal(a.Name.ToLowerInvariant(), b.Name.ToLowerInvariant()));
        foreach ((string name, string text) in lines)
            Line(output, name, text);
        output.WriteLine();
        output.WriteLine("Recognized CPUID flags:");
        var flags = new List<string>(CpuModelParser.KernelOnlyFlags);
        foreach (string prefix in CpuModelParser.KernelOnlyPrefixes)
            flags.Add(prefix + "*");
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
            flags.Add(row.Name);
        flags.Sort(StringComparer.Ordinal);
        Wrap(output, flags);
    }

    public static IReadOnlyList<string> Names(bool is64Bit) =>
        ["max", "host", .. new CpuModelTable().Models.Where(m => m.Is64Bit || !is64Bit || m.Name == "base").Select(m => m.Name).Order(StringComparer.Ordinal)];

    private static void Line(TextWriter output, string name, string text) => output.WriteLine($"x86 {name.PadRight(NameWidth)} {text}".TrimEnd());

    private static void Wrap(TextWriter output, List<string> words)
    {
        int column = 0;
        foreach (string word in words)
        {
            if (column > 0 && column + 1 + word.Length > LineWidth)
            {
                output.WriteLine();
                column = 0;
            }
            output.Write(column == 0 ? "  " : " ");
            output.Write(word);
            column += (column == 0 ? 2 : 1) + word.Length;
        }
        output.WriteLine();
    }
}
