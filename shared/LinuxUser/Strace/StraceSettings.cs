using System.Diagnostics.CodeAnalysis;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>What the summary table is sorted by, each from the largest down but names.</summary>
public enum StraceOrder : byte { Time, Calls, Errors, Name }

/// <summary>
/// What <c>-strace=...</c> asks for. The language follows the -e expressions of strace(1): words and qualifiers separated by commas, where what
/// follows a qualifier belongs to it up to the next one. An empty text asks for every call as text.
/// </summary>
public sealed record StraceSettings
{
    /// <summary>Lines are JSON objects instead of text.</summary>
    public bool Json { get; private init; }

    /// <summary>A line for each call; off when only the summary is wanted.</summary>
    public bool Calls { get; private init; } = true;

    /// <summary>A table of counts, times and errors when a process ends.</summary>
    public bool Summary { get; private init; }

    /// <summary>What the table is sorted by.</summary>
    public StraceOrder Order { get; private init; }

    /// <summary>Each line ends with the time the call took, in seconds.</summary>
    public bool Durations { get; private init; }

    /// <summary>Each line begins with the time of day.</summary>
    public bool Stamps { get; private init; }

    /// <summary>Which calls and signals are shown.</summary>
    public required StraceFilter Filter { get; init; }

    private static readonly string[] PlainWords = ["", "1", "0", "y", "yes", "on", "true"];

    /// <summary>Reads the settings of all -strace options.</summary>
    /// <param name="texts">Their values, in order; empty ones add nothing. The usual values of QEMU_STRACE (1, yes, ...) count as empty.</param>
    /// <param name="rows">The target's calls, which names and classes are checked against.</param>
    /// <param name="tolerant">Calls that the target does not have are no error: they may be meant for the program that executed this one.</param>
    /// <param name="settings">What was asked for.</param>
    /// <param name="error">What is wrong, for the user.</param>
    public static bool TryParse(IEnumerable<string> texts, IEnumerable<SyscallRow?> rows, bool tolerant, [NotNullWhen(true)] out StraceSettings? settings,
        [NotNullWhen(false)] out string? error)
    {
        var filter = new StraceFilter(rows, tolerant);
        settings = new StraceSettings { Filter = filter };
        error = null;
        bool calls = false;
        foreach (string text in texts)
        {
            if (PlainWords.Contains(text))
                continue;
            string key = "trace";
            bool fresh = true;
            foreach (string part in text.Split(','))
            {
                string word = part;
                int equals = part.IndexOf('=');
                if (equals > 0)
                    (key, word, fresh) = (part[..equals], part[(equals + 1)..], true);
                else if (key != "trace" && part.TrimStart('!').StartsWith('%'))
                    (key, fresh) = ("trace", true);
                StraceSettings before = settings;
                if (equals < 0)
                    settings = word switch
                    {
                        "json" => settings with { Json = true },
                        "summary" => settings with { Summary = true },
                        "durations" => settings with { Durations = true },
                        "stamps" => settings with { Stamps = true },
                        _ => settings,
                    };
                if (!ReferenceEquals(before, settings))
                    continue;
                if (word == "calls" && equals < 0)
                    calls = true;
                else if (key == "sort" && TryOrder(word) is { } order)
                    settings = settings with { Order = order };
                else if ((error = key == "sort" ? $"sort={word}: time, calls, errors or name expected" : filter.Add(key, word, fresh)) is not null)
                    return false;
                else
                    fresh = false;
            }
        }
        settings = settings with { Calls = calls || !settings.Summary };
        return true;
    }

    private static StraceOrder? TryOrder(string word) => word switch
    {
        "time" => StraceOrder.Time,
        "calls" => StraceOrder.Calls,
        "errors" => StraceOrder.Errors,
        "name" => StraceOrder.Name,
        _ => null,
    };
}
