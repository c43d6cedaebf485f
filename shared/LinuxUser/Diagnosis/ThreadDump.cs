using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Symbols;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>
/// Prints what all guest threads do: registers, backtrace, the system call each is in. The threads are stopped where they are - in generated code, or
/// in a system call, which is not disturbed - and go on afterwards.
/// </summary>
internal sealed unsafe class ThreadDump
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly GuestProcess _process;
    private readonly StringBuilder _text = new();
    private readonly StracePrinter _printer;
    private readonly SyscallRow?[] _rows;
    private readonly ModuleMap _map;
    private readonly Unwinder _unwinder;

    private ThreadDump(GuestProcess process)
    {
        _process = process;
        _printer = CallText.Printer(process, process.Memory);
        _rows = process.SyscallRows();
        _map = new ModuleMap(process);
        _unwinder = new Unwinder(_map, process.Memory, process.Target);
    }

    /// <summary>The text for all threads.</summary>
    /// <param name="process">The process; the calling thread is one of its guest threads, or a helper in its world.</param>
    /// <param name="tool">Name of the tool.</param>
    /// <param name="reason">Why, for the first line.</param>
    public static string Make(GuestProcess process, string tool, string reason)
    {
        World world = process.Engine.World;
        using (process.Engine.Gate.Hold())
        {
            GuestThread[] threads = process.Threads.Snapshot();
            try
            {
                world.TryStop(WorldStop.StandStill, Patience);
                ThreadDump dump = new(process);
                dump._text.Append(CultureInfo.InvariantCulture, $"{tool}: {reason}: {threads.Length} thread{(threads.Length == 1 ? "" : "s")} of process {Sys.Call(Nr.getpid)}, {process.Identity.Path}\n");
                foreach (GuestThread t in threads)
                    dump.Append(t);
                return dump._text.ToString();
            }
            finally
            {
                world.Start(flushed: false);
            }
        }
    }

    private void Append(GuestThread t)
    {
        VcpuState* s = t.State;
        bool isSelf = s == ThreadBinding.Current();
        bool stands = isSelf || s->Stage == VcpuStage.Blocked;
        _text.Append(CultureInfo.InvariantCulture, $"  thread {t.Tid} \"{NameOf(t.Tid)}\"");
        if (!stands)
        {
            _text.Append(" is inside the emulator and did not stop in time\n");
            return;
        }

        VcpuState saved = *s;
        _process.Engine.Approximate(s);
        Regset general = t.Abi.Regsets[0];
        byte[] registers = new byte[general.Size];
        general.Read(t, registers);
        _text.Append(Doing(t, isSelf, interrupted: saved.HostPc > Engine.PreciseAlready || isSelf)).Append('\n');
        foreach (string line in t.Abi.DescribeRegisters(t).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            _text.Append("    ").Append(line).Append('\n');
        foreach (string line in CrashText.Frames(_map, _unwinder.Walk(registers)))
            _text.Append("    ").Append(line).Append('\n');
        *s = saved;
    }

    private string Doing(GuestThread t, bool isSelf, bool interrupted)
    {
        if (t.Calls.Current is ({ } call, var age))
            return $" in {CallText.Write(_printer, _rows, call, null)}{(age is { } time ? string.Create(CultureInfo.InvariantCulture, $" for {time.TotalSeconds:0.0} s") : "")}";
        if (isSelf && t.Calls.Last() is [.., ({ } again, SysResult.Restart, _)])
            return $" in {CallText.Write(_printer, _rows, again, null)}";
        // A call that generated code makes itself, interrupted to look at it: pc is at the instruction again.
        ReadOnlySpan<byte> syscall = [0x0F, 0x05];
        Span<byte> code = stackalloc byte[2];
        if (interrupted && _process.Target.Is64 && t.Memory.TryRead(t.State->Pc, code) && code.SequenceEqual(syscall))
            return $" in {CallText.Write(_printer, _rows, t.Abi.Arguments(t), null)}";
        return " runs guest code";
    }

    private static string NameOf(int tid) =>
        HostProcess.ReadText(Encoding.ASCII.GetBytes($"/proc/self/task/{tid}/comm\0")) is { } name ? Encoding.UTF8.GetString(name).TrimEnd('\n') : "?";
}
