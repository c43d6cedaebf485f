using System.Text;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Diagnosis.Core;
using Suite.LinuxUser.Diagnosis.Profile;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Symbols;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>What is said about a process that goes wrong. Nothing is done before it does.</summary>
/// <param name="toolName">For texts.</param>
/// <param name="cpu">The target's processor.</param>
/// <param name="settings">What the user wants of reports.</param>
/// <param name="allCalls">Every system call is seen: generated code makes none itself.</param>
/// <param name="watchdog">What the user wants of the watchdog; null for none.</param>
/// <param name="profile">What the user wants of the profiler; null for none.</param>
public sealed unsafe class ProcessDiagnosis(
    string toolName, IGuestCpu cpu, ReportSettings settings, bool allCalls, WatchdogSettings? watchdog = null, ProfileSettings? profile = null)
{
    private const int PageFault = 14, WriteAccess = 2, InstructionFetch = 0x10, CodeOffset = 8, SenderOffset = 16, MostArguments = 1 << 12, MostFrames = 1 << 16;

    private readonly Muster _muster = new();
    private Profiler? _profiler;
    private int _dying;

    /// <summary>The suite's version, for reports.</summary>
    public static string Version => typeof(ProcessDiagnosis).Assembly.GetName().Version?.ToString(3) ?? "?";

    /// <summary>Name of the CPU model; null for the default.</summary>
    public string? CpuModel => cpu.ModelName;

    /// <summary>The moments at which system calls begin are noted.</summary>
    public bool TimesCalls => watchdog is not null;

    /// <summary>The process begins: with its program, or as the child of a fork. Called by its first thread.</summary>
    public void Begin(GuestThread t, bool isFork)
    {
        if (watchdog is not null)
            new Watchdog(t.Process, toolName, watchdog).Start();
        if (profile is null)
            return;
        _profiler = new Profiler(t.Process, toolName, isFork ? profile with { IsFirst = false } : profile);
        _profiler.Begin(t);
        if (!isFork)
            t.Process.Actions.WatchDeath(); // or there would be no file when a signal ends the process
    }

    /// <summary>A thread begins; called by it.</summary>
    public void ThreadBegins(GuestThread t) => _profiler?.Begin(t);

    /// <summary>A thread ends; called by it.</summary>
    public static void ThreadEnds(GuestThread t) => t.Profile?.Stop();

    /// <summary>The process ends or executes another program: what was measured is written.</summary>
    public void Ending(GuestThread t)
    {
        if (!t.IsVforkChild)
            _profiler?.Write();
    }

    /// <summary>A signal is about to end the process. Called once its threads' fate is sealed; returns when everything is written.</summary>
    /// <param name="t">The thread it strikes.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="info">Its siginfo in host layout.</param>
    /// <param name="cause">What is known beyond that; null for nothing.</param>
    public void Dying(GuestThread t, int signal, ReadOnlySpan<byte> info, string? cause)
    {
        Ending(t);
        if (!SignalText.DumpsCore(signal))
            return;
        if (Interlocked.Exchange(ref _dying, 1) != 0)
            _muster.Stay(t);
        bool reports = settings.Format != ReportFormat.Off && SignalText.IsCrash(signal), dumps = CoreDump.IsAllowed;
        List<CoreThread> threads = reports || dumps ? Assemble(t) : [];
        CrashFacts? facts = reports ? Gather(t, signal, info, cause) : null;
        CoreOutcome? core = dumps ? CoreDump.Write(t, signal, info, threads) : null;
        if (facts is not null)
            ReportSink.Write(settings.Path, settings.Format == ReportFormat.Json ? CrashJson.Write(facts with { Core = core }) : CrashText.Write(facts with { Core = core }));
        else if (core?.File is not null && settings.Format != ReportFormat.Off)
            ReportSink.Write(settings.Path, $"{toolName}: uncaught target signal {signal} ({SignalText.Describe(signal)}) - core dumped to {core.File}\n");
        if (core is { IsUsual: true } && !t.IsVforkChild)
            HostDump.Divert();
        else
            HostDump.Suppress(t.IsVforkChild);
        if (t.IsVforkChild)
            Volatile.Write(ref _dying, 0); // which is its parent's too
    }

    /// <summary>A thread was made to leave guest code; does not return when the process is dying.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="request">What for, if it is not the engine's own business: <see cref="DumpRequest.Cookie"/>, or a tick of the profiler's timer.</param>
    /// <param name="overrun">How many ticks the timer has made besides.</param>
    public void Kicked(GuestThread t, ulong request, int overrun)
    {
        _muster.Answer(t);
        if (request == Profiler.Cookie)
            t.Profile?.Sample(1 + Math.Max(overrun, 0));
        if (request == DumpRequest.Cookie)
            ReportSink.Write(null, ThreadDump.Make(t.Process, toolName, "asked for the threads"));
    }

    // All threads stop here and have their registers taken, the dying one's first. A vfork child has only itself; the others are its parent's.
    private List<CoreThread> Assemble(GuestThread t)
    {
        List<CoreThread> threads = [CoreThread.Of(t)];
        if (t.IsVforkChild)
            return threads;
        _muster.Call(t, other =>
        {
            ShowInCall(other);
            CoreThread registers = CoreThread.Of(other);
            lock (threads)
                threads.Add(registers);
        });
        lock (threads)
            return [.. threads];
    }

    // A thread that was called out of a system call stands before it, to make it again; a debugger is to see it in the call.
    private static void ShowInCall(GuestThread t)
    {
        const int Interrupted = -512; // ERESTARTSYS
        if (t.CallNumber < 0 || t.Calls.Last() is not [.., (_, SysResult.Restart, _)])
            return;
        t.State->Pc += t.Process.Target.BigEndian ? 4u : 2u;
        t.Abi.SetResult(t, Interrupted);
    }

    private CrashFacts Gather(GuestThread t, int signal, ReadOnlySpan<byte> info, string? cause)
    {
        int code = BitConverter.ToInt32(info[CodeOffset..]);
        bool sent = code <= 0 && code != -2;
        GuestProcess process = t.Process;
        ModuleMap map = new(process);
        Regset general = t.Abi.Regsets[0];
        byte[] registers = new byte[general.Size];
        general.Read(t, registers);
        ulong pc = t.State->Pc;
        bool hasAddress = SignalText.HasAddress(signal, code);
        string? access = !hasAddress || t.State->FaultTrap != PageFault ? null
            : (t.State->FaultError & InstructionFetch) != 0 ? "execution" : (t.State->FaultError & WriteAccess) != 0 ? "write" : "read";
        ulong address = hasAddress ? BitConverter.ToUInt64(info[SenderOffset..]) : 0;
        return new CrashFacts
        {
            Tool = toolName,
            Version = Version,
            Pid = (int)Sys.Call(Nr.getpid),
            Tid = t.Tid,
            Threads = t.Engine.World.Count,
            Program = process.Identity.Path,
            Arguments = ArgumentsOf(process),
            CpuModel = cpu.ModelName,
            Sysroot = process.Prefixes.Count > 0 ? process.Prefixes[0] : null,
            Signal = signal,
            Code = code,
            Sender = sent ? (BitConverter.ToInt32(info[SenderOffset..]), BitConverter.ToInt32(info[(SenderOffset + 4)..])) : null,
            Cause = cause,
            Pc = pc,
            Fault = hasAddress ? (address, access, FaultPlace.Describe(map, address, access, t.Abi.StackPointer(t))) : null,
            RegisterText = t.Abi.DescribeRegisters(t),
            Registers = UnwindTarget.For(process.Target).Name(registers),
            Instructions = map.IsCode(pc) ? CodeListing.Around(cpu, t.Memory, pc, map.Find(pc)?.Find(pc)?.Start ?? 0) : [],
            Backtrace = new Unwinder(map, t.Memory, process.Target).Walk(registers, MostFrames),
            Map = map,
            Calls = [.. CallsOf(t)],
            AllCalls = allCalls,
            Missing = signal == Linux.SIGILL && !sent ? cpu.ExplainIllegal(t) : null,
        };
    }

    private static List<string> ArgumentsOf(GuestProcess process)
    {
        ulong length = process.Identity.ArgEnd - process.Identity.ArgStart;
        byte[] text = new byte[Math.Min(length, MostArguments)];
        if (!process.Memory.TryRead(process.Identity.ArgStart, text))
            return [];
        return [.. Encoding.UTF8.GetString(text).Split('\0', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static IEnumerable<string> CallsOf(GuestThread t)
    {
        SyscallRow?[] rows = t.Process.SyscallRows();
        PastMemory memory = new(t.Memory);
        StracePrinter past = CallText.Printer(t.Process, memory), present = CallText.Printer(t.Process, t.Memory);
        foreach ((SysArgs call, long? result, NotedPath path) in t.Calls.Last())
        {
            memory.Show(path);
            // What a call that has not come back was given is still there.
            yield return CallText.Write(result is null ? present : past, rows, call, result);
        }
    }
}
