using System.Text;
using Suite.Cli;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Syscalls.Tables;
using Suite.LinuxUser.Threads;

namespace Suite.Tools.X64;

/// <summary>qemu-x86_64 PROGRAM: puts the parts together and runs the program.</summary>
internal static unsafe class X64UserMode
{
    public const string ToolName = "qemu-x86_64";

    /// <summary>Runs the tool; the result is its exit status (a program that runs ends the process itself).</summary>
    public static int Start(string[] args)
    {
        Invocation call = Invocation.Read(args);
        UserParseResult parsed = UserOptionsParser.Parse(call.Words, Environment.GetEnvironmentVariable, ToolName, CpuHelp);
        HostText.WriteOut(parsed.Stdout);
        HostText.WriteError(parsed.Stderr);
        if (!parsed.ShallRun)
            return parsed.ExitCode;
        UserOptions options = parsed.Options;
        if (options.Coverage)
            return PrintCoverage();

        HostCpuid host = new(() => HostCpu.Xcr0);
        CpuModel model;
        LogSink? log;
        try
        {
            model = CpuModel.Parse(options.Cpu ?? "max", host, is64Bit: true);
            log = Logging.Create(options.LogItems, options.LogFile, append: call.IsChild);
        }
        catch (Exception e) when (e is CpuModelException or IOException)
        {
            HostText.WriteError($"{ToolName}: {e.Message}\n");
            return ExitCodes.Usage;
        }

        if (!model.IsHost && !call.IsChild)
            foreach (string missing in model.MissingOnHost)
                HostText.WriteError($"{ToolName}: warning: the host CPU lacks {missing}, which -cpu {model.Name} has; programs will not see it\n");
        return Run(options, call, model, log);
    }

    private static int Run(UserOptions options, Invocation call, CpuModel model, LogSink? log)
    {
        GuestMemory memory = new();
        AdoptVdso(memory);
        ProgramStart start = new()
        {
            Target = ElfTarget.X86_64,
            Program = options.Program!,
            IsPath = call.IsChild,
            Argv = call.GuestArguments(options),
            Envp = call.IsChild ? HostProcess.Environment() : ChangedEnvironment(options),
            Prefixes = options.Prefixes,
            StackSize = StackSize(options.StackSize),
            Seed = options.Seed,
            Platform = "x86_64"u8.ToArray(),
            Aux = AuxVector(model),
        };
        if (!start.TryLoad(memory, out LoadedImage? image, out StackLayout? stack, out ProgramIdentity? identity, out LoadError? error))
        {
            HostText.WriteError($"{ToolName}: {error.Message}\n");
            return error.ExitCode;
        }

        try
        {
            GuestThread thread = Compose(options, call, model, log, memory, identity);
            thread.State->Gpr[4] = stack.StackPointer;
            thread.State->Pc = image.InterpreterEntry;
            thread.ApplyMask();
            thread.Process.Loop(thread);
            GuestThreads.End(thread);
            GuestThreads.LeaveMain();
            return 0;
        }
        catch (EngineException e)
        {
            HostText.WriteError($"{ToolName}: {e.Message}\n");
            return ExitCodes.Usage;
        }
    }

    private static GuestThread Compose(UserOptions options, Invocation call, CpuModel model, LogSink? log, GuestMemory memory, ProgramIdentity identity)
    {
        LogItems items = options.LogItems;
        bool observed = (items & (LogItems.InAsm | LogItems.OutAsm | LogItems.Exec)) != 0;
        EngineOptions engineOptions = new()
        {
            CodeBytes = CodeCacheSize(options.CodeCacheSize),
            OneInsnPerBlock = options.OneInstructionPerBlock,
            NoChain = (items & (LogItems.Exec | LogItems.NoChain)) != 0,
            Listener = observed && log is not null ? new X64Listing(log, items, options.LogFilter) : null,
        };
        bool inline = (items & LogItems.Strace) == 0;
        X86Reencoder reencoder = new(new ReencoderOptions { Model = model, InlineSyscalls = inline });
        Engine engine = new(engineOptions, reencoder, memory);
        reencoder.Prepare(engine.Region);
        memory.Attach(engine);
        SyscallEntry[] syscalls = SyscallTable();
        for (int i = 0; i < syscalls.Length; i++)
            engine.Region.InlineCalls[i] = syscalls[i].Flow == SyscallFlow.Inline ? (byte)1 : (byte)0;
        SignalActions actions = new(engine.Stubs);
        ThreadBinding binding = ThreadBinding.Bind(engine);
        actions.InstallGate(engine.Region, call.PipeIgnored);
        GuestProcess process = new()
        {
            Engine = engine,
            Memory = memory,
            Abi = new X64LinuxAbi(model.IsHost ? HostCpu.Xcr0 : model.Xcr0 & HostCpu.Xcr0),
            Actions = actions,
            Syscalls = syscalls,
            SyscallRows = X64SyscallNumbers.Build,
            Identity = identity with { Descriptors = InternalDescriptors.Discover() },
            Respawn = call.MakeRespawn(options),
            Loop = new X64CpuLoop(new X64Special(model)).Run,
            Log = log,
            LogItems = items,
            Strace = inline ? null : new StracePrinter(new GuestAbi(8, false), memory),
            Prefixes = options.Prefixes,
            KernelRelease = options.KernelRelease,
            CpuInfo = model.IsHost ? null : model.ProcCpuinfo,
        };
        GuestThread thread = new(process, binding) { SignalMask = InheritedMask() };
        engine.World.Add(binding.State, thread.Tid);
        if (thread.SignalMask != 0)
            engine.World.SilenceRuntimeThread();
        if ((items & LogItems.Page) != 0)
            foreach (Vma vma in memory.Snapshot())
                log?.Line($"{vma.Start:x16}-{vma.End:x16} prot {vma.Protection} {vma.Name}");
        return thread;
    }

    // -tb-size, or what the address space limit leaves room for: the tables beside the cache are about as large again.
    private static int CodeCacheSize(ulong? asked)
    {
        const int Smallest = 4 << 20, Usual = 192 << 20, Largest = 256 << 20, Share = 16, RLIMIT_AS = 9;
        if (asked is { } bytes)
            return (int)Math.Clamp(bytes, Smallest, Largest);
        ulong* limit = stackalloc ulong[2];
        bool limited = Sys.Call(Nr.getrlimit, RLIMIT_AS, (long)limit) == 0 && limit[0] != ulong.MaxValue;
        return limited ? (int)Math.Clamp(limit[0] / Share & ~0xFFFFFUL, Smallest, Usual) : Usual;
    }

    private static byte[][] ChangedEnvironment(UserOptions options)
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

    private static ulong StackSize(ulong wanted)
    {
        const int RLIMIT_STACK = 3;
        ulong* limit = stackalloc ulong[2];
        bool known = Sys.Call(Nr.getrlimit, RLIMIT_STACK, (long)limit) == 0;
        return known && limit[0] > wanted && limit[0] < 1UL << 32 ? limit[0] : wanted;
    }

    // The host's own vDSO serves the guest: it is translated like all code, and reads the clock without a system call.
    private static void AdoptVdso(GuestMemory memory)
    {
        ulong at = HostProcess.AuxValue(AuxTag.AT_SYSINFO_EHDR);
        if (at == 0)
            return;
        const ulong Size = 0x2000; // no vDSO of x86-64 is larger (arch/x86/entry/vdso)
        memory.Adopt(new Vma { Start = at, End = at + Size, Protection = Linux.PROT_READ | Linux.PROT_EXEC, Name = "[vdso]" });
    }

    private static AuxEntry[] AuxVector(CpuModel model)
    {
        List<AuxEntry> entries = [];
        foreach (uint tag in (ReadOnlySpan<uint>)[AuxTag.AT_SYSINFO_EHDR, AuxTag.AT_MINSIGSTKSZ, AuxTag.AT_PAGESZ, AuxTag.AT_CLKTCK, AuxTag.AT_UID, AuxTag.AT_EUID, AuxTag.AT_GID, AuxTag.AT_EGID, AuxTag.AT_SECURE])
            if (HostProcess.AuxValue(tag) is var value && (value != 0 || tag is not (AuxTag.AT_SYSINFO_EHDR or AuxTag.AT_MINSIGSTKSZ)))
                entries.Add(new AuxEntry(tag, value));
        entries.Add(new AuxEntry(AuxTag.AT_HWCAP, model.Hwcap));
        entries.Add(new AuxEntry(AuxTag.AT_HWCAP2, model.IsHost ? HostProcess.AuxValue(AuxTag.AT_HWCAP2) : model.Hwcap2));
        return [.. entries];
    }

    private static string CpuHelp()
    {
        StringWriter text = new();
        CpuModel.WriteHelp(text, is64Bit: true);
        return text.ToString();
    }

    private static SyscallEntry[] SyscallTable()
    {
        SyscallEntry[] table = X64Syscalls.Build();
        table[Nr.arch_prctl] = new SyscallEntry { Flow = SyscallFlow.Handled, Handler = &X64ArchPrctl.ArchPrctl };
        return table;
    }

    private static int PrintCoverage()
    {
        SyscallEntry[] entries = SyscallTable();
        SyscallRow?[] rows = X64SyscallNumbers.Build();
        List<(int, SyscallRow, string)> lines = [];
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] is { } row)
                lines.Add((i, row, entries[i].Flow.ToString().ToLowerInvariant()));
        StringWriter text = new();
        CoverageTable.Write(text, lines.ToArray());
        HostText.WriteOut(text.ToString());
        return ExitCodes.Success;
    }
}
