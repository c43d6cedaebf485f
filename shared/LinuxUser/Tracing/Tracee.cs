using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Tracing;

/// <summary>
/// A process some of whose threads are traced by another emulated process with ptrace(2). The host's kernel knows the tracer; a stop the tracer
/// shall see is a trap in an emitted stub, at which the thread's <see cref="TraceBlock"/> says what it is about (docs/adr/012).
/// </summary>
public sealed unsafe class Tracee : ITracer
{
    private const int SI_USER = 0, TRAP_TRACE = 2, TRAP_HWBKPT = 4, CodeOffset = 8, PidOffset = 16, UidOffset = 20;
    private readonly TracedBreakpoints _breakpoints;
    private int _threads;

    private Tracee(Jit.Engine engine) => _breakpoints = new TracedBreakpoints(engine);

    /// <summary>The calling thread is traced from now on; false when a debugger's stub has the process.</summary>
    public static bool Begin(GuestThread t)
    {
        GuestProcess process = t.Process;
        if (process.Tracer is not (null or Tracee))
            return false;
        if (t.Traced is not null)
            return true;
        Tracee self = process.Tracer as Tracee ?? new Tracee(t.Engine);
        t.Traced = TracedThread.Create(t);
        Interlocked.Increment(ref self._threads);
        if (process.Tracer is null)
        {
            process.Tracer = self;
            process.UpdateInlineCalls();
            process.Actions.Watch(ulong.MaxValue);
        }

        return true;
    }

    /// <summary>True when the kernel says that somebody traces the calling thread.</summary>
    public static bool IsTraced()
    {
        ReadOnlySpan<byte> key = "\nTracerPid:\t"u8;
        ReadOnlySpan<byte> status = Proc.HostFile.Read("/proc/thread-self/status");
        int at = status.IndexOf(key);
        return at >= 0 && status[at + key.Length] != (byte)'0';
    }

    /// <inheritdoc/>
    public void ThreadStarted(GuestThread thread, ThreadBirth birth)
    {
        switch (birth)
        {
            case ThreadBirth.Program:
                ProgramStarted(thread);
                return;
            case ThreadBirth.Fork when !IsTraced():
                ForgetParent(thread);
                _threads = 0;
                End(thread);
                return;
            case ThreadBirth.Fork:
                ForgetParent(thread);
                _threads = 1;
                thread.Traced ??= TracedThread.Create(thread);
                break;
            default:
                thread.Traced = null; // after vfork it was the parent's, who gets it back
                if (!IsTraced() || !Begin(thread))
                    return;
                break;
        }

        thread.Traced!.ReportsReturn = false;
        StopPlain(thread, StopKind.Birth);
    }

    /// <inheritdoc/>
    public void BeforeGuestCode(GuestThread thread)
    {
        TracedBreakpoints.Entering(thread);
        if (Steps(thread) && BreakpointReached(thread)) // a step does not look for breakpoints itself
            TracedBreakpoints.Entering(thread);
        thread.StepsOnce = Steps(thread);
    }

    /// <inheritdoc/>
    public bool BreakpointReached(GuestThread thread)
    {
        uint slots = TracedBreakpoints.Reached(thread);
        if (slots == 0)
            return false;
        thread.Traced!.Block->HitSlots = slots;
        SignalDelivery.Raise(thread, Linux.SIGTRAP, TRAP_HWBKPT, thread.State->Pc);
        return true;
    }

    /// <inheritdoc/>
    public void Stepped(GuestThread thread)
    {
        if (thread.Traced is null)
            return;
        SignalDelivery.Raise(thread, Linux.SIGTRAP, TRAP_TRACE, thread.State->Pc);
    }

    /// <inheritdoc/>
    public bool SignalArrived(GuestThread thread, Span<byte> siginfo)
    {
        if (thread.Traced is null)
            return true;
        ulong blocked = thread.MaskInForce;
        int arrived = BitConverter.ToInt32(siginfo), signal = Stop(thread, StopKind.Signal, arrived, siginfo);
        if (signal == 0)
            return false;
        // Another one than came, or the tracer has blocked this one: it waits (ptrace_signal of kernel/signal.c). A forced one may have been blocked before.
        ulong bit = SignalMasks.Of(signal);
        if ((thread.MaskInForce & bit) != 0 && (signal != arrived || (blocked & bit) == 0))
        {
            SignalDelivery.Queue(siginfo);
            return false;
        }

        if (thread.Process.Actions[signal].IsDefault && IsStop(signal))
        {
            StopGroup(thread, signal);
            return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public bool CallEntered(GuestThread thread)
    {
        if (thread.Traced is not { } traced)
            return true;
        traced.ReportsReturn = traced.Mode == TraceCommand.Call;
        bool isEmulated = traced.Mode is TraceCommand.Emulate or TraceCommand.EmulateStep;
        if (!traced.ReportsReturn && !isEmulated)
            return true;
        return CallStops.Entered(thread, () => StopCall(thread, StopKind.CallEntry, 0), isEmulated) || Skipped(thread);
    }

    /// <inheritdoc/>
    public void CallReturned(GuestThread thread, long result)
    {
        if (thread.Traced is not { } traced || thread.Exiting)
            return;
        if (traced.ReportsReturn)
        {
            traced.ReportsReturn = false;
            StopCall(thread, StopKind.CallExit, result);
        }
    }

    /// <inheritdoc/>
    public string? Executing(GuestThread thread) => thread.Traced is null ? null : Word;

    /// <summary>What the tool that runs an executed program is told when it is traced.</summary>
    public const string Word = "ptrace";

    /// <summary>A seccomp filter asks the tracer.</summary>
    /// <returns>False when no tracer wants to be asked: the call fails with ENOSYS.</returns>
    public static bool Filtered(GuestThread t, uint data, out bool isSkipped)
    {
        isSkipped = false;
        if (t.Traced is not { } traced || (traced.Options & Ptrace.O_TRACESECCOMP) == 0 || t.Process.Tracer is not Tracee self)
            return false;
        traced.Block->Message = data;
        isSkipped = !CallStops.Entered(t, () => self.StopCall(t, StopKind.Filtered, 0), isEmulated: false);
        return true;
    }

    /// <inheritdoc/>
    public void ChildComing(GuestThread thread, ThreadBirth birth) => thread.Traced?.Publish(thread);

    /// <inheritdoc/>
    public void ChildMade(GuestThread thread, ThreadBirth birth, int child)
    {
        if (thread.Traced is not { } traced)
            return;
        (StopKind kind, uint option) = birth switch
        {
            ThreadBirth.Fork => (StopKind.ForkMade, Ptrace.O_TRACEFORK),
            ThreadBirth.Vfork => (StopKind.VforkDone, Ptrace.O_TRACEVFORKDONE),
            _ => (StopKind.CloneMade, Ptrace.O_TRACECLONE),
        };
        if ((traced.Options & option) == 0)
            return;
        traced.Block->Message = (ulong)child;
        StopPlain(thread, kind);
    }

    /// <inheritdoc/>
    public void ThreadEnding(GuestThread thread)
    {
        if (thread.Traced is not { } traced)
            return;
        traced.Block->Message = (ulong)(thread.ExitStatus & 0xFF) << 8;
        StopPlain(thread, StopKind.Ending);
        Left(thread);
    }

    /// <summary>A traced thread, or a vfork child, is no more: it leaves no breakpoints in the memory it ran in.</summary>
    public void Left(GuestThread thread)
    {
        if (thread.Traced is not { } traced)
            return;
        _breakpoints.Change(traced, 0, []);
        thread.Traced = null;
        traced.Free();
        Interlocked.Decrement(ref _threads);
    }

    /// <inheritdoc/>
    public void ProcessEnding(GuestThread thread, int status, int signal)
    {
        if (thread.Traced is not { } traced || (traced.Options & Ptrace.O_TRACEEXIT) == 0)
            return;
        traced.Block->Message = signal != 0 ? (ulong)signal : (ulong)(status & 0xFF) << 8;
        StopPlain(thread, StopKind.Ending);
    }

    /// <summary>The tracer's emulator has sent a request.</summary>
    public static void Serve(GuestThread t, TraceRequest request, ReadOnlySpan<byte> siginfo)
    {
        if ((t.Traced is null && !IsTraced()) || !Begin(t) || t.Process.Tracer is not Tracee self)
            return;
        switch (request)
        {
            case TraceRequest.Attach or TraceRequest.Stop:
                Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
                siginfo.CopyTo(info);
                BitConverter.TryWriteBytes(info, Linux.SIGSTOP);
                BitConverter.TryWriteBytes(info[CodeOffset..], TraceSignal.CodeOf(siginfo));
                info[(UidOffset + sizeof(int))..].Clear();
                if (self.SignalArrived(t, info))
                    SignalDelivery.Act(t, info); // another one, which the tracer gave in its place
                break;
            case TraceRequest.Watchpoint:
                SignalDelivery.Raise(t, Linux.SIGTRAP, TRAP_HWBKPT, t.State->Pc);
                break;
            case TraceRequest.Interrupt:
                self.StopPlain(t, StopKind.Interrupted);
                break;
        }
    }

    private static bool Steps(GuestThread t) => t.Traced is { Mode: TraceCommand.Step or TraceCommand.EmulateStep };

    private void ForgetParent(GuestThread t)
    {
        _breakpoints.Forget();
        if (t.Traced is { } traced)
            traced.BreakpointSlots = 0;
    }

    private static bool IsStop(int signal) => signal is Linux.SIGSTOP or SIGTSTP or SIGTTIN or SIGTTOU;

    private const int SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22;

    private void ProgramStarted(GuestThread t)
    {
        const int X64Execve = 59, Execve = 11;
        TracedThread traced = t.Traced!;
        t.CallNumber = t.Process.Target == ElfTarget.X86_64 ? X64Execve : Execve;
        StopPlain(t, StopKind.Program);
        if (t.Traced is null)
            return;
        if (traced.Mode == TraceCommand.Call)
            StopCall(t, StopKind.CallExit, 0);
        if (t.Traced is null || (traced.Options & (Ptrace.O_TRACEEXEC | TraceBlock.Seized)) != 0)
            return;
        Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
        info.Clear();
        BitConverter.TryWriteBytes(info, Linux.SIGTRAP);
        BitConverter.TryWriteBytes(info[PidOffset..], t.Tid);
        BitConverter.TryWriteBytes(info[UidOffset..], (int)Sys.Call(Nr.getuid));
        SignalDelivery.Accept(t, info);
    }

    private bool Skipped(GuestThread t)
    {
        if (t.Traced is { ReportsReturn: true } traced)
        {
            traced.ReportsReturn = false;
            StopCall(t, StopKind.CallExit, CallStops.ResultOf(t));
        }

        return false;
    }

    // All threads stop, by the kernel's doing; one that is still traced, and was not let go with this signal, tells first that its SIGSTOP is not one to ask about.
    private void StopGroup(GuestThread t, int signal)
    {
        TracedThread? traced = t.Traced;
        traced?.Publish(t);
        if (traced is not null)
            (traced.Block->Kind, traced.Block->Signal) = (StopKind.Group, signal);
        // A stop by the terminal does not happen in an orphaned process group, and only the kernel knows which are.
        if (signal == Linux.SIGSTOP)
            Sys.Blocking(Nr.tgkill, Sys.Call(Nr.getpid), Sys.Call(Nr.gettid), signal);
        else
            t.Process.Actions.StopByDefault(signal);
        if (traced is null)
            return;
        traced.Block->Kind = StopKind.None;
        if (traced.Block->Command != TraceCommand.None)
        {
            TakeBack(t, traced);
            traced.Block->Command = TraceCommand.None;
        }
    }

    private void StopCall(GuestThread t, StopKind kind, long result)
    {
        TraceBlock* block = t.Traced!.Block;
        if (kind != StopKind.CallExit)
            PutArguments(block, t.Abi.Arguments(t));
        block->CallResult = result;
        StopPlain(t, kind);
    }

    private static void PutArguments(TraceBlock* block, in SysArgs a)
    {
        (block->Arguments[0], block->Arguments[1], block->Arguments[2]) = (a.A1, a.A2, a.A3);
        (block->Arguments[3], block->Arguments[4], block->Arguments[5]) = (a.A4, a.A5, a.A6);
    }

    private void StopPlain(GuestThread t, StopKind kind)
    {
        Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
        info.Clear();
        TracedThread traced = t.Traced!; // a detached one keeps its options
        int signal = Stop(t, kind, Linux.SIGTRAP, info);
        if (signal == 0)
            return;
        if (kind is StopKind.CallEntry or StopKind.CallExit)
            Made(info, signal);
        else if (IsSignalStop(traced, kind))
            Sent(t, info, signal);
        else
            return; // the signal given at an event is lost (ptrace(2), "Injecting and suppressing a signal")
        SignalDelivery.Queue(info);
    }

    // To the kernel the first stop of a traced process is that of a SIGSTOP, and the one behind an exec that of a SIGTRAP, unless it is a seized one's or asked for.
    private static bool IsSignalStop(TracedThread traced, StopKind kind) => kind switch
    {
        StopKind.Birth => (traced.Options & TraceBlock.Seized) == 0,
        StopKind.Program => (traced.Options & (TraceBlock.Seized | Ptrace.O_TRACEEXEC)) == 0,
        _ => false,
    };

    // At a call the tracer's signal is the kernel's own (ptrace_report_syscall: SEND_SIG_PRIV).
    private static void Made(Span<byte> info, int signal)
    {
        const int SI_KERNEL = 0x80;
        info.Clear();
        BitConverter.TryWriteBytes(info, signal);
        BitConverter.TryWriteBytes(info[CodeOffset..], SI_KERNEL);
    }

    private static void Sent(GuestThread t, Span<byte> info, int signal)
    {
        info.Clear();
        BitConverter.TryWriteBytes(info, signal);
        BitConverter.TryWriteBytes(info[CodeOffset..], SI_USER);
        if (t.Traced is not { } traced)
            return;
        BitConverter.TryWriteBytes(info[PidOffset..], traced.Block->Tracer);
        BitConverter.TryWriteBytes(info[UidOffset..], traced.Block->TracerUser);
    }

    // The stop itself. The result is the signal that shall act, or 0; info may be changed.
    private int Stop(GuestThread t, StopKind kind, int signal, Span<byte> info)
    {
        TracedThread traced = t.Traced!;
        TraceBlock* block = traced.Block;
        bool isInterrupted = CallStops.ShowInterrupted(t);
        traced.Publish(t);
        (block->Kind, block->Signal, block->Command, block->Injected) = (kind, signal, TraceCommand.None, 0);
        (block->Dirty, block->WrittenCount) = (0, 0);
        info.CopyTo(new Span<byte>(block->Siginfo, VcpuState.SiginfoSize));

        ulong blocked = SignalMasks.AllButFaults, mask;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&blocked, (long)&mask, 8);
        t.Engine.Stubs.TraceStop(block, TraceBlock.Mark);
        (block->Kind, block->HitSlots) = (StopKind.None, 0);
        if (block->Command == TraceCommand.None)
        {
            // Nobody is there: what was to happen does.
            CallStops.HideInterrupted(t, isInterrupted);
            End(t);
            GuestThread.SetHostMask(mask);
            return kind == StopKind.Signal ? signal : 0;
        }

        TakeBack(t, traced);
        CallStops.HideInterrupted(t, isInterrupted);
        if ((block->Dirty & TraceBlock.DirtyMask) != 0)
        {
            (t.SignalMask, t.SuspendedMask) = (block->SignalMask & ~SignalMasks.Unblockable, null);
            if (mask != SignalMasks.AllButFaults)
                mask = GuestThread.HostMask(t.SignalMask);
        }

        int injected = block->Injected;
        if (kind == StopKind.Signal && injected != 0)
        {
            if (injected != signal)
                Sent(t, info, injected);
            else if ((block->Dirty & TraceBlock.DirtySiginfo) != 0)
                new ReadOnlySpan<byte>(block->Siginfo, VcpuState.SiginfoSize).CopyTo(info);
        }

        if (block->Command == TraceCommand.Detach)
            End(t);
        GuestThread.SetHostMask(mask);
        return injected;
    }

    private void TakeBack(GuestThread t, TracedThread traced)
    {
        traced.TakeBack(t);
        TraceBlock* block = traced.Block;
        _breakpoints.Change(traced, block->BreakpointSlots, new ReadOnlySpan<ulong>(block->Breakpoints, TraceBlock.MostBreakpoints));
    }

    // The thread is not traced any more.
    private void End(GuestThread t)
    {
        Left(t);
        t.StepsOnce = false;
        if (Volatile.Read(ref _threads) > 0)
            return;
        t.Process.Tracer = null;
        t.Process.UpdateInlineCalls();
        t.Process.Actions.Watch(t.Process.Tracees is null ? 0 : SignalMasks.Of(Linux.SIGCHLD));
    }
}
