using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Tracing;

// Debug registers and seccomp filters of a traced thread.
public static unsafe partial class PtraceCalls
{
    private const int HostDebugOffset = 848, StatusRegister = 6, ControlRegister = 7;

    /// <summary>The bits of DR6 that tell which breakpoints were hit.</summary>
    internal const ulong HitBits = 0xF;

    /// <summary>The bit of DR6 that tells of a step.</summary>
    internal const ulong StepBit = 0x4000;

    // Guest data lie at the host's addresses, so that data breakpoints are the thread's real ones; a hit is Tracees.AcceptTrap's. Guest code does not run where
    // it lies: breakpoints on execution are the engine's (TracedBreakpoints), and the real registers have them switched off.
    private static long PeekDebug(GuestThread t, TraceeRecord r, int number, ulong into)
    {
        ulong value;
        long result = Sys.Call(Nr.ptrace, Ptrace.PEEKUSER, r.Tid, HostDebugOffset + 8 * number, (long)&value);
        if (number == StatusRegister)
            value = (value & ~(HitBits | StepBit)) | r.Hits;
        else if (number == ControlRegister)
            value |= r.HiddenControl;
        return result != 0 ? result : t.Memory.TryWriteWord(into, value) ? 0 : EFAULT;
    }

    private static long PokeDebug(TraceeRecord r, int number, ulong value)
    {
        if (number == ControlRegister)
            return PokeControl(r, value);
        long result = PokeHost(r, number, value);
        if (result == 0 && number < TraceBlock.MostBreakpoints)
            r.DebugAddresses[number] = value;
        if (result == 0 && number == StatusRegister)
            r.Hits = value & (HitBits | StepBit);
        return result;
    }

    private static long PokeControl(TraceeRecord r, ulong value)
    {
        (uint slots, ulong hidden) = (0, 0);
        for (int i = 0; i < TraceBlock.MostBreakpoints; i++)
        {
            ulong enabled = value & 3UL << (2 * i);
            if (enabled == 0 || (value >> (16 + 4 * i) & 3) != 0)
                continue;
            slots |= 1u << i;
            hidden |= enabled;
        }

        long result = PokeHost(r, ControlRegister, value); // the kernel judges all of it
        if (result != 0)
            return result;
        if (hidden != 0)
            PokeHost(r, ControlRegister, value & ~hidden);
        (r.BreakpointSlots, r.HiddenControl, r.HasWatchpoints) = (slots, hidden, (value & ~hidden) != 0);
        return 0;
    }

    private static long PokeHost(TraceeRecord r, int number, ulong value) => Sys.Call(Nr.ptrace, Ptrace.POKEUSER, r.Tid, HostDebugOffset + 8 * number, (long)value);

    /// <summary>
    /// The kernel has stopped a thread with a trap of the processor. Data breakpoints that were hit by guest code are noted and, unless the thread is told to make a single
    /// step, whose own stop follows, told when the instruction is whole: the trap comes in the middle of what it became. Calls that the emulator serves touch
    /// the guest's memory as the kernel does, whose accesses are not watched.
    /// </summary>
    internal static void WatchpointsHit(TraceeRecord r, ulong hostPc)
    {
        ulong status = 0;
        if (Sys.Call(Nr.ptrace, Ptrace.PEEKUSER, r.Tid, HostDebugOffset + 8 * StatusRegister, (long)&status) != 0 || (status & HitBits) == 0
            || hostPc < r.Stop.CodeStart || hostPc >= r.Stop.CodeEnd)
            return;
        r.Hit(status & HitBits);
        if (r.LastCommand is not (TraceCommand.Step or TraceCommand.EmulateStep))
            TraceSignal.Send(r.Process, r.Tid, TraceRequest.Watchpoint, (int)Sys.Call(Nr.getpid), (int)Sys.Call(Nr.getuid));
    }

    // seccomp_get_filter of kernel/seccomp.c: filters count from the oldest, the result is the number of instructions.
    private static long GetFilter(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        const int InsnBytes = 8, LargestImage = 1 << 22;
        if (!HostCapability.Has(HostCapability.CAP_SYS_ADMIN) || t.Process.Seccomp?.StateOf(t) is not null)
            return -Errno.EACCES;
        if (r.Stop.FilterBytes is <= 0 or > LargestImage)
            return EINVAL;
        byte[] image = new byte[r.Stop.FilterBytes];
        if (!TracedMemory.TryRead(r.Tid, r.Stop.Filters, image) || SeccompImage.Decode(image) is not { IsStrict: false, Newest: { } filter })
            return EINVAL;
        int count = filter.Count;
        if (a.A3 >= (ulong)count)
            return -Errno.ENOENT;
        for (int left = count - (int)a.A3; left > 1; left--)
            filter = filter.Older!;
        ReadOnlySpan<BpfInsn> insns = filter.Program.Insns;
        if (a.A4 == 0)
            return insns.Length;
        byte[] raw = new byte[insns.Length * InsnBytes];
        bool bigEndian = Layout(t).BigEndian;
        for (int i = 0; i < insns.Length; i++)
        {
            Span<byte> insn = raw.AsSpan(i * InsnBytes, InsnBytes);
            GuestNumber.Write(insn[..2], bigEndian, insns[i].Code);
            (insn[2], insn[3]) = (insns[i].IfTrue, insns[i].IfFalse);
            GuestNumber.Write(insn[4..], bigEndian, insns[i].K);
        }

        return t.Memory.TryWrite(a.A4, raw) ? insns.Length : EFAULT;
    }
}
