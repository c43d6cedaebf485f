using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Threads;

/// <summary>Guest threads: each is a thread of the runtime, started by clone and ended by exit.</summary>
public static unsafe class GuestThreads
{
    // Managed stack of a guest thread; guest code runs on the guest's own stack.
    private const int HostStackBytes = 512 * 1024;

    /// <summary>clone with CLONE_THREAD. The result is the new thread's id, or -errno.</summary>
    public static long Create(GuestThread parent, CloneRequest request) => Start(parent, new Birth(parent, request), ThreadBirth.Clone);

    /// <summary>
    /// clone with CLONE_VM, but neither CLONE_THREAD nor CLONE_VFORK: a process that shares the memory and runs beside its parent. To the
    /// runtime it is a thread of its own, which waits in the kernel while the new process acts in its place, as after vfork. The result is the
    /// process's id, or -errno.
    /// </summary>
    public static long CreateProcess(GuestThread parent, CloneRequest request)
    {
        parent.Engine.World.SilenceRuntimeThread();
        return Start(parent, new ProcessBirth(parent, request), ThreadBirth.Fork);
    }

    private static long Start(GuestThread parent, Birth birth, ThreadBirth kind)
    {
        // The new thread must not take a signal before it is a guest thread: it inherits a closed mask.
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        if (parent.State->Pending != 0)
            return Syscalls.SysResult.Restart;
        long tid;
        using (parent.Memory.KeepRoomToGrow())
        {
            try
            {
                Thread host = new(birth.Run, HostStackBytes) { IsBackground = true };
                host.Start();
            }
            catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
            {
                parent.ApplyMask();
                return -Errno.EAGAIN;
            }

            tid = birth.WaitUntilBorn(parent);
        }

        if (tid > 0)
            parent.Process.Tracer?.ChildMade(parent, kind, (int)tid);
        parent.ApplyMask();
        return tid;
    }

    /// <summary>Ends the calling guest thread as the kernel would: robust list, cleared tid, wake-up. The last one ends the process.</summary>
    public static void End(GuestThread t)
    {
        GuestThread.SetHostMask(ulong.MaxValue & ~SignalMasks.Faults);
        ProcessDiagnosis.ThreadEnds(t);
        t.Process.Tracer?.ThreadEnding(t);
        RobustList.Release(t);
        Sys.Call(Nr.set_robust_list, 0, 24);
        t.RobustHead = 0;
        t.Abi.EndThread(t);
        if (t.Engine.World.Count <= 1)
            EndProcess(t, t.ExitStatus);
        t.Process.Threads.Remove(t);
        t.Process.Strace?.ThreadExited(t.Tid, t.ExitStatus);
        t.Engine.World.Remove(t.State);
        if (t.ClearTid == 0)
            return;
        t.Memory.TryWrite(t.ClearTid, 0);
        Sys.Call(Nr.futex, (long)t.ClearTid, Linux.FUTEX_WAKE, 1);
    }

    /// <summary>Forgets a thread that runs no guest code (any more).</summary>
    public static void Discard(GuestThread t)
    {
        GuestThread.SetHostMask(ulong.MaxValue & ~SignalMasks.Faults);
        t.Abi.EndThread(t);
        t.Process.Threads.Remove(t);
        t.Engine.World.Remove(t.State);
    }

    /// <summary>Ends the process with a status; does not return.</summary>
    public static void EndProcess(GuestThread t, int status)
    {
        t.Process.Diagnosis?.Ending(t);
        t.Process.Tracer?.ProcessEnding(t, status, 0);
        t.Process.Strace?.Exited(t.Tid, status);
        if (!t.IsVforkChild)
            t.Process.Log?.Dispose();
        Sys.Call(Nr.exit_group, status);
    }

    /// <summary>The main thread may end before the others: its host thread goes too, outside managed code, and the process lives on.</summary>
    public static void LeaveMain() => Sys.Blocking(Nr.exit, 0);
}
