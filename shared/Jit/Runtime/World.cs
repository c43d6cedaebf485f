using System.Diagnostics;
using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>How far the other threads must withdraw.</summary>
public enum WorldStop
{
    /// <summary>Out of managed code: what a fork needs (a thread inside managed code would make the child's first collection hang).</summary>
    LeaveManagedCode,

    /// <summary>Out of generated code too: what a flush of the code cache needs.</summary>
    LeaveGeneratedCode,

    /// <summary>Out of both, into a stub or a system call: their registers are in their states and stay so.</summary>
    StandStill,
}

/// <summary>
/// The guest threads of the process, and stopping them. A stopped thread waits in an emitted stub, outside managed code; one that is
/// blocked in a system call may stay there, and parks when the call returns. Processes that share the memory (clone with CLONE_VM) are in
/// here too: they run the same generated code.
/// </summary>
public sealed unsafe class World(CodeRegion region)
{
    private const int PrivateExpedited = 8, RegisterPrivateExpedited = 16;

    /// <summary>si_value of the kick signal: no guest can know it, so a guest's own use of the signal is told apart.</summary>
    public ulong KickCookie { get; } = RandomNumber();

    private readonly GuestLock _threadsLock = new(region);
    private readonly List<(nint State, int Tid, int Process)> _threads = [];
    private readonly List<nint> _helpers = [];
    private int _silencing;

    private static ulong RandomNumber()
    {
        ulong value = 0;
        Sys.Call(Nr.getrandom, (long)&value, sizeof(ulong));
        return value;
    }

    /// <summary>Number of guest threads of the calling process.</summary>
    public int Count => Tids().Length;

    /// <summary>Adds a thread of the calling process.</summary>
    public void Add(VcpuState* state, int tid)
    {
        int process = (int)Sys.Call(Nr.getpid);
        using (_threadsLock.Hold())
        {
            _threads.Add(((nint)state, tid, process));
            if (_threads.Count == 2)
                Sys.Call(Nr.membarrier, RegisterPrivateExpedited, 0, 0);
        }
    }

    /// <summary>The state has become that of a thread of the calling process, which shares its parent's memory.</summary>
    public void Move(VcpuState* state, int tid)
    {
        using (_threadsLock.Hold())
        {
            Remove(state);
            Add(state, tid);
        }
    }

    /// <summary>A thread of the emulator's own that is bound to the engine and runs managed code: a fork waits until it does not. It never runs guest code.</summary>
    public void AddHelper(VcpuState* state)
    {
        using (_threadsLock.Hold())
        {
            _helpers.Add((nint)state);
            Sys.Call(Nr.membarrier, RegisterPrivateExpedited, 0, 0);
        }
    }

    /// <summary>Waits, outside managed code, as long as a word has a value. Signals do not end it.</summary>
    public void WaitWhile(uint* word, uint value)
    {
        while (Volatile.Read(ref *word) == value)
            _threadsLock.WaitOutside(ThreadBinding.Current(), word, value, Linux.FUTEX_WAIT);
    }

    public void Remove(VcpuState* state)
    {
        using (_threadsLock.Hold())
            _threads.RemoveAll(t => t.State == (nint)state);
    }

    /// <summary>
    /// True when a thread still refers to code of an epoch before the one given. It is on its way to the engine's lock, to look up where it was,
    /// and must get it before that code and its tables go.
    /// </summary>
    public bool AnyHoldsBefore(uint epoch)
    {
        using (_threadsLock.Hold())
        {
            foreach ((nint at, _, _) in _threads)
            {
                uint held = Volatile.Read(ref ((VcpuState*)at)->Held);
                if (held != 0 && held != (epoch | 1))
                    return true;
            }
        }

        return false;
    }

    /// <summary>In a forked child: only the calling thread is left.</summary>
    public void KeepOnly(VcpuState* state, int tid)
    {
        _threads.Clear();
        _helpers.Clear();
        _threads.Add(((nint)state, tid, (int)Sys.Call(Nr.getpid)));
        *region.StopWord &= ~1u;
        *region.Silenced = 1; // the runtime's thread is not there either
    }

    /// <summary>Thread ids of the guest threads of the calling process.</summary>
    public int[] Tids()
    {
        int process = (int)Sys.Call(Nr.getpid);
        using (_threadsLock.Hold())
            return [.. _threads.FindAll(t => t.Process == process).ConvertAll(static t => t.Tid)];
    }

    /// <summary>Makes a thread leave generated code soon, if it is there.</summary>
    /// <param name="tid">The thread.</param>
    /// <param name="process">Its process, when that is another one than the caller's that shares its memory.</param>
    public void Kick(int tid, int process = 0)
    {
        Queue(SignalMasks.Kick, process == 0 ? (int)Sys.Call(Nr.getpid) : process, tid, KickCookie);
    }

    private static bool Queue(int signal, int process, int tid, ulong value)
    {
        byte* info = stackalloc byte[VcpuState.SiginfoSize];
        new Span<byte>(info, VcpuState.SiginfoSize).Clear();
        *(int*)info = signal;
        *(int*)(info + 8) = -1; // SI_QUEUE
        *(int*)(info + 16) = (int)Sys.Call(Nr.getpid);
        *(ulong*)(info + 24) = value;
        return Sys.Call(Nr.rt_tgsigqueueinfo, process, tid, signal, (long)info) == 0;
    }

    /// <summary>
    /// Makes the runtime's own thread (the finalizer's) block every signal, so that none meant for the guest ends up there, or kills the process
    /// by its default action although every guest thread blocks it. Called before the guest first changes its mask or a disposition: until
    /// then it does not matter which thread a signal finds.
    /// </summary>
    public void SilenceRuntimeThread()
    {
        if (Volatile.Read(ref *region.Silenced) != 0)
            return;
        if (Interlocked.Exchange(ref _silencing, 1) == 0)
            KickRuntimeThread();
        while (Volatile.Read(ref *region.Silenced) == 0)
            Sys.Blocking(Nr.sched_yield);
    }

    /// <summary>The runtime's thread began with every signal blocked, and has opened only the runtime's own, of which the gate sends on what is the guest's.</summary>
    public void RuntimeThreadIsSilent() => *region.Silenced = 1;

    // By the one signal it never blocks. Once it sleeps, the thread has opened the runtime's own signal for itself, as it does at its start; the mask set now stays.
    private void KickRuntimeThread()
    {
        long process = Sys.Call(Nr.getpid);
        int tid = FindRuntimeThread((int)process, Tids());
        while (tid != 0 && !HostProcess.IsAsleep(tid))
            Sys.Blocking(Nr.sched_yield);
        if (tid == 0 || !Queue(SignalMasks.Runtime, (int)process, tid, (ulong)region.Silenced))
            *region.Silenced = 1;
    }

    // The runtime starts the thread right behind the main thread; the list is looked up only if that guess is wrong.
    private static int FindRuntimeThread(int process, int[] guests)
    {
        if (!guests.Contains(process + 1) && Sys.Call(Nr.tgkill, process, process + 1, 0) == 0)
            return process + 1;
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
            if (int.TryParse(Path.GetFileName(task), out int tid) && !guests.Contains(tid))
                return tid;
        return 0;
    }

    /// <summary>
    /// Returns when every other guest thread has withdrawn. The caller holds the engine's lock, so at most one thread stops the world.
    /// </summary>
    public void Stop(WorldStop kind) => TryStop(kind, Timeout.InfiniteTimeSpan);

    /// <summary>As <see cref="Stop"/>, with an end to patience. False when a thread has not withdrawn in time; <see cref="Start"/> is due in any case.</summary>
    public bool TryStop(WorldStop kind, TimeSpan patience)
    {
        Volatile.Write(ref *region.StopWord, *region.StopWord | 1);
        using (_threadsLock.Hold())
            if (_helpers.Count == 0 && _threads.Count <= 1)
                return true;

        // The other side stores its stage and then reads the word without a fence; this makes the pair safe.
        if (Sys.Call(Nr.membarrier, PrivateExpedited, 0, 0) != 0)
            Thread.MemoryBarrier();
        VcpuState* self = ThreadBinding.Current();
        long start = patience == Timeout.InfiniteTimeSpan ? 0 : Stopwatch.GetTimestamp();
        for (int round = 0; !AllWithdrawn(self, kind, kick: round % 64 == 0); round++)
        {
            if (start != 0 && Stopwatch.GetElapsedTime(start) > patience)
                return false;
            Sys.Blocking(Nr.sched_yield);
        }

        return true;
    }

    /// <summary>Lets the others go on.</summary>
    /// <param name="flushed">Code that was looked up before must not be entered any more.</param>
    public void Start(bool flushed)
    {
        Volatile.Write(ref *region.StopWord, (*region.StopWord & ~1u) + (flushed ? 2u : 0u));
        Sys.Call(Nr.futex, (long)region.StopWord, Linux.FUTEX_WAKE | Linux.FUTEX_PRIVATE_FLAG, int.MaxValue);
    }

    private bool AllWithdrawn(VcpuState* self, WorldStop kind, bool kick)
    {
        bool all = true;
        using (_threadsLock.Hold())
        {
            foreach (nint helper in _helpers)
                all &= (VcpuState*)helper == self || HasWithdrawn((VcpuState*)helper, kind, out _);
            foreach ((nint at, int tid, int process) in _threads)
            {
                if ((VcpuState*)at == self || HasWithdrawn((VcpuState*)at, kind, out VcpuStage stage))
                    continue;
                all = false;
                if (kick && stage == VcpuStage.Guest)
                    Kick(tid, process);
            }
        }

        return all;
    }

    private static bool HasWithdrawn(VcpuState* thread, WorldStop kind, out VcpuStage stage)
    {
        stage = (VcpuStage)Volatile.Read(ref *(ulong*)&thread->Stage);
        return kind switch
        {
            WorldStop.LeaveManagedCode => stage != VcpuStage.Managed,
            WorldStop.LeaveGeneratedCode => stage != VcpuStage.Guest,
            _ => stage == VcpuStage.Blocked,
        };
    }
}
