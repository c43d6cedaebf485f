using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Seccomp;

/// <summary>
/// SECCOMP_RET_USER_NOTIF: another process answers a call. The listener is a real one of the host's kernel, so that who waits for whom, polling, closing, signals and descriptors
/// put into the process are the kernel's: a filter is installed there that lets everything pass but numbers no call has, and a call the guest's filter wants to have answered is
/// made with such a number, which holds the guest's. Who receives it under a tool of the suite is shown the guest's (<c>ioctl</c> below).
/// </summary>
internal static unsafe class SeccompListener
{
    private const uint CallBase = 0x5E00_0000, BaseMask = 0xFF00_0000, NumberMask = 0xF_FFFF;
    private const int KindShift = 20, KindMask = 0xF;

    // What a receiver's emulator answers for SECCOMP_USER_NOTIF_FLAG_CONTINUE: the kernel would go on with the number that is none.
    private const int Continued = -0x5E434F;
    private const uint FlagContinue = 1;
    private const int NotificationBytes = 80, ResponseBytes = 24, NumberAt = 16, ArchAt = 20, IpAt = 24, ArgumentsAt = 32;

    /// <summary>Direction, type and number of SECCOMP_IOCTL_NOTIF_RECV and _SEND, without the size.</summary>
    private const uint Receive = IoctlTable.Read | IoctlTable.Write | 0x2100, Send = IoctlTable.Read | IoctlTable.Write | 0x2101;

    /// <summary>Makes the listener for a filter of the calling thread: its descriptor, or -errno.</summary>
    /// <param name="flags">SECCOMP_FILTER_FLAG_... for the host.</param>
    public static long Open(uint flags)
    {
        const int SET_MODE_FILTER = 1, LD_ABS = 0x20, AND = 0x54, JEQ = 0x15, RET = 0x06;
        ReadOnlySpan<BpfInsn> program =
        [
            new(LD_ABS, 0, 0, 0), new(AND, 0, 0, BaseMask), new(JEQ, 0, 1, CallBase), new(RET, 0, 0, SeccompAction.UserNotif), new(RET, 0, 0, SeccompAction.Allow),
        ];
        byte* raw = stackalloc byte[8 * 5];
        for (int i = 0; i < program.Length; i++)
        {
            Span<byte> insn = new(raw + 8 * i, 8);
            BinaryPrimitives.WriteUInt16LittleEndian(insn, program[i].Code);
            (insn[2], insn[3]) = (program[i].IfTrue, program[i].IfFalse);
            BinaryPrimitives.WriteUInt32LittleEndian(insn[4..], program[i].K);
        }

        ulong* head = stackalloc ulong[2]; // struct sock_fprog
        (head[0], head[1]) = ((ulong)program.Length, (ulong)raw);
        return Sys.Call(Nr.seccomp, SET_MODE_FILTER, flags, (long)head);
    }

    /// <summary>Has the listener answer a call: its result, or null when the call is to be made.</summary>
    public static long? Ask(GuestThread t, in SysArgs a)
    {
        uint number = (ulong)a.Number <= NumberMask ? (uint)a.Number : NumberMask;
        bool isWide = t.Process.Target.Is64;
        ulong Word(ulong value) => isWide ? value : (uint)value;
        uint kind = t.Process.Target == ElfTarget.X86_64 ? 0u : t.Process.Target == ElfTarget.I386 ? 1u : 2u;
        // The pc of a 32-bit guest fits where its last argument has no bits.
        ulong last = isWide ? a.A6 : (uint)a.A6 | t.State->Pc << 32;
        long result = t.BlockingCall(CallBase | kind << KindShift | number, Word(a.A1), Word(a.A2), Word(a.A3), Word(a.A4), Word(a.A5), last);
        return result == Continued ? null : result;
    }

    /// <summary>SECCOMP_IOCTL_NOTIF_RECV and _SEND of a guest; null for other commands.</summary>
    public static long? Ioctl(GuestThread t, int fd, uint key, ulong argument) => key switch
    {
        Receive => Received(t, fd, argument),
        Send => Sent(t, fd, argument),
        _ => null,
    };

    // struct seccomp_notif {u64 id, u32 pid, u32 flags, struct seccomp_data {int nr, u32 arch, u64 ip, u64 args[6]}}
    private static long Received(GuestThread t, int fd, ulong argument)
    {
        byte* raw = stackalloc byte[NotificationBytes];
        Span<byte> host = new(raw, NotificationBytes);
        if (!t.Memory.TryRead(argument, host))
            return -Errno.EFAULT;
        long result = t.BlockingCall(Nr.ioctl, (ulong)fd, Receive | NotificationBytes << 16, (ulong)raw);
        if (result < 0)
            return result;
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(host[NumberAt..]);
        if ((number & BaseMask) == CallBase)
            ShowGuest(host, number);
        Swap(t, host, "qiiiiqqqqqqq"u8);
        return t.Memory.TryWrite(argument, host) ? result : -Errno.EFAULT;
    }

    private static void ShowGuest(Span<byte> host, uint number)
    {
        int kind = (int)(number >> KindShift) & KindMask;
        ElfTarget target = kind == 0 ? ElfTarget.X86_64 : kind == 1 ? ElfTarget.I386 : ElfTarget.Ppc;
        BinaryPrimitives.WriteUInt32LittleEndian(host[NumberAt..], number & NumberMask);
        BinaryPrimitives.WriteUInt32LittleEndian(host[ArchAt..], SyscallArch.Of(target));
        Span<byte> last = host[(ArgumentsAt + 5 * sizeof(ulong))..];
        BinaryPrimitives.WriteUInt64LittleEndian(host[IpAt..], target.Is64 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(last[4..]));
        if (!target.Is64)
            last[4..].Clear();
    }

    // struct seccomp_notif_resp {u64 id, s64 val, s32 error, u32 flags}
    private static long Sent(GuestThread t, int fd, ulong argument)
    {
        const int ValueAt = 8, ErrorAt = 16, FlagsAt = 20;
        byte* raw = stackalloc byte[ResponseBytes];
        Span<byte> host = new(raw, ResponseBytes);
        if (!t.Memory.TryRead(argument, host))
            return -Errno.EFAULT;
        Swap(t, host, "qqii"u8);
        bool isPlain = BinaryPrimitives.ReadInt64LittleEndian(host[ValueAt..]) == 0 && BinaryPrimitives.ReadInt32LittleEndian(host[ErrorAt..]) == 0;
        if (isPlain && BinaryPrimitives.ReadUInt32LittleEndian(host[FlagsAt..]) == FlagContinue)
        {
            BinaryPrimitives.WriteInt32LittleEndian(host[ErrorAt..], Continued);
            host[FlagsAt..].Clear();
        }

        return t.BlockingCall(Nr.ioctl, (ulong)fd, Send | ResponseBytes << 16, (ulong)raw);
    }

    private static void Swap(GuestThread t, Span<byte> raw, ReadOnlySpan<byte> code)
    {
        if (t.Process.Compat is { } compat)
            StructCode.SwapInPlace(code, compat.Abi, raw);
    }
}
