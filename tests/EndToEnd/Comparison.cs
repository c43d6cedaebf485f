namespace Suite.EndToEnd;

/// <summary>Puts two runs of one program side by side.</summary>
internal static class Comparison
{
    /// <summary>Says where the tool's run departs from the native one in end or standard output, or returns null.</summary>
    public static string? Difference(ProcessResult native, ProcessResult ours)
    {
        if (native.End == ours.End && native.Output.AsSpan().SequenceEqual(ours.Output))
            return null;
        return $"native: {native.End}, ours: {ours.End}\n{FirstDifference(native.Text, ours.Text)}\n--- ours, standard output (tail)\n{Tail(ours.Text)}\n--- ours, standard error (tail)\n{Tail(ours.ErrorText)}";
    }

    private static string FirstDifference(string native, string ours)
    {
        string[] a = native.Split('\n');
        string[] b = ours.Split('\n');
        for (int i = 0; i < Math.Max(a.Length, b.Length); i++)
        {
            string left = i < a.Length ? a[i] : "(nothing)";
            string right = i < b.Length ? b[i] : "(nothing)";
            if (left != right)
                return $"line {i + 1}: native '{left}', ours '{right}'";
        }
        return "same output";
    }

    private static string Tail(string text) => text.Length <= 2000 ? text : text[^2000..];
}
