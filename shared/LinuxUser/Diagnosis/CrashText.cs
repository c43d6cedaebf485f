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
        Block(text, "backtrace", f.Backtrace.Select((frame, i) => Frame(f.Map, frame, i)));
        if (f.Backtrace.Count >= Unwinder.MostFrames)
            Line(text, $"{Indent}{Indent}... more frames");
        Block(text, f.AllCalls ? "last system calls" : "last system calls (without read, write and others that generated code makes itself; -report calls keeps them all)", f.Calls);
        if (f.Core is { } dumped)
            Line(text, dumped.File is null ? $"{Indent}core      none: {dumped.Trouble}" : $"{Indent}core      {dumped.File}; gdb-multiarch {f.Program} {dumped.File} opens it");
        return text.ToString();
    }

    /// <summary>One line of a backtrace.</summary>
    public static string Frame(ModuleMap map, in GuestFrame frame, int number)
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
