using Suite.Host;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Tracing;

/// <summary>From what a traced thread says of its stop to what wait(2) tells the guest.</summary>
internal static unsafe class StopStatus
{
    private const int StoppedMark = 0x7F, SIGTRAP = Linux.SIGTRAP, SysGood = 0x80;

    /// <summary>A stop at a block. False when the guest has not asked for its kind: then the thread runs again.</summary>
    public static bool Accept(GuestThread t, TraceeRecord r, ref int status)
    {
        r.IsAtBlock = true;
        r.Message = r.Stop.Message;
        NoteTrap(r);
        int found = Status(r);
        if (r.Stop.Kind == StopKind.Ending)
            r.EndStatus = (int)r.Stop.Message;
        if (found == 0)
        {
            r.Resume(r.LastCommand, 0);
            return false;
        }

        status = found;
        return true;
    }

    // What DR6 of x86 tells of the trap.
    private static void NoteTrap(TraceeRecord r)
    {
        const int CodeOffset = 8, TRAP_TRACE = 2;
        if (r.Stop.Kind != StopKind.Signal || r.Stop.Signal != SIGTRAP)
            return;
        int code;
        fixed (byte* info = r.Stop.Siginfo)
            code = *(int*)(info + CodeOffset);
        if (r.Stop.HitSlots != 0)
            r.Hit(r.Stop.HitSlots);
        else if (code == TRAP_TRACE)
            r.Hit(PtraceCalls.StepBit);
    }

    private static int Status(TraceeRecord r) => r.Stop.Kind switch
    {
        StopKind.Signal => r.Stop.Signal << 8 | StoppedMark,
        StopKind.CallEntry or StopKind.CallExit => Trap(r, 0) | ((r.Options & Ptrace.O_TRACESYSGOOD) != 0 ? SysGood << 8 : 0),
        StopKind.Birth => r.IsSeized ? Trap(r, Ptrace.EVENT_STOP) : Linux.SIGSTOP << 8 | StoppedMark,
        StopKind.Program => Event(r, Ptrace.O_TRACEEXEC, Ptrace.EVENT_EXEC),
        StopKind.ForkMade => Event(r, Ptrace.O_TRACEFORK, Ptrace.EVENT_FORK),
        StopKind.CloneMade => Event(r, Ptrace.O_TRACECLONE, Ptrace.EVENT_CLONE),
        StopKind.VforkDone => Event(r, Ptrace.O_TRACEVFORKDONE, Ptrace.EVENT_VFORK_DONE),
        StopKind.Ending => Event(r, Ptrace.O_TRACEEXIT, Ptrace.EVENT_EXIT),
        StopKind.Filtered => Event(r, Ptrace.O_TRACESECCOMP, Ptrace.EVENT_SECCOMP),
        StopKind.Interrupted => Trap(r, Ptrace.EVENT_STOP),
        _ => 0,
    };

    private static int Event(TraceeRecord r, uint option, int number)
    {
        if (number == Ptrace.EVENT_EXEC)
            r.Message = (ulong)r.Tid;
        return (r.Options & option) != 0 ? Trap(r, number) : 0;
    }

    private static int Trap(TraceeRecord r, int number)
    {
        if (number == Ptrace.EVENT_STOP)
            r.Message = 0;
        return number << 16 | SIGTRAP << 8 | StoppedMark;
    }
}
