using System.Globalization;
using System.Text;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Symbols;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>A crash report for people.</summary>
internal static class CrashText
{
    private const string Indent = "  ";

    /// <summary>The report, every line ended.</summary>
    public static string Write(CrashFacts f)
    {
        StringBuilder text = new();
        (string codeName, string meaning) = SignalText.Code(f.Signal, f.Code);
        string core = f.Core is { File: not null } ? " - core dumped" : "";
        Line(text, $"{f.Tool}: uncaught target signal {f.Signal} ({SignalText.Describe(f.Signal)}){core}");
        string sender = f.Sender is { } s ? $" {(s.Pid == f.Pid ? "by the program itself" : $"by process {s.Pid}")}, user {s.Uid}" : "";
        Line(text, $"{Indent}signal    {SignalNames.Name(f.Signal)}, {codeName}: {meaning}{sender}");
        if (f.Cause is not null)
            Line(text, $"{Indent}cause     {f.Cause}");
        if (f.Missing is { } missing)
            Line(text, $"{Indent}cpu       {missing}");
        Line(text, $"{Indent}program   {f.Program} (process {f.Pid}, thread {f.Tid}{(f.Threads > 1 ? $" of {f.Threads} threads" : "")})");
        if (f.Arguments.Count > 0)
            Line(text, $"{Indent}command   {string.Join(' ', f.Arguments)}");
        Line(text, $"{Indent}pc        0x{f.Pc:x} {f.Map.Describe(f.Pc)}");
        if (f.Fault is { } fault)
            Line(text, $"{Indent}address   0x{fault.Address:x}{(fault.Access is null ? "" : $" ({fault.Access})")}: {fault.Place}");
        Block(text, "registers", f.RegisterText.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Block(text, "code", f.Instructions.Select(i => $"{(i.IsCurrent ? "=> " : "   ")}0x{i.Address:x}: {i.Text}"));
        Block(text, "backtrace", Frames(f.Map, f.Backtrace));
        Block(text, f.AllCalls ? "last system calls" : "last system calls (without read, write and others that generated code makes itself; -report calls keeps them all)", f.Calls);
        if (f.Core is { } dumped)
            Line(text, dumped.File is null ? $"{Indent}core      none: {dumped.Note}"
                : $"{Indent}core      {dumped.File} (gdb-multiarch {(f.Sysroot is null ? "" : $"-iex 'set sysroot {f.Sysroot}' ")}{f.Program} {dumped.File} opens it){(dumped.Note is null ? "" : $"; {dumped.Note}")}");
        return text.ToString();
    }

    /// <summary>The lines of a backtrace: recursion is cut short, and so is the middle of a very deep one.</summary>
    public static IEnumerable<string> Frames(ModuleMap map, IReadOnlyList<GuestFrame> frames)
    {
        const int Head = 64, Tail = 32, Repeats = 3;
        for (int i = 0, shown = 0; i < frames.Count; i++)
        {
            int same = i;
            while (same + 1 < frames.Count && frames[same + 1].Pc == frames[i].Pc)
                same++;
            int end = same - i >= Repeats ? i + 1 : same + 1;
            for (int k = i; k < end; k++, shown++)
                yield return Frame(map, frames[k], k);
            if (same >= end)
                yield return $"     ... {same - end + 1} more of the same";
            i = same;
            if (shown < Head || frames.Count - i <= Tail)
                continue;
            yield return $"     ... {frames.Count - Tail - i - 1} more";
            (i, shown) = (frames.Count - Tail - 1, int.MinValue);
        }
    }

    private static string Frame(ModuleMap map, in GuestFrame frame, int number)
    {
        string mark = frame.Kind switch
        {
            FrameKind.Trampoline => " <signal handler called>",
            FrameKind.Guess => " <guessed>",
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"#{number,-3} 0x{frame.Pc:x} {map.Describe(frame.LookupPc, frame.Pc)}{mark}");
    }

    private static void Block(StringBuilder text, string title, IEnumerable<string> lines)
    {
        bool any = false;
        foreach (string line in lines)
        {
            if (!any)
                Line(text, $"{Indent}{title}");
            any = true;
            Line(text, $"{Indent}{Indent}{line}");
        }
    }

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');
}
