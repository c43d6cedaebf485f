using Suite.Host.Diagnostics;
using Suite.Jit;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Process;

/// <summary>One emulated process: everything its threads share.</summary>
public sealed class GuestProcess
{
    public required Engine Engine { get; init; }

    public required GuestMemory Memory { get; init; }

    public required ILinuxAbi Abi { get; init; }

    public required SignalActions Actions { get; set; }

    /// <summary>The threads.</summary>
    public ThreadRoll Threads => field ??= new ThreadRoll(Engine.Region);

    /// <summary>What kind of programs this process runs.</summary>
    public ElfTarget Target { get; init; } = ElfTarget.X86_64;

    /// <summary>Dispatch table by call number.</summary>
    public required SyscallEntry[] Syscalls { get; init; }

    /// <summary>Names and signatures by call number; built only when something prints them.</summary>
    public required Func<SyscallRow?[]> SyscallRows { get; init; }

    /// <summary>How the calls of a 32-bit guest are served; null for a guest whose calls are the host's.</summary>
    public CompatPersonality? Compat { get; init; }

    /// <summary>How the program was started, for exec and /proc.</summary>
    public required ProgramIdentity Identity { get; set; }

    /// <summary>How to start this tool again for an executed program.</summary>
    public required Respawn Respawn { get; set; }

    /// <summary>Runs a thread's guest code until the thread ends.</summary>
    public required Action<GuestThread> Loop { get; init; }

    /// <summary>Where -d goes; null when nothing is logged.</summary>
    public LogSink? Log { get; init; }

    public LogItems LogItems { get; init; }

    /// <summary>Prints calls and signals for -strace; null when off.</summary>
    public StraceSession? Strace { get; init; }

    /// <summary>Reports when things go wrong; null when there are none.</summary>
    public ProcessDiagnosis? Diagnosis { get; init; }

    /// <summary>Who watches the process; null when nobody does.</summary>
    public ITracer? Tracer { get; set; }

    /// <summary>Its seccomp filters; null while no thread has any.</summary>
    public SeccompGate? Seccomp { get; set; }

    /// <summary>The threads this process traces with ptrace(2); null while it traces none.</summary>
    public Tracees? Tracees { get; set; }

    /// <summary>-L directories, searched before the root for absolute paths.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>The file an executed path means: below a -L prefix if it is there, the guest's own for /proc/self/exe.</summary>
    public string ResolveProgram(string path) => path is "/proc/self/exe" or "/proc/thread-self/exe" ? Identity.Path : new HostFiles(Prefixes).Resolve(path);

    /// <summary>-r: what uname says the kernel's release is.</summary>
    public string? KernelRelease { get; init; }

    /// <summary>/proc/cpuinfo of the CPU model; null when it is the host's.</summary>
    public Func<string, string>? CpuInfo { get; init; }

    /// <summary>Lets generated code make calls itself, or not, as what watches the process now demands.</summary>
    public unsafe void UpdateInlineCalls()
    {
        bool allowed = Tracer is null && Strace is null && Seccomp is null;
        for (int i = 0; i < Syscalls.Length; i++)
            Engine.Region.InlineCalls[i] = allowed && Syscalls[i].Flow == SyscallFlow.Inline ? (byte)1 : (byte)0;
    }

    /// <summary>The same for a process that shares this one's memory, but not its signal actions and maybe not its descriptors.</summary>
    public GuestProcess WithOwnActions()
    {
        var copy = (GuestProcess)MemberwiseClone();
        copy.Actions = Actions.Copy();
        copy.Respawn = Respawn.Copy();
        return copy;
    }

    private readonly bool[] _reported = new bool[1024];

    /// <summary>A line for -d unimp, once per call number.</summary>
    public void ReportUnimplemented(long number)
    {
        if ((LogItems & LogItems.Unimp) == 0 || (ulong)number >= (ulong)_reported.Length || _reported[number])
            return;
        _reported[number] = true;
        SyscallRow?[] rows = SyscallRows();
        string name = number < rows.Length ? rows[number]?.Name ?? "?" : "?";
        Log?.Line($"Unsupported syscall: {number} ({name})");
    }
}
