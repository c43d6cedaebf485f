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
    private const int HostDebugOffset = 848, Slots = 4, ControlRegister = 7;

    // The thread's real ones: guest data lie at the host's addresses. A hit is Tracees.AcceptTrap's.
    private static long PeekDebug(GuestThread t, TraceeRecord r, int number, ulong into)
    {
        ulong value;
        long result = Sys.Call(Nr.ptrace, Ptrace.PEEKUSER, r.Tid, HostDebugOffset + 8 * number, (long)&value);
        return result != 0 ? result : t.Memory.TryWriteWord(into, value) ? 0 : EFAULT;
    }

    private static long PokeDebug(TraceeRecord r, int number, ulong value)
    {
        // Code runs elsewhere than where it lies, so that a breakpoint on execution would never be hit.
        if (number == ControlRegister)
            for (int i = 0; i < Slots; i++)
                if ((value >> (2 * i) & 3) != 0 && (value >> (16 + 4 * i) & 3) == 0)
                    return -Errno.ENOSPC;
        return Sys.Call(Nr.ptrace, Ptrace.POKEUSER, r.Tid, HostDebugOffset + 8 * number, (long)value);
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
