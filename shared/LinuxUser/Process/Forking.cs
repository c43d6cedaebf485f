using System.Runtime.CompilerServices;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Process;

/// <summary>
/// fork and vfork. A fork is the raw system call while every other guest thread is outside managed code (docs/adr/004). A vfork child
/// really shares the memory and really stops its parent: it borrows the parent's thread, stack and identity in the runtime's eyes.
/// </summary>
public static unsafe class Forking
{
    private const ulong SettlementFlags = Linux.CLONE_SETTLS | Linux.CLONE_VM | Linux.CLONE_VFORK;

    /// <summary>Starts a child with its own copy of memory.</summary>
    public static long Fork(GuestThread t, CloneRequest request)
    {
        ulong* args = stackalloc ulong[11];
        FillHostArguments(args, request with { Flags = request.Flags & ~SettlementFlags });
        ulong mask = SignalMasks.AllButFaults;
        GuestThread.SetHostMask(mask);
        if (t.State->Pending != 0)
            return Syscalls.SysResult.Restart;
        long pid;
        using (t.Engine.Gate.Hold())
        {
            t.Engine.PrepareFork();
            t.Engine.World.Stop(WorldStop.LeaveManagedCode);
            if (!ShutOutAll(t))
            {
                t.Engine.World.Start(flushed: false);
                return Syscalls.SysResult.Restart;
            }

            // The two do not take the same: CLONE_PARENT with an exit signal, for one, is only for clone.
            pid = request.IsExtended
                ? Sys.Call(Nr.clone3, (long)args, 88)
                : Sys.Call(Nr.clone, (long)(request.Flags & ~SettlementFlags | request.ExitSignal), 0, (long)request.ParentTid, (long)request.ChildTid, 0);
            if (pid == 0)
                BecomeChild(t);
            else
                t.Engine.World.Start(flushed: false);
        }

        GuestThread.SetHostMask(mask);
        FixWritten(t, request, isChild: pid == 0, isParent: pid > 0);
        if (pid == 0)
        {
            Tracees.Forget(t.Process);
            t.Process.Seccomp?.KeepOnly(t);
            t.Abi.SetResult(t, 0);
            t.Abi.PrepareChild(t, request.Stack, (request.Flags & Linux.CLONE_SETTLS) != 0, request.Tls);
            t.Process.Tracer?.ThreadStarted(t, ThreadBirth.Fork);
        }
        else if (pid > 0)
        {
            t.Process.Tracer?.ChildMade(t, ThreadBirth.Fork, (int)pid);
        }

        t.ApplyMask();
        return pid;
    }

    /// <summary>Starts a child that shares memory until it executes or exits; the parent waits in the kernel.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Vfork(GuestThread t, CloneRequest request)
    {
        if (!ShutOutAll(t))
            return Syscalls.SysResult.Restart;
        SavedThread saved = new(t);
        t.Process.Tracer?.ChildComing(t, ThreadBirth.Vfork);
        t.Process.Strace?.EnterVforkChild();
        ulong flags = request.Flags & ~Linux.CLONE_SETTLS | request.ExitSignal;
        bool pidFd = (request.Flags & Linux.CLONE_PIDFD) != 0;
        long pid = t.Engine.Stubs.Vfork(flags, pidFd ? request.PidFd : request.ParentTid, request.ChildTid, 0);
        if (pid == 0)
            RunVforkChild(t, request); // never returns: this frame is the parent's
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        SettleRuntime();
        saved.Restore(t, keepActions: (request.Flags & Linux.CLONE_SIGHAND) != 0);
        if (pid > 0)
            t.Process.Tracer?.ChildMade(t, ThreadBirth.Vfork, (int)pid);
        t.Process.Strace?.LeaveVforkChild((int)pid);
        t.ApplyMask();
        return pid;
    }

    /// <summary>
    /// To be called behind a vfork: the child may have ended in generated code or in a call, and left the runtime's note that this thread is
    /// outside managed code. Leaving it and coming back puts that right.
    /// </summary>
    public static void SettleRuntime() => Sys.Blocking(Nr.sched_yield);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunVforkChild(GuestThread t, CloneRequest request)
    {
        t.IsVforkChild = true;
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        FixWritten(t, request, isChild: true, isParent: true);
        t.Tid = (int)Sys.Call(Nr.gettid);
        if ((request.Flags & Linux.CLONE_CLEAR_SIGHAND) != 0)
            t.Process.Actions.ClearHandlers();
        t.Abi.SetResult(t, 0);
        t.Abi.PrepareChild(t, request.Stack, (request.Flags & Linux.CLONE_SETTLS) != 0, request.Tls);
        t.Process.Tracer?.ThreadStarted(t, ThreadBirth.Vfork);
        t.ApplyMask();
        t.Process.Loop(t);
        Sys.Call(Nr.exit, t.ExitStatus);
    }

    // Also the signals that the engine needs: one of them sent by somebody just now must be queued by either the parent or the child, not by
    // the parent and copied. False when one has been queued.
    private static bool ShutOutAll(GuestThread t)
    {
        GuestThread.SetHostMask(ulong.MaxValue);
        if (t.State->Pending == 0)
            return true;
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        return false;
    }

    // What the kernel wrote for the guest, in the host's byte order: into the parent's memory, the child's, or both at once when they are one.
    private static void FixWritten(GuestThread t, CloneRequest request, bool isChild, bool isParent)
    {
        if (isChild && (request.Flags & Linux.CLONE_CHILD_SETTID) != 0)
            t.Memory.FixIntFromHost(request.ChildTid);
        if (isParent && (request.Flags & Linux.CLONE_PARENT_SETTID) != 0)
            t.Memory.FixIntFromHost(request.ParentTid);
        if (isParent && (request.Flags & Linux.CLONE_PIDFD) != 0)
            t.Memory.FixIntFromHost(request.PidFd);
    }

    private static void BecomeChild(GuestThread t)
    {
        t.Process.Strace?.BecomeChild(t.Tid);
        t.Tid = (int)Sys.Call(Nr.gettid);
        t.Memory.ForgetLocks();
        t.Engine.World.KeepOnly(t.State, t.Tid);
        t.Engine.BecomeChild();
        t.Process.Threads.KeepOnly(t);
        (t.ClearTid, t.RobustHead) = (0, 0);
        t.Process.Diagnosis?.Begin(t, isFork: true);
    }

    private static void FillHostArguments(ulong* args, CloneRequest request)
    {
        new Span<ulong>(args, 11).Clear();
        args[0] = request.Flags;
        args[1] = (request.Flags & Linux.CLONE_PIDFD) != 0 ? request.PidFd : 0;
        args[2] = request.ChildTid;
        args[3] = request.ParentTid;
        args[4] = request.ExitSignal;
        args[8] = request.SetTid;
        args[9] = request.SetTidSize;
        args[10] = request.Cgroup;
    }

    /// <summary>What a vfork child changes in memory that its parent goes on using.</summary>
    private sealed class SavedThread
    {
        private readonly VcpuState _state;
        private readonly byte[] _vectors;
        private readonly byte[]? _registers;
        private readonly GuestAction[] _actions;
        private readonly (ulong Mask, AltStack Stack, ulong ClearTid, int Tid, bool Vfork) _thread;
        private readonly (ITracer? Tracer, TracedThread? Traced, bool Steps, ulong Watched) _tracing;
        private readonly int _self;

        public SavedThread(GuestThread t)
        {
            _state = *t.State;
            _vectors = new ReadOnlySpan<byte>((void*)t.State->VectorArea, ThreadBinding.VectorBytes).ToArray();
            _registers = t.Abi.SaveState(t);
            _actions = t.Process.Actions.Save();
            _tracing = (t.Process.Tracer, t.Traced, t.StepsOnce, t.Process.Actions.Watched);
            _self = t.Process.Respawn.SelfDescriptor;
            _thread = (t.SignalMask, t.AltStack, t.ClearTid, t.Tid, t.IsVforkChild);
        }

        public void Restore(GuestThread t, bool keepActions)
        {
            *t.State = _state;
            _vectors.CopyTo(new Span<byte>((void*)t.State->VectorArea, _vectors.Length));
            if (_registers is not null)
                t.Abi.RestoreState(t, _registers);
            if (!keepActions)
                t.Process.Actions.Restore(_actions, _tracing.Watched);
            RestoreTracing(t);
            t.Process.Respawn.SelfDescriptor = _self;
            (t.SignalMask, t.AltStack, t.ClearTid, t.Tid, t.IsVforkChild) = _thread;
            t.Exiting = false;
        }

        // The child may have asked to be traced, or was from its start.
        private void RestoreTracing(GuestThread t)
        {
            if (t.Traced != _tracing.Traced)
                (t.Process.Tracer as Tracee)?.Left(t);
            (t.Traced, t.StepsOnce) = (_tracing.Traced, _tracing.Steps);
            if (t.Process.Tracer == _tracing.Tracer)
                return;
            t.Process.Tracer = _tracing.Tracer;
            t.Process.UpdateInlineCalls();
        }
    }
}
