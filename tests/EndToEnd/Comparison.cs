namespace Suite.EndToEnd;

/// <summary>Puts two runs of one program side by side.</summary>
internal static class Comparison
{
    /// <summary>Says where the tool's run departs from the native one in end or standard output, or returns null.</summary>
    public static string? Difference(ProcessResult native, ProcessResult ours) => Difference(native.End, native.Text, ours);

    /// <summary>Says where the tool's run departs from what is right, or returns null.</summary>
    /// <param name="end">As <see cref="ProcessResult.End"/>.</param>
    /// <param name="output">Standard output, bytes one to one.</param>
    /// <param name="ours">The tool's run.</param>
    public static string? Difference(string end, string output, ProcessResult ours)
    {
        if (end == ours.End && output == ours.Text)
            return null;
        return $"expected: {end}, ours: {ours.End}\n{FirstDifference(output, ours.Text)}\n--- ours, standard output (tail)\n{Tail(ours.Text)}\n--- ours, standard error (tail)\n{Tail(ours.ErrorText)}";
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
                return $"line {i + 1}: expected '{left}', ours '{right}'";
        }
        return "same output";
    }

    private static string Tail(string text) => text.Length <= 2000 ? text : text[^2000..];
}
