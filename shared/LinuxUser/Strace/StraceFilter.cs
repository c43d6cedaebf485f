using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>Which calls, signals, files and results a trace shows. Without any qualifier, all of them.</summary>
/// <param name="rows">The target's calls.</param>
/// <param name="tolerant">Unknown calls are no error.</param>
public sealed class StraceFilter(IEnumerable<SyscallRow?> rows, bool tolerant)
{
    private readonly List<SyscallRow> _rows = [.. rows.OfType<SyscallRow>()];
    private readonly List<string> _paths = [];
    private readonly List<int> _descriptors = [];
    private HashSet<string>? _calls;
    private ulong _signals = ulong.MaxValue;
    private StraceStatus _status = StraceStatus.All;
    private bool _negated;

    /// <summary>True when a path or a descriptor must be looked at for each call.</summary>
    public bool LooksAtFiles => _paths.Count + _descriptors.Count > 0;

    /// <summary>Adds one word of a qualifier; the result is what is wrong with it, or null.</summary>
    /// <param name="key">The qualifier: trace, signal, status, path, fd, or strace's other spellings.</param>
    /// <param name="word">The word.</param>
    /// <param name="first">The word stands directly behind the qualifier: a '!' there negates the set.</param>
    public string? Add(string key, string word, bool first)
    {
        bool negated = word.StartsWith('!');
        if (negated)
            word = word[1..];
        if (first)
            _negated = negated;
        bool removes = negated || _negated;
        switch (key)
        {
            case "trace" or "t":
                return AddCalls(word, removes, first);
            case "signal" or "signals" or "s":
                return AddSignals(word, removes, first);
            case "status":
                return AddStatus(word, removes, first);
            case "path" or "P":
                _paths.Add(word);
                return word.Length == 0 ? "path= needs a path" : null;
            case "fd" or "fds" or "trace-fd" or "trace-fds":
                if (!int.TryParse(word, out int descriptor))
                    return $"fd={word}: a number expected";
                _descriptors.Add(descriptor);
                return null;
            default:
                return $"'{key}=' is not a qualifier (trace, signal, status, path, fd or sort)";
        }
    }

    /// <summary>Whether calls of this name are shown.</summary>
    public bool Shows(string name) => _calls is null || _calls.Contains(name);

    /// <summary>Whether a signal is shown.</summary>
    public bool Shows(int signal) => signal is < 1 or > 64 || (_signals >> (signal - 1) & 1) != 0;

    /// <summary>Whether a call with this result is shown; null for one that did not come back.</summary>
    public bool ShowsResult(long? result)
    {
        StraceStatus status = result is not { } value ? StraceStatus.Unfinished : CallFormatter.IsError(value) ? StraceStatus.Failed : StraceStatus.Successful;
        return (_status & status) != 0;
    }

    /// <summary>Whether a path is one of those asked for.</summary>
    public bool ShowsPath(string path)
    {
        foreach (string wanted in _paths)
            if (path == wanted || (wanted.EndsWith('/') && path.StartsWith(wanted, StringComparison.Ordinal)))
                return true;
        return false;
    }

    /// <summary>Whether a descriptor is one of those asked for.</summary>
    public bool ShowsDescriptor(int descriptor) => _descriptors.Contains(descriptor);

    /// <summary>True when paths were given, so that the files behind descriptors matter.</summary>
    public bool HasPaths => _paths.Count > 0;

    private string? AddCalls(string word, bool removes, bool first)
    {
        bool optional = tolerant || word.StartsWith('?');
        if (word.StartsWith('?'))
            word = word[1..];
        if (first || _calls is null)
            _calls = removes ? [.. _rows.Select(r => r.Name)] : [];
        List<string> named = [.. Named(word)];
        if (named.Count == 0 && word != "none" && !optional)
            return word.StartsWith('%') ? $"'{word}' is not a class of calls (-strace=help lists them)" : $"no system call is called '{word}' (-strace=help shows the words)";
        if (removes)
            _calls.ExceptWith(named);
        else
            _calls.UnionWith(named);
        return null;
    }

    private IEnumerable<string> Named(string word)
    {
        if (word == "all")
            return _rows.Select(r => r.Name);
        if (word.StartsWith('%') || word is "file" or "desc" or "process" or "network" or "memory")
            return _rows.Where(r => StraceClasses.Contains(word.TrimStart('%'), r)).Select(r => r.Name);
        return _rows.Where(r => Matches(word, r.Name)).Select(r => r.Name);
    }

    // '*' stands for any text; there is no other wild card.
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int star = pattern.IndexOf('*');
        if (star < 0)
            return pattern.SequenceEqual(name);
        if (!name.StartsWith(pattern[..star]))
            return false;
        for (int skip = star; skip <= name.Length; skip++)
            if (Matches(pattern[(star + 1)..], name[skip..]))
                return true;
        return false;
    }

    private string? AddSignals(string word, bool removes, bool first)
    {
        ulong set = word is "none" ? 0 : word is "all" ? ulong.MaxValue : SignalNames.Parse(word) is { } signal ? 1UL << (signal - 1) : 0;
        if (set == 0 && word != "none")
            return $"'{word}' is not a signal";
        if (first)
            _signals = removes ? ulong.MaxValue : 0;
        _signals = removes ? _signals & ~set : _signals | set;
        return null;
    }

    private string? AddStatus(string word, bool removes, bool first)
    {
        StraceStatus? status = word switch
        {
            "successful" => StraceStatus.Successful,
            "failed" => StraceStatus.Failed,
            "unfinished" or "unavailable" or "detached" => StraceStatus.Unfinished,
            "all" => StraceStatus.All,
            "none" => StraceStatus.None,
            _ => null,
        };
        if (status is not { } bits)
            return $"status={word}: successful, failed or unfinished expected";
        if (first)
            _status = removes ? StraceStatus.All : StraceStatus.None;
        _status = removes ? _status & ~bits : _status | bits;
        return null;
    }

    [Flags]
    private enum StraceStatus : byte { None = 0, Successful = 1, Failed = 2, Unfinished = 4, All = 7 }
}
