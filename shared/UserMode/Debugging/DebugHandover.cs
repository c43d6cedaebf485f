using System.Globalization;
using Suite.Gdb;

namespace Suite.UserMode.Debugging;

/// <summary>What a program that executes another hands on to the debugger's side of that one; a word of the new tool's command line.</summary>
internal sealed record DebugHandover
{
    /// <summary>The listener's descriptor, or -1.</summary>
    public int Listener { get; init; } = -1;

    /// <summary>The connection's descriptor, or -1 when no debugger is connected.</summary>
    public int Connection { get; init; } = -1;

    public GdbAgreement Agreement { get; init; }

    public GdbEvents Events { get; init; }

    /// <summary>QPassSignals, bit n-1 for signal n of Linux.</summary>
    public ulong Passed { get; init; }

    /// <summary>QCatchSyscalls; null for none.</summary>
    public IReadOnlyList<int>? Calls { get; init; }

    /// <summary>The process that waited in vfork and that the debugger still has to let go; 0 for none.</summary>
    public int VforkParent { get; init; }

    /// <summary>The text of it: numbers with semicolons.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture,
        $"{Listener};{Connection};{AgreementBits};{(int)Events};{Passed};{VforkParent};{(Calls is null ? "-" : string.Join(',', Calls))}");

    private int AgreementBits => (Agreement.Acknowledges ? 1 : 0) | (Agreement.Multiprocess ? 2 : 0) | (Agreement.TellsBreakpoints ? 4 : 0) | (Agreement.KnowsNobodyRuns ? 8 : 0);

    /// <summary>Reads <see cref="Text"/>; null for anything else.</summary>
    public static DebugHandover? Parse(string text)
    {
        string[] parts = text.Split(';');
        if (parts.Length != 7 || !int.TryParse(parts[0], out int listener) || !int.TryParse(parts[1], out int connection) || !int.TryParse(parts[2], out int bits)
            || !int.TryParse(parts[3], out int events) || !ulong.TryParse(parts[4], out ulong passed) || !int.TryParse(parts[5], out int parent))
            return null;
        List<int>? calls = parts[6] == "-" ? null : [];
        foreach (string number in calls is null ? [] : parts[6].Split(',', StringSplitOptions.RemoveEmptyEntries))
            if (int.TryParse(number, out int call))
                calls!.Add(call);
        return new DebugHandover
        {
            Listener = listener,
            Connection = connection,
            Agreement = new GdbAgreement((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0),
            Events = (GdbEvents)events,
            Passed = passed,
            Calls = calls,
            VforkParent = parent,
        };
    }
}
