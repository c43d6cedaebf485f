using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Tracing;

// Memory and registers.
public static unsafe partial class PtraceCalls
{
    // As the system call does it: the word goes where data points to. Memory has the guest's byte order on both sides.
    private static long Peek(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        Span<byte> word = stackalloc byte[WordBytes(t)];
        if (!TracedMemory.TryRead(r.Tid, a.A3, word))
            return EIO;
        return t.Memory.TryWrite(a.A4, word) ? 0 : EFAULT;
    }

    private static long Poke(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        Span<byte> word = stackalloc byte[WordBytes(t)];
        GuestNumber.Write(word, Layout(t).BigEndian, a.A4);
        if (!TracedMemory.TryWrite(r.Tid, a.A3, word))
            return EIO;
        r.Written(a.A3);
        return 0;
    }

    private static long PeekUser(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        if (UserArea.Find(t.Process.Target, a.A3) is not { } place)
            return EIO;
        if (UserArea.IsDebug(t.Process.Target, a.A3, out int number))
            return PeekDebug(t, r, number, a.A4);
        Span<byte> word = stackalloc byte[WordBytes(t)];
        word.Clear();
        if (place.Set != 0 && !(r.FindRegset(place.Set) is >= 0 and var set && r.ReadRegset(set, place.Offset, word)))
            return EIO;
        return t.Memory.TryWrite(a.A4, word) ? 0 : EFAULT;
    }

    private static long PokeUser(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        if (UserArea.Find(t.Process.Target, a.A3) is not { } place)
            return EIO;
        if (place.Set == 0)
            return UserArea.IsDebug(t.Process.Target, a.A3, out int number) ? PokeDebug(r, number, a.A4) : EIO;
        Span<byte> word = stackalloc byte[WordBytes(t)];
        GuestNumber.Write(word, Layout(t).BigEndian, a.A4);
        return r.FindRegset(place.Set) is >= 0 and var set && r.WriteRegset(set, place.Offset, word) ? 0 : EIO;
    }

    // struct iovec in the guest's words; its length comes back.
    private static long GetRegset(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        uint word = (uint)WordBytes(t);
        if (!t.Memory.TryReadWord(a.A4, out ulong at) || !t.Memory.TryReadWord(a.A4 + word, out ulong room))
            return EFAULT;
        int set = r.FindRegset((uint)a.A3);
        if (set < 0 || room % Slot(t, (uint)a.A3) != 0)
            return EINVAL;
        int bytes = (int)Math.Min(room, (ulong)r.RegsetSize(set));
        byte[] data = new byte[bytes];
        if (!r.ReadRegset(set, 0, data))
            return EIO;
        return t.Memory.TryWrite(at, data) && t.Memory.TryWriteWord(a.A4 + word, (ulong)bytes) ? 0 : EFAULT;
    }

    private static long SetRegset(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        uint word = (uint)WordBytes(t);
        if (!t.Memory.TryReadWord(a.A4, out ulong at) || !t.Memory.TryReadWord(a.A4 + word, out ulong given))
            return EFAULT;
        int set = r.FindRegset((uint)a.A3);
        if (set < 0 || given % Slot(t, (uint)a.A3) != 0)
            return EINVAL;
        byte[] data = new byte[(int)Math.Min(given, (ulong)r.RegsetSize(set))];
        if (!t.Memory.TryRead(at, data))
            return EFAULT;
        return r.WriteRegset(set, 0, data) && t.Memory.TryWriteWord(a.A4 + word, (ulong)data.Length) ? 0 : EIO;
    }

    // Sizes must be multiples of one register (user_regset.size).
    private static ulong Slot(GuestThread t, uint type) => type switch
    {
        Regset.NT_PPC_VMX => 16,
        Regset.NT_386_TLS => 16,
        Regset.NT_PRFPREG when IsPpc(t) || t.Process.Target.Is64 => 8,
        Regset.NT_X86_XSTATE => 8,
        Regset.NT_PPC_SPE => 4,
        _ => (ulong)WordBytes(t),
    };

    // A whole set at data, of the requests that name it.
    private static long GetWhole(GuestThread t, TraceeRecord r, uint type, ulong data, int bytes = int.MaxValue)
    {
        int set = r.FindRegset(type);
        if (set < 0)
            return EIO;
        byte[] all = new byte[Math.Min(bytes, r.RegsetSize(set))];
        if (!r.ReadRegset(set, 0, all))
            return EIO;
        return t.Memory.TryWrite(data, all) ? 0 : EFAULT;
    }

    private static long SetWhole(GuestThread t, TraceeRecord r, uint type, ulong data, int bytes = int.MaxValue)
    {
        int set = r.FindRegset(type);
        if (set < 0)
            return EIO;
        byte[] all = new byte[Math.Min(bytes, r.RegsetSize(set))];
        if (!t.Memory.TryRead(data, all))
            return EFAULT;
        return r.WriteRegset(set, 0, all) ? 0 : EIO;
    }

    // Requests whose numbers belong to an architecture.
    private static long Special(GuestThread t, TraceeRecord r, int request, in SysArgs a) =>
        IsPpc(t) ? SpecialPpc(t, r, request, a) : SpecialX86(t, r, request, a);

    private static long SpecialX86(GuestThread t, TraceeRecord r, int request, in SysArgs a)
    {
        const int GETREGS = 12, SETREGS = 13, GETFPREGS = 14, SETFPREGS = 15, GETFPXREGS = 18, SETFPXREGS = 19, OLDSETOPTIONS = 21,
            GET_THREAD_AREA = 25, SET_THREAD_AREA = 26, ARCH_PRCTL = 30, SYSEMU = 31, SYSEMU_SINGLESTEP = 32;
        bool is64 = t.Process.Target.Is64;
        switch (request)
        {
            case GETREGS:
                return GetWhole(t, r, Regset.NT_PRSTATUS, a.A4);
            case SETREGS:
                return SetWhole(t, r, Regset.NT_PRSTATUS, a.A4);
            case GETFPREGS:
                return GetWhole(t, r, Regset.NT_PRFPREG, a.A4);
            case SETFPREGS:
                return SetWhole(t, r, Regset.NT_PRFPREG, a.A4);
            case GETFPXREGS when !is64:
                return GetWhole(t, r, Regset.NT_PRXFPREG, a.A4);
            case SETFPXREGS when !is64:
                return SetWhole(t, r, Regset.NT_PRXFPREG, a.A4);
            case OLDSETOPTIONS:
                return SetOptions(r, a.A4);
            case GET_THREAD_AREA or SET_THREAD_AREA when !is64:
                return ThreadArea(t, r, a, isSet: request == SET_THREAD_AREA);
            case ARCH_PRCTL when is64:
                return SegmentBase(t, r, a);
            case SYSEMU:
                return Resume(t, r, TraceCommand.Emulate, a.A4);
            case SYSEMU_SINGLESTEP:
                return Resume(t, r, TraceCommand.EmulateStep, a.A4);
            default:
                return EIO;
        }
    }

    private static long SpecialPpc(GuestThread t, TraceeRecord r, int request, in SysArgs a)
    {
        const int GETREGS = 12, SETREGS = 13, GETFPREGS = 14, SETFPREGS = 15, GETVRREGS = 18, SETVRREGS = 19, GETEVRREGS = 20, SETEVRREGS = 21,
            GET_DEBUGREG = 25, SET_DEBUGREG = 26, SYSEMU = 29, SYSEMU_SINGLESTEP = 30, DELHWDEBUG = 0x87, SETHWDEBUG = 0x88, GETHWDBGINFO = 0x89, VectorBytes = 33 * 16 + 4, GeneralBytes = 44 * 4;
        switch (request)
        {
            case GETREGS:
                return GetWhole(t, r, Regset.NT_PRSTATUS, a.A4, GeneralBytes);
            case SETREGS:
                return SetWhole(t, r, Regset.NT_PRSTATUS, a.A4, GeneralBytes);
            case GETFPREGS:
                return GetWhole(t, r, Regset.NT_PRFPREG, a.A4);
            case SETFPREGS:
                return SetWhole(t, r, Regset.NT_PRFPREG, a.A4);
            case GETVRREGS:
                return GetWhole(t, r, Regset.NT_PPC_VMX, a.A4, VectorBytes);
            case SETVRREGS:
                return SetWhole(t, r, Regset.NT_PPC_VMX, a.A4, VectorBytes);
            case GETEVRREGS:
                return GetWhole(t, r, Regset.NT_PPC_SPE, a.A4);
            case SETEVRREGS:
                return SetWhole(t, r, Regset.NT_PPC_SPE, a.A4);
            case GET_DEBUGREG:
                return a.A3 > 0 ? EINVAL : t.Memory.TryWriteWord(a.A4, 0) ? 0 : EFAULT;
            case SET_DEBUGREG:
                return a.A3 > 0 ? EINVAL : a.A4 == 0 ? 0 : EIO;
            case GETHWDBGINFO:
                return NoDebugInfo(t, a.A4);
            case SETHWDEBUG or DELHWDEBUG:
                return -Errno.ENODEV;
            case SYSEMU:
                return Resume(t, r, TraceCommand.Emulate, a.A4);
            case SYSEMU_SINGLESTEP:
                return Resume(t, r, TraceCommand.EmulateStep, a.A4);
            default:
                return EIO;
        }
    }

    // struct ppc_debug_info {u32 version, instruction_bps, data_bps, condition_regs, alignment, condition_size; u64 features}: no breakpoints of any kind.
    private static long NoDebugInfo(GuestThread t, ulong at)
    {
        const int Bytes = 32, Version = 1;
        Span<byte> info = stackalloc byte[Bytes];
        info.Clear();
        BinaryPrimitives.WriteInt32BigEndian(info, Version);
        return t.Memory.TryWrite(at, info) ? 0 : EFAULT;
    }

    // struct user_desc of the descriptor whose number is addr.
    private static long ThreadArea(GuestThread t, TraceeRecord r, in SysArgs a, bool isSet)
    {
        const int First = 12, Last = 14, Bytes = 16;
        Span<byte> descriptor = stackalloc byte[Bytes];
        int set = r.FindRegset(Regset.NT_386_TLS);
        if ((int)a.A3 is < First or > Last || set < 0)
            return EINVAL;
        int offset = ((int)a.A3 - First) * Bytes;
        if (isSet)
            return !t.Memory.TryRead(a.A4, descriptor) ? EFAULT : r.WriteRegset(set, offset, descriptor) ? 0 : EIO;
        return !r.ReadRegset(set, offset, descriptor) ? EIO : t.Memory.TryWrite(a.A4, descriptor) ? 0 : EFAULT;
    }

    // PTRACE_ARCH_PRCTL: data is the code of arch_prctl(2), addr its argument.
    private static long SegmentBase(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        const int FsBase = 21 * 8, GsBase = 22 * 8;
        Span<byte> word = stackalloc byte[8];
        int set = r.FindRegset(Regset.NT_PRSTATUS);
        int offset = (int)a.A4 is Linux.ARCH_GET_FS or Linux.ARCH_SET_FS ? FsBase : GsBase;
        switch ((int)a.A4)
        {
            case Linux.ARCH_GET_FS or Linux.ARCH_GET_GS:
                return !r.ReadRegset(set, offset, word) ? EIO : t.Memory.TryWrite(a.A3, word) ? 0 : EFAULT;
            case Linux.ARCH_SET_FS or Linux.ARCH_SET_GS:
                BinaryPrimitives.WriteUInt64LittleEndian(word, a.A3);
                return r.WriteRegset(set, offset, word) ? 0 : EIO;
            default:
                return EINVAL;
        }
    }
}
