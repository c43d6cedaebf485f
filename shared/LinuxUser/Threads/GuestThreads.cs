using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Threads;

/// <summary>Guest threads: each is a thread of the runtime, started by clone and ended by exit.</summary>
public static unsafe class GuestThreads
{
    // Managed stack of a guest thread; guest code runs on the guest's own stack.
    private const int HostStackBytes = 512 * 1024;

    /// <summary>clone with CLONE_THREAD. The result is the new thread's id, or -errno.</summary>
    public static long Create(GuestThread parent, CloneRequest request)
    {
        // The new thread must not take a signal before it is a guest thread: it inherits a closed mask.
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        if (parent.State->Pending != 0)
            return Syscalls.SysResult.Restart;
        Birth birth = new(parent, request);
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

        long tid = birth.WaitUntilBorn(parent);
        parent.Process.Tracer?.ChildMade(parent, ThreadBirth.Clone, (int)tid);
        parent.ApplyMask();
        return tid;
    }

    /// <summary>Ends the calling guest thread as the kernel would: robust list, cleared tid, wake-up. The last one ends the process.</summary>
    public static void End(GuestThread t)
    {
        GuestThread.SetHostMask(ulong.MaxValue & ~SignalMasks.Faults);
        t.Process.Tracer?.ThreadEnding(t);
        RobustList.Release(t);
        Sys.Call(Nr.set_robust_list, 0, 24);
        t.RobustHead = 0;
        t.Abi.EndThread(t);
        if (t.Engine.World.Count <= 1)
            EndProcess(t, t.ExitStatus);
        t.Process.Strace?.ThreadExited(t.Tid, t.ExitStatus);
        t.Engine.World.Remove(t.State);
        if (t.ClearTid == 0)
            return;
        t.Memory.TryWrite(t.ClearTid, 0);
        Sys.Call(Nr.futex, (long)t.ClearTid, Linux.FUTEX_WAKE, 1);
    }

    /// <summary>Ends the process with a status; does not return.</summary>
    public static void EndProcess(GuestThread t, int status)
    {
        t.Process.Tracer?.ProcessEnding(t, status, 0);
        t.Process.Strace?.Exited(t.Tid, status);
        t.Process.Log?.Dispose();
        Sys.Call(Nr.exit_group, status);
    }

    /// <summary>The main thread may end before the others: its host thread goes too, outside managed code, and the process lives on.</summary>
    public static void LeaveMain() => Sys.Blocking(Nr.exit, 0);

    // State handed from parent to child; the parent waits in a blocking call, so that a fork by a third thread need not wait for it.
    private sealed class Birth(GuestThread parent, CloneRequest request)
    {
        private readonly VcpuState _registers = *parent.State;
        private readonly byte[] _vectors = new ReadOnlySpan<byte>((void*)parent.State->VectorArea, ThreadBinding.VectorBytes).ToArray();
        private readonly int* _born = (int*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(8);

        public void Run()
        {
            GuestThread.SetHostMask(SignalMasks.AllButFaults);
            ThreadBinding binding = ThreadBinding.Bind(parent.Engine);
            CopyState(binding.State);
            GuestThread child = new(parent.Process, binding) { SignalMask = parent.SignalMask };
            parent.Engine.World.Add(binding.State, child.Tid);
            child.Abi.BeginThread(child);
            child.Abi.SetResult(child, 0);
            child.Abi.PrepareChild(child, request.Stack, (request.Flags & Linux.CLONE_SETTLS) != 0, request.Tls);
            if ((request.Flags & Linux.CLONE_CHILD_CLEARTID) != 0)
                child.ClearTid = request.ChildTid;
            if ((request.Flags & Linux.CLONE_CHILD_SETTID) != 0)
                child.Memory.TryWriteInt(request.ChildTid, child.Tid);
            if ((request.Flags & Linux.CLONE_PARENT_SETTID) != 0)
                child.Memory.TryWriteInt(request.ParentTid, child.Tid);
            Announce(child.Tid);
            child.Process.Tracer?.ThreadStarted(child, ThreadBirth.Clone);
            child.ApplyMask();
            child.Process.Loop(child);
            End(child);
            binding.Dispose();
        }

        public long WaitUntilBorn(GuestThread waiting)
        {
            int tid;
            while ((tid = Volatile.Read(ref *_born)) == 0)
                waiting.BlockingCall(Nr.futex, (ulong)_born, Linux.FUTEX_WAIT | Linux.FUTEX_PRIVATE_FLAG, 0);
            System.Runtime.InteropServices.NativeMemory.Free(_born);
            return tid;
        }

        private void Announce(int tid)
        {
            Volatile.Write(ref *_born, tid);
            Sys.Call(Nr.futex, (long)_born, Linux.FUTEX_WAKE | Linux.FUTEX_PRIVATE_FLAG, 1);
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
}
