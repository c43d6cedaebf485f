using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>fcntl(2) and fcntl64(2). Both take locks with 32-bit offsets, the latter also those with 64-bit offsets.</summary>
internal static unsafe class CompatFcntl
{
    private const long EFAULT = -Errno.EFAULT;
    private const int F_DUPFD = 0, F_GETFL = 3, F_SETFL = 4, F_GETLK = 5, F_SETLKW = 7, F_GETLK64 = 12, F_SETLKW64 = 14, F_SETOWN_EX = 15, F_GETOWN_EX = 16,
        F_GETOWNER_UIDS = 17, F_OFD_GETLK = 36, F_OFD_SETLKW = 38, F_DUPFD_CLOEXEC = 1030, F_GET_RW_HINT = 1035, F_SET_FILE_RW_HINT = 1038;

    public static long Fcntl(GuestThread t, in SysArgs a) => Run(t, a, wide: false);

    public static long Fcntl64(GuestThread t, in SysArgs a) => Run(t, a, wide: true);

    private static long Run(GuestThread t, in SysArgs a, bool wide)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        FlagMap? flags = t.Process.Compat!.Flags("open");
        int command = a.Int2;
        switch (command)
        {
            case F_DUPFD or F_DUPFD_CLOEXEC:
                long fd = Pass(t, a, a.A3);
                if (fd >= 0)
                    t.Process.Compat.Kinds.Set((int)fd, t.Process.Compat.Kinds[a.Int1]);
                return fd;
            case F_GETFL:
                long got = Pass(t, a, 0);
                return got < 0 || flags is null ? got : (long)flags.ToGuest((ulong)got);
            case F_SETFL:
                return Pass(t, a, flags?.ToHost(a.A3) ?? a.A3);
            case >= F_GETLK and <= F_SETLKW:
                return Lock(t, abi, a, command, "hhlli"u8);
            case >= F_GETLK64 and <= F_SETLKW64:
                return wide ? Lock(t, abi, a, command - F_GETLK64 + F_GETLK, "hhqqi"u8) : -Errno.EINVAL;
            case >= F_OFD_GETLK and <= F_OFD_SETLKW:
                return wide ? Lock(t, abi, a, command, "hhqqi"u8) : -Errno.EINVAL;
            case F_SETOWN_EX:
                return Converted(t, abi, a, "ii"u8, isInput: true);
            case F_GETOWN_EX or F_GETOWNER_UIDS:
                return Converted(t, abi, a, "ii"u8, isInput: false);
            case >= F_GET_RW_HINT and <= F_SET_FILE_RW_HINT:
                return Converted(t, abi, a, "q"u8, isInput: ((command - F_GET_RW_HINT) & 1) != 0);
            default:
                return Pass(t, a, (ulong)(int)a.A3);
        }
    }

    private static long Lock(GuestThread t, GuestAbi abi, in SysArgs a, int command, ReadOnlySpan<byte> code)
    {
        const int HostSize = 32;
        long* host = stackalloc long[HostSize / 8];
        Span<byte> bytes = new(host, HostSize);
        if (!t.Memory.TryReadStruct(abi, code, a.A3, bytes))
            return EFAULT;
        long result = HostCall.Make(t, Nr.fcntl, a.A1, (ulong)command, (ulong)host);
        if (result < 0 || command is not (F_GETLK or F_OFD_GETLK))
            return result;
        if (code[2] == 'l' && (host[1] != (int)host[1] || host[2] != (int)host[2]))
            return -Errno.EOVERFLOW;
        return t.Memory.TryWriteStruct(abi, code, a.A3, bytes) ? result : EFAULT;
    }

    private static long Converted(GuestThread t, GuestAbi abi, in SysArgs a, ReadOnlySpan<byte> code, bool isInput)
    {
        long host = 0;
        Span<byte> bytes = new(&host, sizeof(long));
        if (isInput && !t.Memory.TryReadStruct(abi, code, a.A3, bytes))
            return EFAULT;
        long result = Pass(t, a, (ulong)&host);
        return isInput || result < 0 || t.Memory.TryWriteStruct(abi, code, a.A3, bytes) ? result : EFAULT;
    }

    private static long Pass(GuestThread t, in SysArgs a, ulong argument) => HostCall.Make(t, Nr.fcntl, a.A1, a.A2, argument);
}
