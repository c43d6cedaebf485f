using System.Diagnostics;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

/// <summary>
/// Calls of the host that wait for a time counted from the call on. One that was cut short by a signal nobody handles is made again from the start by the emulator, where
/// the kernel goes on with a restart_block: it gets the time that is left, not the whole. Used by the thread itself only.
/// </summary>
public sealed unsafe class TimedWait
{
    private const long NanosecondsPerSecond = 1_000_000_000, NanosecondsPerMillisecond = 1_000_000, NanosecondsPerMicrosecond = 1_000, None = -1;
    private const int FUTEX_WAIT = 0, FutexCommand = 0x7F, TIMER_ABSTIME = 1, CpuClocks = 2, MonotonicRaw = 4;

    private long _deadline;
    private long _number = None, _last = None;
    private bool _goesOn;

    /// <summary>The form of a call's time, and which argument it is.</summary>
    private enum Form : byte
    {
        None,
        Milliseconds,
        Timeval,
        Timespec,
    }

    /// <summary>The call that was cut short ends with EINTR when a handler comes before it goes on (ERESTART_RESTARTBLOCK of the kernel).</summary>
    public bool EndsByLateHandler => _number is Nr.nanosleep or Nr.clock_nanosleep or Nr.poll or Nr.futex;

    /// <summary>The last call ends with EINTR also when no handler runs (signal(7), "Interruption of system calls and library functions by stop signals").</summary>
    public bool EndsWithoutHandler => _last is Nr.epoll_wait or Nr.epoll_pwait or Nr.epoll_pwait2 or Nr.semop or Nr.semtimedop or Nr.rt_sigtimedwait or Nr.io_getevents;

    /// <summary>The next call is the one that was cut short, made again.</summary>
    public void GoOn() => _goesOn = _number != None;

    /// <summary>The last call has its result.</summary>
    public void Forget() => (_number, _goesOn) = (None, false);

    /// <summary>Makes a call, with the time that is left of it.</summary>
    /// <param name="t">The calling thread.</param>
    /// <param name="call">Number and six arguments, as the host has them.</param>
    public long Make(GuestThread t, long* call)
    {
        _last = call[0];
        (Form form, int index) = Find(call);
        if (form == Form.None || Read(t, form, call[index]) is not (> 0 and var time))
            return t.Engine.Stubs.BlockingCall(call);
        bool goesOn = _goesOn && _number == call[0];
        (_goesOn, _number) = (false, call[0]);
        if (!goesOn)
            _deadline = time > long.MaxValue - Now ? long.MaxValue : Now + time;
        return goesOn && _deadline != long.MaxValue ? MakeShorter(t, call, form, index) : t.Engine.Stubs.BlockingCall(call);
    }

    private long MakeShorter(GuestThread t, long* call, Form form, int index)
    {
        long nanoseconds = Math.Max(_deadline - Now, 0), argument = call[index];
        if (form == Form.Milliseconds)
        {
            call[index] = Math.Min((nanoseconds + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond, int.MaxValue);
            return t.Engine.Stubs.BlockingCall(call);
        }

        long part = form == Form.Timeval ? NanosecondsPerMicrosecond : 1;
        long* left = stackalloc long[2];
        (left[0], left[1]) = (nanoseconds / NanosecondsPerSecond, nanoseconds % NanosecondsPerSecond / part);
        (long seconds, long rest, call[index]) = (left[0], left[1], (long)left);
        long result = t.Engine.Stubs.BlockingCall(call);
        // select and its kin tell there how much of the time was left.
        if (left[0] != seconds || left[1] != rest)
            t.Memory.TryWrite((ulong)argument, new ReadOnlySpan<byte>(left, 16));
        return result;
    }

    private static long Now => Stopwatch.GetTimestamp(); // of the monotonic clock, in nanoseconds

    // Times of zero return at once, absolute ones need no help.
    private static (Form Form, int Index) Find(long* call) => call[0] switch
    {
        Nr.nanosleep => (Form.Timespec, 1),
        Nr.clock_nanosleep when (call[2] & TIMER_ABSTIME) == 0 && (int)call[1] is >= 0 and not (CpuClocks or CpuClocks + 1 or MonotonicRaw) => (Form.Timespec, 3),
        Nr.poll => (Form.Milliseconds, 3),
        Nr.ppoll => (Form.Timespec, 3),
        Nr.select => (Form.Timeval, 5),
        Nr.pselect6 => (Form.Timespec, 5),
        Nr.epoll_wait or Nr.epoll_pwait => (Form.Milliseconds, 4),
        Nr.epoll_pwait2 => (Form.Timespec, 4),
        Nr.futex when (call[2] & FutexCommand) == FUTEX_WAIT => (Form.Timespec, 4),
        Nr.rt_sigtimedwait => (Form.Timespec, 3),
        Nr.semtimedop => (Form.Timespec, 4),
        Nr.io_getevents or Nr.io_pgetevents => (Form.Timespec, 5),
        _ => default,
    };

    // Nanoseconds; 0 or less for a time that is none, or that the kernel will refuse.
    private static long Read(GuestThread t, Form form, long argument)
    {
        if (form == Form.Milliseconds)
            return (int)argument < 0 ? long.MaxValue : (int)argument * NanosecondsPerMillisecond;
        long* raw = stackalloc long[2];
        if (argument == 0 || !t.Memory.TryRead((ulong)argument, new Span<byte>(raw, 16)))
            return None;
        long part = form == Form.Timeval ? NanosecondsPerMicrosecond : 1;
        if (raw[0] < 0 || raw[1] < 0 || raw[1] >= NanosecondsPerSecond / part)
            return None;
        return raw[0] >= long.MaxValue / NanosecondsPerSecond - 1 ? long.MaxValue : raw[0] * NanosecondsPerSecond + raw[1] * part;
    }
}
