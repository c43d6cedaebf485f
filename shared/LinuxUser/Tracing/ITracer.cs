using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Tracing;

/// <summary>
/// Who watches a process and may stop it: a debugger's stub, or the guest process that traces it (ptrace(2)). Every member is called on the
/// host thread of the guest thread concerned, between two guest instructions and with its registers in order, and may block; it then has
/// to wait outside managed code (<see cref="GuestThread.BlockingCall"/>), or a fork by another thread would wait for it.
/// </summary>
public interface ITracer
{
    /// <summary>The thread is about to run its first instruction: of a program just loaded, of a clone, or of a fork's or vfork's child.</summary>
    /// <param name="thread">The new thread.</param>
    /// <param name="birth">How it came about.</param>
    void ThreadStarted(GuestThread thread, ThreadBirth birth);

    /// <summary>Guest code is about to be entered, again and again: where a thread that was kicked (<c>World.Kick</c>) finds out what for.</summary>
    void BeforeGuestCode(GuestThread thread);

    /// <summary>A signal is about to act: before its handler's frame, its default action, or being ignored.</summary>
    /// <param name="thread">The thread it is for.</param>
    /// <param name="siginfo">The host's siginfo, 128 bytes; may be changed, the signal's number included.</param>
    /// <returns>False when the signal is dropped.</returns>
    bool SignalArrived(GuestThread thread, Span<byte> siginfo);

    /// <summary>A thread with <see cref="GuestThread.StepsOnce"/> is behind its instruction (and a system call it made), or at the first one of a signal handler.</summary>
    void Stepped(GuestThread thread)
    {
    }

    /// <summary>A thread has come to a breakpoint (<see cref="Jit.Engine.SetBreakpoint"/>), whose instruction it has not executed.</summary>
    /// <returns>False when the breakpoint is not for this thread, which passes it.</returns>
    bool BreakpointReached(GuestThread thread) => false;

    /// <summary>Guest code has faulted, and nothing has been made of it yet.</summary>
    /// <returns>True when the tracer has served it: it had closed the page (<see cref="Memory.GuestMemory.WatchPages"/>).</returns>
    bool FaultArose(GuestThread thread) => false;

    /// <summary>A system call is about to be made; the registers may be changed, the number included.</summary>
    /// <returns>False when the call is not to be made: the registers are the result.</returns>
    bool CallEntered(GuestThread thread);

    /// <summary>A system call was made and its result is in the registers.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="result">The result, or <see cref="Syscalls.SysResult.Restart"/>: then the registers are those before the call, which is made again after a signal.</param>
    void CallReturned(GuestThread thread, long result);

    /// <summary>The thread is about to make a child, which may run before <see cref="ChildMade"/> is called.</summary>
    void ChildComing(GuestThread thread, ThreadBirth birth)
    {
    }

    /// <summary>The thread has a child, before its own call returns. After vfork the child has gone on to its own program or ended.</summary>
    /// <param name="thread">The parent.</param>
    /// <param name="birth">Which call made it.</param>
    /// <param name="child">Thread id of the child.</param>
    void ChildMade(GuestThread thread, ThreadBirth birth, int child);

    /// <summary>The process is about to become another program of this tool.</summary>
    /// <returns>A word for the tool that runs it (<see cref="ExecHandover.Tracer"/>); null for none.</returns>
    string? Executing(GuestThread thread) => null;

    /// <summary>What <see cref="Executing"/> announced did not come about.</summary>
    void ExecuteFailed(GuestThread thread)
    {
    }

    /// <summary>The thread ends; its process may go on.</summary>
    void ThreadEnding(GuestThread thread);

    /// <summary>The process is about to end.</summary>
    /// <param name="thread">Who ended it.</param>
    /// <param name="status">The exit status; not meaningful when a signal ends it.</param>
    /// <param name="signal">The signal that ends it, or 0.</param>
    void ProcessEnding(GuestThread thread, int status, int signal);
}

/// <summary>How a thread came about.</summary>
public enum ThreadBirth
{
    /// <summary>exec, or the start of the tool.</summary>
    Program,

    /// <summary>clone with CLONE_THREAD: a thread of the same process.</summary>
    Clone,

    /// <summary>fork, or clone of a process.</summary>
    Fork,

    /// <summary>vfork, or clone of a process that borrows its parent's memory.</summary>
    Vfork,
}
