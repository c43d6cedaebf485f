using System.Diagnostics;
using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>
/// One traced process: prints calls as they return, signals as they arrive, and ends as they come. A line is always whole, so that threads and
/// processes can share an output. A call is printed as unfinished only when it would leave the reader without it: when it may wait for ever, when
/// another thread has something to say meanwhile, or when it never returns.
/// </summary>
public sealed unsafe class StraceSession
{
    /// <summary>How long a call may go on before another thread's line shows it as unfinished; shorter ones would only be noise.</summary>
    private static readonly long Patience = Stopwatch.Frequency / 1000;

    private readonly Lock _gate = new();
    private readonly GuestAbi _abi;
    private readonly StracePrinter _printer;
    private readonly StraceWaits _waits;
    private readonly StraceSettings _settings;
    private readonly Func<SyscallRow?[]> _table;
    private readonly LogSink _log;
    private readonly List<StraceCall> _running = [];
    private readonly Stack<StraceSummary> _outer = [];
    private SyscallRow?[]? _rows;
    private StraceSummary _summary = new();
    private bool _ended;

    /// <param name="abi">The guest's word size and byte order.</param>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="settings">What to show.</param>
    /// <param name="table">The target's calls by number.</param>
    /// <param name="log">Where lines go.</param>
    public StraceSession(GuestAbi abi, IGuestReader memory, StraceSettings settings, Func<SyscallRow?[]> table, LogSink log)
    {
        (_abi, _settings, _table, _log) = (abi, settings, table, log);
        _printer = new StracePrinter(abi, memory);
        _waits = new StraceWaits(abi, memory);
    }

    /// <summary>A call is about to be carried out; the result is to be given to <see cref="End"/>. Null when the call is not shown.</summary>
    public StraceCall? Begin(int tid, in SysArgs a)
    {
        _rows ??= _table();
        SyscallRow? row = (ulong)a.Number < (ulong)_rows.Length ? _rows[a.Number] : null;
        string name = row?.Name ?? $"syscall_{a.Number}";
        if (!_settings.Filter.Shows(name))
            return null;
        StraceCall call = new(tid, name, row, [a.A1, a.A2, a.A3, a.A4, a.A5, a.A6]);
        if (_settings.Filter.LooksAtFiles && !TouchesWanted(call))
            return null;
        lock (_gate)
        {
            if (name is "execve" or "execveat" or "exit" or "exit_group" or "rt_sigreturn" or "sigreturn")
                call.Entered = Entered(call);
            if (name is "exit" or "exit_group" or "rt_sigreturn" or "sigreturn")
                PrintNoReturn(call);
            _running.Add(call);
            if (_settings.Calls && !_settings.Json && _waits.MayWaitForEver(row, call.Args))
                PrintUnfinished(call);
            call.Started = Stopwatch.GetTimestamp();
        }
        return call;
    }

    /// <summary>A call has come back.</summary>
    /// <param name="call">What <see cref="Begin"/> gave.</param>
    /// <param name="tid">The thread; in a forked child not the one that began.</param>
    /// <param name="result">Its result, or one of <see cref="SysResult"/>.</param>
    public void End(StraceCall call, int tid, long result)
    {
        long ticks = Stopwatch.GetTimestamp() - call.Started;
        lock (_gate)
        {
            _running.Remove(call);
            if (call.Printed)
                return;
            if (_settings.Summary)
                _summary.Add(call.Name, ticks, CallFormatter.IsError(result));
            bool restart = result == SysResult.Restart;
            if (!_settings.Calls || !_settings.Filter.ShowsResult(restart ? null : result))
                return;
            PrintOthers(tid);
            if (_settings.Json)
                Write(_printer.Json(Pid, tid, Row(call), call.Args, restart ? null : result, Stopwatch.GetElapsedTime(0, ticks)));
            else
                Write(tid, Resumed(call) + Text(call, result, restart) + Duration(ticks));
        }
    }

    /// <summary>The process is about to become another program: what its execve printed up to now stands, and its summary ends.</summary>
    public void Executing(int tid)
    {
        lock (_gate)
        {
            StraceCall? call = _running.FindLast(c => c.Tid == tid && c.Name is "execve" or "execveat");
            if (call is { Printed: false })
            {
                _summary.Add(call.Name, Stopwatch.GetTimestamp() - call.Started, failed: false);
                if (_settings.Calls && _settings.Filter.ShowsResult(0))
                    Write(_settings.Json ? _printer.Json(Pid, tid, Row(call), call.Args, 0, TimeSpan.Zero) : $"{Stamp}{tid} {call.Entered} = 0");
                call.Printed = true;
            }
            PrintSummary("replaced by another program");
        }
    }

    /// <summary>The execution that <see cref="Executing"/> announced has failed after all.</summary>
    public void ExecutingFailed(int tid) => Find(tid, call => call.Printed = false);

    /// <summary>A signal is delivered to the guest.</summary>
    /// <param name="tid">The thread that takes it.</param>
    /// <param name="info">siginfo_t as the host's kernel writes it.</param>
    public void Signal(int tid, ReadOnlySpan<byte> info)
    {
        int signal = BitConverter.ToInt32(info);
        if (!_settings.Calls || !_settings.Filter.Shows(signal))
            return;
        string text = StracePrinter.SignalInfo(info);
        lock (_gate)
        {
            PrintOthers(tid);
            Write(_settings.Json
                ? $$"""{"pid":{{Pid}},"tid":{{tid}},"signal":"{{SignalNames.Name(signal)}}","info":{{Members(text)}}}"""
                : $"{Stamp}{tid} --- {SignalNames.Name(signal)} {text} ---");
        }
    }

    /// <summary>A thread, not the last, has ended.</summary>
    public void ThreadExited(int tid, int status)
    {
        lock (_gate)
        {
            _running.RemoveAll(c => c.Tid == tid);
            WriteEnd(tid, $"exited with {status & 0xff}", $"\"exited\":{status & 0xff}");
        }
    }

    /// <summary>The process ends by exit_group, or with its last thread.</summary>
    public void Exited(int tid, int status) => Finish(tid, $"exited with {status & 0xff}", $"\"exited\":{status & 0xff}");

    /// <summary>The process ends by a signal.</summary>
    public void Killed(int tid, int signal) => Finish(tid, $"killed by {SignalNames.Name(signal)}", $"\"killed\":\"{SignalNames.Name(signal)}\"");

    /// <summary>This is a forked child now, with one thread and nothing counted.</summary>
    public void BecomeChild(int parent)
    {
        _running.RemoveAll(c => c.Tid != parent);
        _summary = new StraceSummary();
        _outer.Clear();
    }

    /// <summary>A vfork child begins, which shares this object with its waiting parent.</summary>
    public void EnterVforkChild()
    {
        _outer.Push(_summary);
        _summary = new StraceSummary();
    }

    /// <summary>The vfork child has ended or become another program: this is the parent again.</summary>
    public void LeaveVforkChild(int child)
    {
        _running.RemoveAll(c => c.Tid == child);
        _ended = false;
        if (_outer.TryPop(out StraceSummary? own))
            _summary = own;
    }

    private static int Pid => (int)Sys.Call(Nr.getpid);

    private string Stamp => _settings.Stamps ? DateTime.Now.ToString("HH:mm:ss.ffffff ", CultureInfo.InvariantCulture) : "";

    // {si_signo=SIGSEGV, si_addr=NULL} as {"si_signo":"SIGSEGV","si_addr":"NULL"}; there are no quotes or nested braces in it.
    private static string Members(string info) =>
        $"{{{string.Join(',', info.Trim('{', '}').Split(", ").Select(m => m.Split('=', 2)).Where(m => m.Length == 2).Select(m => $"\"{m[0]}\":\"{m[1]}\""))}}}";

    private static SyscallRow Row(StraceCall call) => call.Row ?? new SyscallRow(call.Name, "arg1:hex, arg2:hex, arg3:hex, arg4:hex, arg5:hex, arg6:hex");

    private string Entered(StraceCall call) => _printer.Enter(Row(call), call.Args);

    private string Text(StraceCall call, long result, bool restart)
    {
        if (restart)
            return Entered(call) + " = ? ERESTARTSYS (interrupted by a signal)";
        return call.Entered is null ? _printer.Full(Row(call), call.Args, result) : call.Entered + StracePrinter.Result(result);
    }

    private string Duration(long ticks) =>
        _settings.Durations ? string.Create(CultureInfo.InvariantCulture, $" <{(double)ticks / Stopwatch.Frequency:0.000000}>") : "";

    private static string Resumed(StraceCall call) => call.Unfinished ? $"<... {call.Name} resumed> " : "";

    // exit and sigreturn do not come back to where they were called.
    private void PrintNoReturn(StraceCall call)
    {
        call.Printed = true;
        if (_settings.Summary)
            _summary.Add(call.Name, 0, failed: false);
        if (!_settings.Calls || !_settings.Filter.ShowsResult(null))
            return;
        PrintOthers(call.Tid);
        Write(_settings.Json ? _printer.Json(Pid, call.Tid, Row(call), call.Args, null, TimeSpan.Zero) : $"{Stamp}{call.Tid} {call.Entered} = ?");
    }

    private void PrintUnfinished(StraceCall call)
    {
        if (call.Unfinished || call.Printed || !_settings.Filter.ShowsResult(null))
            return;
        call.Unfinished = true;
        Write(call.Tid, (call.Entered ?? Entered(call))[..^1] + " <unfinished ...>");
    }

    /// <summary>What other threads are in the middle of stands before this thread's line.</summary>
    private void PrintOthers(int tid)
    {
        if (_settings.Json)
            return;
        foreach (StraceCall call in _running)
            if (call.Tid != tid && Stopwatch.GetTimestamp() - call.Started > Patience)
                PrintUnfinished(call);
    }

    private void Finish(int tid, string words, string json)
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
            // A vfork child shares the list with its parent, whose calls go on.
            foreach (StraceCall call in _running.Where(c => !c.Printed && (_outer.Count == 0 || c.Tid == tid)))
            {
                if (_settings.Summary)
                    _summary.Add(call.Name, Stopwatch.GetTimestamp() - call.Started, failed: false);
                if (_settings.Calls && _settings.Json && _settings.Filter.ShowsResult(null))
                    Write(_printer.Json(Pid, call.Tid, Row(call), call.Args, null, Stopwatch.GetElapsedTime(call.Started)));
                else if (_settings.Calls && !_settings.Json)
                    PrintUnfinished(call);
            }
            WriteEnd(tid, words, json);
            PrintSummary(words);
        }
    }

    private void WriteEnd(int tid, string words, string json)
    {
        if (_settings.Calls)
            Write(_settings.Json ? $$"""{"pid":{{Pid}},"tid":{{tid}},{{json}}}""" : $"{Stamp}{tid} +++ {words} +++");
    }

    private void PrintSummary(string end)
    {
        if (!_settings.Summary || _summary.IsEmpty)
            return;
        if (_settings.Json)
            Write($$"""{"pid":{{Pid}},"end":"{{end}}",{{_summary.Json(_settings.Order)}}}""");
        else
            Write($"process {Pid} {end}\n{_summary.Table(_settings.Order)}".TrimEnd('\n'));
        _summary = new StraceSummary();
    }

    private void Write(int tid, string text) => Write($"{Stamp}{tid} {text}");

    private void Write(string line) => _log.Line(line);

    private void Find(int tid, Action<StraceCall> change)
    {
        lock (_gate)
            if (_running.FindLast(c => c.Tid == tid) is { } call)
                change(call);
    }

    private bool TouchesWanted(StraceCall call)
    {
        foreach ((SignatureKind kind, ulong value) in _printer.Files(Row(call), call.Args))
        {
            if (kind == SignatureKind.Path)
            {
                if (_waits.ReadPath(value) is { } path && _settings.Filter.ShowsPath(path))
                    return true;
            }
            else if (_settings.Filter.ShowsDescriptor((int)value) || (_settings.Filter.HasPaths && PathOf((int)value) is { } file && _settings.Filter.ShowsPath(file)))
                return true;
        }
        return false;
    }

    private static string? PathOf(int descriptor)
    {
        byte[] link = Encoding.ASCII.GetBytes($"/proc/self/fd/{descriptor}\0");
        byte[] target = new byte[4096];
        fixed (byte* p = link, into = target)
        {
            long length = Sys.Call(Nr.readlink, (long)p, (long)into, target.Length);
            return length > 0 ? GuestText.FromBytes(target.AsSpan(0, (int)length)) : null;
        }
    }
}

/// <summary>A call that a thread is in.</summary>
public sealed class StraceCall(int tid, string name, SyscallRow? row, ulong[] args)
{
    internal int Tid { get; } = tid;

    internal string Name { get; } = name;

    internal SyscallRow? Row { get; } = row;

    internal ulong[] Args { get; } = args;

    /// <summary>The text on entry, of calls whose arguments cannot be read afterwards.</summary>
    internal string? Entered { get; set; }

    internal long Started { get; set; }

    /// <summary>It was shown as unfinished.</summary>
    internal bool Unfinished { get; set; }

    /// <summary>All there is to say of it has been said.</summary>
    internal bool Printed { get; set; }
}
