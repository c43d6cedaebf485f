using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Signals;

/// <summary>Turns queued siginfos and faults into guest signal frames, or into the guest's death. The only place that does.</summary>
public static unsafe class SignalDelivery
{
    private const int CodeOffset = 8, AddressOffset = 16, OverrunOffset = 20, ValueOffset = 24;
    private const ulong NeverBlocked = SignalMasks.Faults | 1UL << (SignalMasks.Kick - 1);
    private const int SEGV_MAPERR = 1, SEGV_ACCERR = 2, SI_KERNEL = 0x80, PageFault = 14, WriteAccess = 2;

    /// <summary>Delivers what the gate has queued and what was held back until now, then lets signals in again.</summary>
    public static void DeliverPending(GuestThread t)
    {
        Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
        while (t.State->Pending != 0 || t.HasOpenHeld)
        {
            // Signals are blocked since the first one was queued, so the queue does not move under us.
            ulong blocked = SignalMasks.AllButFaults;
            Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&blocked, 0, 8);
            while (t.State->Pending != 0)
            {
                TakeFirst(t.State, info);
                Deliver(t, info);
                if (t.Exiting)
                    return;
            }

            DeliverHeld(t);
            t.SuspendedMask = null;
            t.ApplyMask();
        }
    }

    private static void DeliverHeld(GuestThread t)
    {
        for (int i = 0; i < t.Held.Count;)
        {
            byte[] info = t.Held[i];
            if ((t.MaskInForce & SignalMasks.Of(SignalOf(info))) != 0)
            {
                i++;
                continue;
            }

            t.Held.RemoveAt(i);
            Deliver(t, info);
        }
    }

    /// <summary>A fault of guest code: code pages that were written, or a signal. The state is exact.</summary>
    public static void Fault(GuestThread t)
    {
        VcpuState* s = t.State;
        if (t.Process.Tracer?.FaultArose(t) == true)
            return;
        byte* fault = (byte*)s->SignalQueue + VcpuState.QueueLength * VcpuState.SiginfoSize;
        Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
        new ReadOnlySpan<byte>(fault, VcpuState.SiginfoSize).CopyTo(info);
        int signal = SignalOf(info);
        int code = CodeOf(info);
        if (signal == Linux.SIGSEGV && s->FaultTrap == PageFault && (s->FaultError & WriteAccess) != 0 && code == SEGV_ACCERR
            && t.Memory.TryUnprotect(s->FaultAddress))
            return;

        if (signal == Linux.SIGSEGV && s->FaultTrap == PageFault && code == SEGV_ACCERR && t.Memory.Find(s->FaultAddress) is null)
            Put(info, CodeOffset, SEGV_MAPERR); // the emulator's own memory is nothing to the guest
        if (signal is Linux.SIGILL or Linux.SIGFPE or Linux.SIGTRAP && code is > 0 and not SI_KERNEL)
            Put(info, AddressOffset, s->Pc);
        Force(t, info);
    }

    /// <summary>Guest code at an address that cannot be executed.</summary>
    public static void FetchFault(GuestThread t)
    {
        VcpuState* s = t.State;
        const int BUS_ADRERR = 2, GeneralProtection = 13;
        if ((long)s->Pc << 16 >> 16 != (long)s->Pc)
        {
            // Not canonical: #GP. Hardware reports the branch itself; its address is not known any more.
            (s->FaultTrap, s->FaultError) = (GeneralProtection, 0);
            Raise(t, Linux.SIGSEGV, SI_KERNEL, 0);
            return;
        }

        const ulong InstructionFetch = 0x14, LongestInstruction = 15;
        // An instruction may begin on a page that can be executed and end on one that cannot: the address is that page's.
        ulong address = s->Pc, nextPage = (s->Pc | 0xFFF) + 1;
        if (t.Memory.Find(address) is { IsExecutable: true } && t.Memory.TryRead(address, out byte _) && nextPage - address < LongestInstruction)
            address = nextPage;
        var vma = t.Memory.Find(address);
        bool pastFile = vma is { IsExecutable: true };
        bool present = t.Memory.TryRead(address, out byte _);
        (s->FaultTrap, s->FaultError, s->FaultAddress) = (PageFault, present ? InstructionFetch | 1 : InstructionFetch, address);
        Raise(t, pastFile ? Linux.SIGBUS : Linux.SIGSEGV, pastFile ? BUS_ADRERR : vma is null ? SEGV_MAPERR : SEGV_ACCERR, address);
    }

    /// <summary>A signal the processor would raise, with a code and an address.</summary>
    public static void Raise(GuestThread t, int signal, int code, ulong address)
    {
        Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
        info.Clear();
        Put(info, 0, signal);
        Put(info, CodeOffset, code);
        Put(info, AddressOffset, address);
        Force(t, info);
    }

    /// <summary>A signal that does not come from the host's kernel acts now, as if it had.</summary>
    public static void Accept(GuestThread t, Span<byte> info) => Deliver(t, info);

    /// <summary>Sends a signal to the calling thread through the host's kernel, so that it waits while it is blocked.</summary>
    public static void Queue(ReadOnlySpan<byte> info)
    {
        fixed (byte* p = info)
            Sys.Call(Nr.rt_tgsigqueueinfo, Sys.Call(Nr.getpid), Sys.Call(Nr.gettid), SignalOf(info), (long)p);
    }

    /// <summary>
    /// True when none of the signals that wait will run a handler. A call they cut short is made again then, as the kernel would have done had it
    /// not taken the signal gate for a handler.
    /// </summary>
    /// <param name="t">The thread.</param>
    /// <param name="isInternal">Only signals of the emulator's own shall count as such: the call ends by all others, handled or not.</param>
    public static bool IsUnhandled(GuestThread t, bool isInternal)
    {
        byte* queue = (byte*)t.State->SignalQueue;
        for (ulong i = 0; i < t.State->Pending; i++)
        {
            ReadOnlySpan<byte> info = new(queue + i * VcpuState.SiginfoSize, VcpuState.SiginfoSize);
            GuestAction action = t.Process.Actions[SignalOf(info)];
            bool isOwn = IsOwn(t, info, out TraceRequest? request);
            if (isInternal ? !isOwn || request is not (null or TraceRequest.Seize) : !isOwn && !action.IsDefault && !action.IsIgnored)
                return false;
        }

        return t.State->Pending != 0;
    }

    // The engine's own signal: to stop the world, a request of the tracer's, or one from another process of this user's (-dump-threads) unless
    // the guest has the signal for itself.
    private static bool IsOwn(GuestThread t, ReadOnlySpan<byte> info, out TraceRequest? request)
    {
        const int SI_QUEUE = -1, SI_TIMER = -2;
        request = null;
        if (SignalOf(info) != SignalMasks.Kick || CodeOf(info) is not (SI_QUEUE or SI_TIMER))
            return false;
        ulong value = Get(info, ValueOffset);
        if (CodeOf(info) == SI_TIMER)
            return value == Diagnosis.Profile.Profiler.Cookie && t.Profile is not null;
        if (value == t.Engine.World.KickCookie || (value == Diagnosis.DumpRequest.Cookie && t.Process.Actions[SignalMasks.Kick].IsDefault))
            return true;
        if (!TraceSignal.Is(info, out TraceRequest asked))
            return false;
        request = asked;
        return true;
    }

    /// <summary>Ends the process by a signal, as its default action does.</summary>
    /// <param name="t">The thread it strikes.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="cause">For the report: what is known of the reason; null for nothing.</param>
    public static void Die(GuestThread t, int signal, string? cause = null)
    {
        Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
        info.Clear();
        Put(info, 0, signal);
        Put(info, CodeOffset, SI_KERNEL);
        Die(t, signal, info, cause);
    }

    private static void Die(GuestThread t, int signal, ReadOnlySpan<byte> info, string? cause)
    {
        t.Process.Diagnosis?.Dying(t, signal, info, cause);
        t.Process.Tracer?.ProcessEnding(t, 0, signal);
        t.Process.Strace?.Killed(t.Tid, signal);
        Kill(t, signal);
    }

    /// <summary>Ends the process by a signal, without a word.</summary>
    public static void Kill(GuestThread t, int signal)
    {
        t.State->Bound = 0;
        Kill(signal);
    }

    /// <summary>The same where no guest thread runs yet.</summary>
    public static void Kill(int signal)
    {
        SignalActions.RestoreHostDefault(signal);
        ulong open = ~SignalMasks.Of(signal);
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&open, 0, 8);
        Sys.Call(Nr.tgkill, Sys.Call(Nr.getpid), Sys.Call(Nr.gettid), signal);
        Sys.Call(Nr.exit_group, 128 + signal); // not reached for signals that kill
    }

    /// <summary>A signal the thread cannot escape, as by the processor.</summary>
    public static void ForceInfo(GuestThread t, Span<byte> info) => Force(t, info);

    // force_sig of the kernel: a blocked or ignored fault kills.
    private static void Force(GuestThread t, Span<byte> info)
    {
        t.Faults++;
        int signal = SignalOf(info);
        if (t.Process.Tracer is { } tracer)
        {
            if (!tracer.SignalArrived(t, info))
                return;
            if (SignalOf(info) != signal)
            {
                Act(t, info); // another signal, which nobody forces
                return;
            }
        }

        t.Process.Strace?.Signal(t.Tid, info);
        GuestAction action = t.Process.Actions[signal];
        if (action.IsDefault || action.IsIgnored || (t.SignalMask & SignalMasks.Of(signal)) != 0)
            Die(t, signal, info, null);
        else
            Push(t, signal, info, action);
    }

    private static void Deliver(GuestThread t, Span<byte> info)
    {
        int signal = SignalOf(info);
        if (IsOwn(t, info, out TraceRequest? request))
        {
            if (request is { } wanted)
                Tracee.Serve(t, wanted, info);
            else
            {
                t.Process.Tracees?.ServeOwner(t);
                t.Process.Diagnosis?.Kicked(t, Get(info, ValueOffset), BitConverter.ToInt32(info[OverrunOffset..]));
            }

            return;
        }

        if ((NeverBlocked & t.MaskInForce & SignalMasks.Of(signal)) != 0)
        {
            t.Held.Add(info.ToArray());
            return;
        }

        if (signal == Linux.SIGCHLD && t.Process.Tracees is { } tracees && !tracees.ChildSignal(t, info))
            return;
        if (t.Process.Tracer is { } tracer && !tracer.SignalArrived(t, info))
            return;
        Act(t, info);
    }

    /// <summary>A signal that a tracer has let through does what it is there for.</summary>
    public static void Act(GuestThread t, ReadOnlySpan<byte> info)
    {
        int signal = SignalOf(info);
        GuestAction action = t.Process.Actions[signal];
        const int SI_TKILL = -6;
        if (action.IsIgnored || (action.IsDefault && signal == SignalMasks.Runtime && CodeOf(info) == SI_TKILL))
            return; // the latter is the runtime interrupting its thread
        t.Process.Strace?.Signal(t.Tid, info);
        if (!action.IsDefault)
            Push(t, signal, info, action);
        else if (signal is Linux.SIGTSTP or Linux.SIGTTIN or Linux.SIGTTOU)
            t.Process.Actions.StopByDefault(signal);
        else if (signal is not (Linux.SIGCHLD or Linux.SIGCONT or Linux.SIGURG or Linux.SIGWINCH))
            Die(t, signal, info, null);
    }

    private static void Push(GuestThread t, int signal, ReadOnlySpan<byte> info, in GuestAction action)
    {
        ulong saved = t.SignalMask;
        Dispatcher.HandlerComes(t);
        if (!t.Abi.PushFrame(t, signal, info, action, saved))
        {
            // force_sigsegv of the kernel: the stack is bad, and SIGSEGV may have another one.
            if (signal == Linux.SIGSEGV)
                Die(t, signal, $"the frame for the handler of {Abi.SignalNames.Name(signal)} does not fit on the stack, or cannot be written there");
            else
                Raise(t, Linux.SIGSEGV, SI_KERNEL, 0);
            return;
        }

        ulong mask = (t.SuspendedMask ?? saved) | action.Mask;
        if (!action.Has(Linux.SA_NODEFER))
            mask |= SignalMasks.Of(signal);
        const ulong Unblockable = 1UL << (Linux.SIGKILL - 1) | 1UL << (Linux.SIGSTOP - 1);
        t.SignalMask = mask & ~Unblockable;
        t.SuspendedMask = null;
        if (action.Has(Linux.SA_RESETHAND))
            t.Process.Actions.Reset(signal);
        t.ApplyMask();
        if (t.StepsOnce || t.IsStepping)
            (t.StepsOnce, t.IsStepping) = (false, false);
        else
            return;
        t.Process.Tracer?.Stepped(t);
    }

    private static void TakeFirst(VcpuState* s, Span<byte> info)
    {
        byte* queue = (byte*)s->SignalQueue;
        new ReadOnlySpan<byte>(queue, VcpuState.SiginfoSize).CopyTo(info);
        Buffer.MemoryCopy(queue + VcpuState.SiginfoSize, queue, VcpuState.QueueLength * VcpuState.SiginfoSize,
            (VcpuState.QueueLength - 1) * VcpuState.SiginfoSize);
        s->Pending--;
    }

    private static int SignalOf(ReadOnlySpan<byte> info) => BitConverter.ToInt32(info);

    private static int CodeOf(ReadOnlySpan<byte> info) => BitConverter.ToInt32(info[CodeOffset..]);

    private static ulong Get(ReadOnlySpan<byte> info, int at) => BitConverter.ToUInt64(info[at..]);

    private static void Put(Span<byte> info, int at, int value) => BitConverter.TryWriteBytes(info[at..], value);

    private static void Put(Span<byte> info, int at, ulong value) => BitConverter.TryWriteBytes(info[at..], value);
}
