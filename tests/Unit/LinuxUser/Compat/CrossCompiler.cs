using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>Asks a guest's C compiler for numbers: expressions are compiled into data, which is read from the assembly text.</summary>
internal static partial class CrossCompiler
{
    /// <summary>The values of integer expressions; null, with the reason, when there is no such compiler or it lacks the headers.</summary>
    /// <param name="compiler">Command and first arguments.</param>
    /// <param name="includes">Headers, without angle brackets.</param>
    /// <param name="expressions">Integer constant expressions of 32 bits.</param>
    /// <param name="reason">Why not.</param>
    public static long[]? Evaluate(string[] compiler, string[] includes, IReadOnlyList<string> expressions, out string reason)
    {
        string source = string.Concat(includes.Select(i => $"#include <{i}>\n")) + "#include <stddef.h>\n"
            + string.Concat(expressions.Select((e, i) => $"int value_{i} __attribute__((section(\".data\"))) = ({e});\n"));
        string? text = Run(compiler, ["-x", "c", "-S", "-O0", "-w", "-fno-toplevel-reorder", "-o", "-", "-"], source, out reason);
        if (text is null)
            return null;
        var values = new long[expressions.Count];
        foreach (Match match in Definition().Matches(text))
            values[int.Parse(match.Groups[1].Value)] = match.Groups[3].Success ? (int)uint.Parse(match.Groups[3].Value.TrimStart('-')) * (match.Groups[3].Value[0] == '-' ? -1 : 1) : 0;
        return values;
    }

    /// <summary>All macros of a header with their text.</summary>
    public static Dictionary<string, string>? Macros(string[] compiler, string header, out string reason)
    {
        string? text = Run(compiler, ["-x", "c", "-dM", "-E", "-"], $"#include <{header}>\n", out reason);
        return text is null ? null : Macro().Matches(text).GroupBy(m => m.Groups[1].Value).ToDictionary(g => g.Key, g => g.First().Groups[2].Value);
    }

    private static string? Run(string[] compiler, string[] arguments, string input, out string reason)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(compiler[0], [.. compiler[1..], .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            process.WaitForExit();
            reason = $"{compiler[0]}: {errors.Result}";
            return process.ExitCode == 0 ? output.Result : null;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            reason = $"{compiler[0]}: {e.Message}";
            return null;
        }
    }

    // "value_3:" followed by ".long 12", or ".zero 4".
    [GeneratedRegex(@"^value_(\d+):\s+\.(zero|long)\s+(?:(?<=\.long\s+)(-?\d+)|\d+)", RegexOptions.Multiline)]
    private static partial Regex Definition();

    [GeneratedRegex(@"^#define (\w+) (.+)$", RegexOptions.Multiline)]
    private static partial Regex Macro();
}
