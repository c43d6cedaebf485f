using Suite.Cli;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Diagnosis.Profile;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Tracing;
using Suite.UserMode.Debugging;

namespace Suite.UserMode;

/// <summary>Puts the parts of one run together: what the user asked for, the target, the engine, the personality.</summary>
internal sealed unsafe class UserComposition(UserTarget target, UserCpu cpu, UserOptions options, StraceSettings? strace, Invocation call, LogSink? log)
{
    private PerfMap? _perfMap;

    public UserTarget Target { get; } = target;

    public UserCpu Cpu { get; } = cpu;

    /// <summary>A guest executed the program: who waits for it expects what the kernel does to a program that it can no longer refuse.</summary>
    public bool IsExecuted => call.IsChild;

    private IReadOnlyList<string> Prefixes { get; } =
        options.Prefixes.Count == 0 && target.DefaultPrefix is { } prefix && Directory.Exists(prefix) ? [prefix] : options.Prefixes;

    /// <summary>The guest's address space, empty.</summary>
    public GuestMemory MakeMemory()
    {
        if (Target.Elf.Is64)
            return new GuestMemory();
        return new GuestMemory(Target.Elf.AddressLimit, Target.GuestAbi, CodeRegion.UsualPlace(HostLimits.CodeCacheSize(options.CodeCacheSize)));
    }

    /// <summary>What to load, and with what arguments; the target's own mappings are in <paramref name="memory"/> afterwards.</summary>
    public ProgramStart ProgramStart(GuestMemory memory)
    {
        List<AuxEntry> aux = [];
        foreach (uint tag in (ReadOnlySpan<uint>)[AuxTag.AT_PAGESZ, AuxTag.AT_CLKTCK, AuxTag.AT_UID, AuxTag.AT_EUID, AuxTag.AT_GID, AuxTag.AT_EGID, AuxTag.AT_SECURE])
            aux.Add(new AuxEntry(tag, HostProcess.AuxValue(tag)));
        Cpu.PrepareMemory(memory, aux);
        return new ProgramStart
        {
            Target = Target.Elf,
            Program = options.Program!,
            IsPath = call.NamesFile,
            Descriptor = call.ProgramDescriptor,
            Argv = call.GuestArguments(options),
            Envp = call.IsChild ? HostProcess.Environment() : ChangedEnvironment(),
            Prefixes = Prefixes,
            StackSize = HostLimits.StackSize(options.StackSize),
            HeapRoom = HostLimits.HeapRoom(),
            Seed = options.Seed,
            Platform = Cpu.Platform,
            Aux = aux,
        };
    }

    /// <summary>The process and its first thread, which is the calling one.</summary>
    /// <exception cref="EngineException">The host cannot give the engine what it needs.</exception>
    public GuestThread MainThread(GuestMemory memory, ProgramIdentity identity)
    {
        LogItems items = options.LogItems;
        Debugger? debugger = MakeDebugger();
        bool inline = strace is null && !options.Report.AllCalls && options.Watchdog is null && debugger is null;
        Engine engine = new(debugger is null ? EngineOptions() : EngineOptions() with { ColdEntries = 0 }, Cpu.CreateTranslator(inline), memory);
        Cpu.EngineReady(engine);
        memory.Attach(engine);
        CompatPersonality? compat = Target.MakeCompat();
        SyscallEntry[] syscalls = Target.Syscalls(compat);
        SignalActions actions = new(engine.Stubs);
        ThreadBinding binding = ThreadBinding.Bind(engine);
        ulong inherited = InheritedMask(); // a signal that comes through the gate, as a tracer's request does, shuts out all others until it is delivered
        actions.InstallGate(engine.Region, call.PipeIgnored);
        GuestProcess process = new()
        {
            Engine = engine,
            Memory = memory,
            Abi = Cpu.Abi,
            Target = Target.Elf,
            Compat = compat,
            Actions = actions,
            Syscalls = syscalls,
            SyscallRows = Target.SyscallRows,
            Identity = identity with { Descriptors = InternalDescriptors.Discover(log?.Descriptor), Settings = GuestSettings.Decode(call.Handover.Limits) },
            Respawn = call.MakeRespawn(options, Target.ToolName, log),
            Loop = new CpuLoop(Cpu).Run,
            Log = log,
            LogItems = items,
            Strace = strace is null || log is null ? null : new StraceSession(Target.GuestAbi, memory, strace, Target.SyscallRows, log),
            Diagnosis = Diagnosis(inline),
            Prefixes = Prefixes,
            KernelRelease = options.KernelRelease,
            CpuInfo = Cpu.CpuInfo,
        };
        memory.Publish();
        PublishedProcess.Publish(engine.Region, process.Identity, memory.BreakStart);
        process.UpdateInlineCalls();
        _perfMap?.Attach(process);
        if (strace is not null)
            actions.WatchDeath();
        GuestThread thread = new(process, binding) { SignalMask = call.IsChild ? call.Handover.SignalMask : inherited };
        engine.World.Add(binding.State, thread.Tid);
        process.Threads.Add(thread);
        debugger?.Begin(process);
        if ((inherited | SignalMasks.Faults | SignalMasks.Unblockable | SignalMasks.Of(SignalMasks.Runtime)) == ulong.MaxValue)
            engine.World.RuntimeThreadIsSilent();
        else if (thread.SignalMask != 0)
            engine.World.SilenceRuntimeThread();
        thread.ApplyMask();
        if (call.Handover.Filters >= 0)
            SeccompImage.Read(thread, call.Handover.Filters);
        if (call.Handover.Tracer == Tracee.Word)
            Tracee.Begin(thread);
        if ((items & LogItems.Page) != 0)
            foreach (Vma vma in memory.Snapshot())
                log?.Line($"{vma.Start:x16}-{vma.End:x16} prot {vma.Protection} {vma.Name}");
        return thread;
    }

    private ProcessDiagnosis Diagnosis(bool inline)
    {
        ReportOptions wanted = options.Report;
        ReportFormat format = wanted.Off ? ReportFormat.Off : wanted.Json ? ReportFormat.Json : ReportFormat.Text;
        // A 32-bit guest makes no call in line.
        return new ProcessDiagnosis(Target.ToolName, Cpu, new ReportSettings(format, wanted.Path), allCalls: !inline || !Target.Elf.Is64,
            options.Watchdog is { } watchdog ? new WatchdogSettings(watchdog.Time, watchdog.Aborts) : null,
            options.Profile is { } profile ? new ProfileSettings(Path.GetFullPath(profile.Path), profile.Rate, !call.IsChild) : null);
    }

    // -g; in a program that a guest executed, what the one before left.
    private Debugger? MakeDebugger()
    {
        if (call.IsChild)
            return call.Handover.Tracer is { } text && DebugHandover.Parse(text) is { } before
                ? new Debugger(Cpu.DebugRegisters(), Cpu.AccessedBytes, DebugSockets.Inherit(before.Listener, before.Connection), waits: false, before)
                : null;
        if (options.Gdb is not { } endpoint)
            return null;
        DebugSockets sockets = DebugSockets.Listen(endpoint, out string error) ?? throw new EngineException(error);
        return new Debugger(Cpu.DebugRegisters(), Cpu.AccessedBytes, sockets, endpoint.Waits, handover: null);
    }

    private EngineOptions EngineOptions()
    {
        LogItems items = options.LogItems;
        bool observed = (items & (LogItems.InAsm | LogItems.Op | LogItems.OutAsm | LogItems.Exec)) != 0;
        return Cpu.EngineOptions(new EngineOptions
        {
            CodeBytes = HostLimits.CodeCacheSize(options.CodeCacheSize),
            OneInsnPerBlock = options.OneInstructionPerBlock,
            NoChain = (items & (LogItems.Exec | LogItems.NoChain)) != 0,
            Listener = Listener(observed),
        });
    }

    private ITranslationListener? Listener(bool observed)
    {
        TranslationListing? listing = observed && log is not null ? new TranslationListing(Cpu, log, options.LogItems, options.LogFilter) : null;
        return options.PerfMap ? _perfMap = new PerfMap(listing) : listing;
    }

    private byte[][] ChangedEnvironment()
    {
        if (options.Environment.Count == 0)
            return HostProcess.Environment();
        List<byte[]> variables = [.. HostProcess.Environment()];
        foreach (EnvironmentChange change in options.Environment)
            GuestEnvironment.Change(variables, change.Name, change.Value);
        return [.. variables];
    }

    private static ulong InheritedMask()
    {
        ulong mask;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_BLOCK, 0, (long)&mask, 8);
        return mask;
    }
}
