using System.Runtime.InteropServices;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Threads;

/// <summary>
/// State handed from a parent to the thread it makes; the parent waits in a blocking call, so that a fork by a third thread need not wait
/// for it.
/// </summary>
internal unsafe class Birth(GuestThread parent, CloneRequest request)
{
    private readonly VcpuState _registers = *parent.State;
    private readonly byte[] _vectors = new ReadOnlySpan<byte>((void*)parent.State->VectorArea, ThreadBinding.VectorBytes).ToArray();
    private readonly int* _born = (int*)NativeMemory.AllocZeroed(8);

    protected CloneRequest Request => request;

    /// <summary>The thread from its first to its last instruction, on its own host thread.</summary>
    public void Run()
    {
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        ThreadBinding binding = ThreadBinding.Bind(parent.Engine);
        CopyState(binding.State);
        GuestThread child = new(ProcessOf(parent.Process), binding) { SignalMask = parent.SignalMask, AltStack = AltStack.Reset };
        parent.Engine.World.Add(binding.State, child.Tid);
        child.Process.Seccomp?.Inherit(child, parent);
        child.Process.Threads.Add(child);
        child.Abi.BeginThread(child);
        child.Abi.SetResult(child, 0);
        child.Abi.PrepareChild(child, request.Stack, (request.Flags & Linux.CLONE_SETTLS) != 0, request.Tls);
        Live(child);
        binding.Dispose();
    }

    /// <summary>The new thread's id, or -errno, as soon as it is known.</summary>
    public long WaitUntilBorn(GuestThread waiting)
    {
        int tid;
        while ((tid = Volatile.Read(ref *_born)) == 0)
            waiting.BlockingCall(Nr.futex, (ulong)_born, Linux.FUTEX_WAIT | Linux.FUTEX_PRIVATE_FLAG, 0);
        NativeMemory.Free(_born);
        return tid;
    }

    /// <summary>What the thread is part of.</summary>
    protected virtual GuestProcess ProcessOf(GuestProcess parentProcess) => parentProcess;

    /// <summary>The thread's life, once its registers are set.</summary>
    protected virtual void Live(GuestThread child)
    {
        long error = LeaveShared();
        if (error == 0 && (request.Flags & Linux.CLONE_PIDFD) != 0)
            error = GivePidfd(child);
        if (error != 0)
        {
            GuestThreads.Discard(child);
            Announce((int)error);
            return;
        }

        if ((request.Flags & Linux.CLONE_CHILD_CLEARTID) != 0)
            child.ClearTid = request.ChildTid;
        SetTids(child, child.Tid);
        Announce(child.Tid);
        child.Process.Diagnosis?.ThreadBegins(child);
        child.Process.Tracer?.ThreadStarted(child, ThreadBirth.Clone);
        child.ApplyMask();
        child.Process.Loop(child);
        GuestThreads.End(child);
    }

    /// <summary>CLONE_CHILD_SETTID and CLONE_PARENT_SETTID.</summary>
    protected void SetTids(GuestThread child, int tid)
    {
        if ((request.Flags & Linux.CLONE_CHILD_SETTID) != 0)
            child.Memory.TryWriteInt(request.ChildTid, tid);
        if ((request.Flags & Linux.CLONE_PARENT_SETTID) != 0)
            child.Memory.TryWriteInt(request.ParentTid, tid);
    }

    /// <summary>Lets the parent go on.</summary>
    /// <param name="tid">The new thread's id, or -errno.</param>
    protected void Announce(int tid)
    {
        Volatile.Write(ref *_born, tid);
        Sys.Call(Nr.futex, (long)_born, Linux.FUTEX_WAKE | Linux.FUTEX_PRIVATE_FLAG, 1);
    }

    // The C library's thread shares everything; what the guest did not ask to share is taken apart, and namespaces are made.
    private long LeaveShared()
    {
        const ulong Shared = Linux.CLONE_FS | Linux.CLONE_FILES | Linux.CLONE_SYSVSEM;
        const ulong Namespaces = 0x02000000 | 0x04000000 | 0x08000000 | 0x40000000; // cgroup, uts, ipc, net
        ulong apart = (~request.Flags & Shared) | (request.Flags & Namespaces);
        return apart == 0 ? 0 : Sys.Call(Nr.unshare, (long)apart);
    }

    private long GivePidfd(GuestThread child)
    {
        const int PIDFD_THREAD = 0x80; // O_EXCL; Linux 6.9
        long fd = Sys.Call(Nr.pidfd_open, child.Tid, PIDFD_THREAD);
        if (Sys.IsError(fd))
            return fd;
        return child.Memory.TryWriteInt(request.PidFd, (int)fd) ? 0 : -Errno.EFAULT;
    }

    // Registers only: the rest of the state is the new thread's own.
    private void CopyState(VcpuState* s)
    {
        for (int i = 0; i < 16; i++)
            s->Gpr[i] = _registers.Gpr[i];
        for (int i = 0; i < 6; i++)
            s->Segments[i] = _registers.Segments[i];
        (s->Pc, s->Flags, s->SegmentBase) = (_registers.Pc, _registers.Flags, _registers.SegmentBase);
        _vectors.CopyTo(new Span<byte>((void*)s->VectorArea, _vectors.Length));
    }
}
