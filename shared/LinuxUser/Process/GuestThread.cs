using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Diagnosis.Profile;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Process;

/// <summary>One guest thread: a host thread, its register state, and what Linux keeps per thread. Used by its own host thread only.</summary>
public sealed unsafe class GuestThread(GuestProcess process, ThreadBinding binding)
{
    public GuestProcess Process { get; } = process;

    public ThreadBinding Binding { get; } = binding;

    /// <summary>Registers and exit information.</summary>
    public VcpuState* State { get; } = binding.State;

    public Engine Engine => Process.Engine;

    public GuestMemory Memory => Process.Memory;

    public ILinuxAbi Abi => Process.Abi;

    /// <summary>The host's thread id, which is the guest's too.</summary>
    public int Tid { get; set; } = (int)Sys.Call(Nr.gettid);

    /// <summary>The guest's signal mask, faults included.</summary>
    public ulong SignalMask { get; set; }

    /// <summary>Mask in force while a call like sigsuspend waited; what its handler runs under.</summary>
    public ulong? SuspendedMask { get; set; }

    /// <summary>Signals that the engine needs unblocked and that were sent while the guest blocked them; the host cannot hold them.</summary>
    public List<byte[]> Held { get; } = [];

    /// <summary>The mask that signals arriving now meet.</summary>
    public ulong MaskInForce => SuspendedMask ?? SignalMask;

    /// <summary>True when one of <see cref="Held"/> is not blocked any more.</summary>
    public bool HasOpenHeld
    {
        get
        {
            foreach (byte[] info in Held)
                if ((MaskInForce & SignalMasks.Of(BitConverter.ToInt32(info))) == 0)
                    return true;
            return false;
        }
    }

    /// <summary>The guest's alternate signal stack.</summary>
    public AltStack AltStack { get; set; }

    /// <summary>Address to clear and wake when the thread ends (set_tid_address, CLONE_CHILD_CLEARTID), or 0.</summary>
    public ulong ClearTid { get; set; }

    /// <summary>Head of the robust list of a 32-bit guest, which the host's kernel cannot walk; 0 when there is none.</summary>
    public ulong RobustHead { get; set; }

    /// <summary>Number of the system call that brought the thread out of guest code, or -1 when something else did (orig_ax, the trap of a signal frame).</summary>
    public long CallNumber { get; set; } = -1;

    /// <summary>Set while another process traces this thread with ptrace(2).</summary>
    public TracedThread? Traced { get; set; }

    /// <summary>Where the thread stands before a call that a signal cut short and that it is to make again; 0 when its last call returned.</summary>
    public ulong RewoundPc { get; set; }

    /// <summary>The thread's last system calls.</summary>
    public CallHistory Calls { get; } = new(process.Diagnosis is { TimesCalls: true });

    /// <summary>Set by a tracer: the thread executes one instruction, then <see cref="Tracing.ITracer.Stepped"/> is called.</summary>
    public bool StepsOnce { get; set; }

    /// <summary>That instruction is under way. A tracer that stops the thread meanwhile for another reason sets it to false, which ends the step.</summary>
    public bool IsStepping { get; set; }

    /// <summary>The last system call is to be made again, behind a signal.</summary>
    public bool RepeatsCall { get; set; }

    /// <summary>That call had begun and was cut short by signals that run no handler.</summary>
    public bool IsCutShort { get; set; }

    /// <summary>How long a call that is made again has still to wait.</summary>
    public TimedWait Waits { get; } = new();

    /// <summary>What the tracer keeps for this thread.</summary>
    public object? TracerData { get; set; }

    /// <summary>Faults that became signals, counted: tells a stepped instruction from one that raised something.</summary>
    public int Faults { get; set; }

    /// <summary>The seccomp filters it is under; to be asked of <see cref="SeccompGate.StateOf"/>.</summary>
    public SeccompState? Seccomp { get; set; }

    /// <summary>Which synchronisation of all threads' filters <see cref="Seccomp"/> knows.</summary>
    public int SeccompVersion { get; set; }

    /// <summary>The thread's samples for -profile; null when there are none.</summary>
    internal ThreadProfile? Profile { get; set; }

    /// <summary>What the target keeps for this thread.</summary>
    public object? TargetData { get; set; }

    /// <summary>Set when the thread is to end; the run loop stops.</summary>
    public bool Exiting { get; set; }

    public int ExitStatus { get; set; }

    /// <summary>The image changes under a vfork child: its run loop ends when it has an image of its own.</summary>
    public bool IsVforkChild { get; set; }

    /// <summary>The mask the host has in force for this thread: the guest's, but never what the engine needs.</summary>
    public static ulong HostMask(ulong guest) => guest & SignalMasks.AllButFaults & ~SignalMasks.Of(SignalMasks.Kick);

    /// <summary>Puts a mask in force on the host.</summary>
    public static void SetHostMask(ulong mask) => Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&mask, 0, 8);

    /// <summary>Makes the host's mask the guest's.</summary>
    public void ApplyMask() => SetHostMask(HostMask(SignalMask));

    /// <summary>
    /// A system call that may block. <see cref="SysResult.Restart"/> when a signal has to be handled first.
    /// </summary>
    public long BlockingCall(long number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0, ulong a6 = 0)
    {
        long* args = stackalloc long[7];
        (args[0], args[1], args[2], args[3]) = (number, (long)a1, (long)a2, (long)a3);
        (args[4], args[5], args[6]) = ((long)a4, (long)a5, (long)a6);
        return Waits.Make(this, args);
    }
}
