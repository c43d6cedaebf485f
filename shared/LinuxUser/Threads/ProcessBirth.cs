using System.Runtime.CompilerServices;
using Suite.Host;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Threads;

/// <summary>A process that shares its parent's memory and runs beside it; see <see cref="GuestThreads.CreateProcess"/>.</summary>
internal sealed unsafe class ProcessBirth(GuestThread parent, CloneRequest request) : Birth(parent, request)
{
    /// <inheritdoc/>
    protected override GuestProcess ProcessOf(GuestProcess parentProcess) =>
        (Request.Flags & Linux.CLONE_SIGHAND) != 0 ? parentProcess : parentProcess.WithOwnActions();

    /// <inheritdoc/>
    protected override void Live(GuestThread child)
    {
        long pid = Clone(child);
        Forking.SettleRuntime();
        if (pid < 0)
            Announce((int)pid);
        GuestThreads.Discard(child);
    }

    // The thread waits in the kernel until the child is gone, where no tracer can stop it: it has a name of the runtime's threads, which guests do not see. Leak
    // sanitizers stop all threads they find from such a child.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private long Clone(GuestThread child)
    {
        const int PR_SET_NAME = 15, PR_GET_NAME = 16;
        byte* name = stackalloc byte[16];
        Sys.Call(Nr.prctl, PR_GET_NAME, (long)name);
        fixed (byte* waiter = PeerProcess.RuntimeName)
            Sys.Call(Nr.prctl, PR_SET_NAME, (long)waiter);
        const ulong Written = Linux.CLONE_SETTLS | Linux.CLONE_PARENT_SETTID | Linux.CLONE_CHILD_SETTID;
        ulong flags = Request.Flags & ~Written | Linux.CLONE_VFORK | Request.ExitSignal;
        long pid = child.Engine.Stubs.Vfork(flags, (Request.Flags & Linux.CLONE_PIDFD) != 0 ? Request.PidFd : 0, Request.ChildTid, 0);
        if (pid == 0)
        {
            Sys.Call(Nr.prctl, PR_SET_NAME, (long)name);
            RunChild(child); // never returns: this frame is the waiting thread's
        }

        return pid;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunChild(GuestThread child)
    {
        child.IsVforkChild = true;
        child.Tid = (int)Sys.Call(Nr.gettid);
        child.Engine.World.Move(child.State, child.Tid);
        if ((Request.Flags & Linux.CLONE_PIDFD) != 0)
            child.Memory.FixIntFromHost(Request.PidFd);
        if ((Request.Flags & Linux.CLONE_CLEAR_SIGHAND) != 0)
            child.Process.Actions.ClearHandlers();
        SetTids(child, child.Tid);
        Announce(child.Tid);
        child.Process.Tracer?.ThreadStarted(child, ThreadBirth.Fork);
        child.ApplyMask();
        child.Process.Loop(child);
        Sys.Call(Nr.exit, child.ExitStatus);
    }
}
