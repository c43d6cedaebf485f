using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// ioctl(2): the number and the argument by the typed table. Of commands without a row those pass whose argument cannot differ; the others
/// answer ENOTTY and are logged under -d unimp.
/// </summary>
internal static unsafe class CompatIoctl
{
    private const long EFAULT = -Errno.EFAULT, ENOTTY = -Errno.ENOTTY, EINVAL = -Errno.EINVAL;
    private const uint TCGETS = 0x5401, TCGETA = 0x5405, TCGETS2 = 0x802C542A, TCSETS2 = 0x402C542B, TIOCGLCKTRMIOS = 0x5456, TIOCSLCKTRMIOS = 0x5457;
    private const uint SIOCADDRT = 0x890B, SIOCDELRT = 0x890C, SIOCGIFCONF = 0x8912, SIOCSIFADDR = 0x8916, SIOCDIFADDR = 0x8936, SIOCSIFDSTADDR = 0x8918,
        SIOCETHTOOL = 0x8946;
    private const int LargestArgument = 4096, Slack = 64;

    public static long Ioctl(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        uint command = (uint)a.A2;
        if (abi.BigEndian && Terminal(t, abi, a, command, out long result))
            return result;
        uint key = IoctlTable.Key(abi, command);
        switch (key)
        {
            case SIOCGIFCONF:
                return InterfaceList(t, abi, a);
            case SIOCETHTOOL:
                return Ethtool(t, abi, a);
            case IoctlTable.Read | IoctlTable.Write | 0x660B: // FS_IOC_FIEMAP
                return Listed(t, abi, a, 0xC020_660B, "qqiiii"u8, countAt: 24, "(qqqqqiiii)65536"u8, 56);
            case IoctlTable.Read | IoctlTable.Write | 0x9436: // FIDEDUPERANGE
                return Listed(t, abi, a, 0xC018_9436, "qqhhi"u8, countAt: 16, "(qqqii)65536"u8, 32);
            case MapQuery.Key when MapQuery.Serve(t, a.Int1, a.A3) is { } served:
                return served;
            case IoctlTable.Write | 0x5203: // RNDADDENTROPY: a count of bits, then bytes with their length
                return Entropy(t, abi, a);
        }

        if (SeccompListener.Ioctl(t, a.Int1, key, a.A3) is { } answered)
            return answered;
        IoctlRow row = IoctlTable.Find(key);
        if (!row.IsKnown)
            return Unknown(t, abi, a, command);
        ReadOnlySpan<byte> code = row.Code;
        if (key is SIOCADDRT or SIOCDELRT && DescriptorKinds.SocketDomain(a.Int1) == SocketAddress.AF_INET6)
            code = "b48ihhipii"u8; // struct in6_rtmsg
        else if (key is SIOCSIFADDR or SIOCDIFADDR or SIOCSIFDSTADDR && DescriptorKinds.SocketDomain(a.Int1) == SocketAddress.AF_INET6)
            code = "b16ii"u8; // struct in6_ifreq
        uint number = row.Host;
        int size = StructCode.GuestSize(code, abi);
        if (IoctlTable.IsSizedByCommand(row))
            number |= (uint)(size = IoctlTable.Size(abi, command)) << 16;
        if (row.Argument == IoctlArgument.None)
            return HostCall.Make(t, Nr.ioctl, a.A1, number, a.A3);
        return Convert(t, abi, a, number, row.Argument, code, size);
    }

    /// <summary>Converts the argument, makes the call, converts back.</summary>
    private static long Convert(GuestThread t, GuestAbi abi, in SysArgs a, uint number, IoctlArgument argument, ReadOnlySpan<byte> code, int size)
    {
        bool same = a.A3 == 0 || !abi.BigEndian && size == StructCode.HostSize(code) && !IsInterfaceRequest(number);
        if (same)
            return HostCall.Make(t, Nr.ioctl, a.A1, number, a.A3);
        if (size > LargestArgument)
            return EINVAL;
        // Some structs end in a union whose longest member is longer than the one converted.
        Span<byte> guest = stackalloc byte[LargestArgument], host = stackalloc byte[LargestArgument * 2 + Slack];
        guest = guest[..size];
        host = host[..(size * 2 + Slack)];
        host.Clear();
        bool reads = argument != IoctlArgument.Out;
        if (reads || code.Length > 0)
        {
            if (!t.Memory.TryRead(a.A3, guest) && reads)
                return EFAULT;
            if (reads)
                StructCode.ToHost(code, abi, guest, host);
        }

        long result;
        fixed (byte* pointer = host)
            result = HostCall.Make(t, Nr.ioctl, a.A1, number, (ulong)pointer);
        if (result < 0 || argument == IoctlArgument.In)
            return result;
        StructCode.ToGuest(code, abi, host, guest);
        return t.Memory.TryWrite(a.A3, guest) ? result : EFAULT;
    }

    // struct ifreq has 40 bytes on the host and 32 in the guest; the kernel copies all of it whatever member is meant.
    private static bool IsInterfaceRequest(uint number) => number is >= 0x8910 and <= 0x89FF or 0x400454CA or 0x400454D9 or 0x800454D2;

    // PowerPC's struct termios and termio.
    private static bool Terminal(GuestThread t, GuestAbi abi, in SysArgs a, uint command, out long result)
    {
        const uint PpcGet = 0x402C7413, PpcSet = 0x802C7414, PpcGetOld = 0x40147417, PpcSetOld = 0x80147418, PpcSetOldDrain = 0x80147419,
            PpcSetOldFlush = 0x8014741C;
        Span<byte> guest = stackalloc byte[TermiosLayout.Size], host = stackalloc byte[TermiosLayout.Size];
        bool old = command is PpcGetOld or PpcSetOld or PpcSetOldDrain or PpcSetOldFlush;
        guest = guest[..(old ? TermiosLayout.GuestTermioSize : TermiosLayout.Size)];
        result = 0;
        fixed (byte* pointer = host)
        {
            switch (command)
            {
                case PpcGet or PpcGetOld or TIOCGLCKTRMIOS:
                    result = HostCall.Make(t, Nr.ioctl, a.A1, command == TIOCGLCKTRMIOS ? command : old ? TCGETA : TCGETS2, (ulong)pointer);
                    if (result < 0)
                        return true;
                    if (old)
                        TermiosLayout.TermioToGuest(abi, host, guest);
                    else
                        TermiosLayout.ToGuest(abi, host, guest);
                    result = t.Memory.TryWrite(a.A3, guest) ? 0 : EFAULT;
                    return true;
                case (>= PpcSet and <= PpcSet + 2) or TIOCSLCKTRMIOS:
                    if (t.Memory.TryRead(a.A3, guest))
                        TermiosLayout.ToHost(abi, guest, host);
                    else
                        result = EFAULT;
                    if (result == 0)
                        result = HostCall.Make(t, Nr.ioctl, a.A1, command == TIOCSLCKTRMIOS ? command : TCSETS2 + (command - PpcSet), (ulong)pointer);
                    return true;
                case PpcSetOld or PpcSetOldDrain or PpcSetOldFlush:
                    if (t.Memory.TryRead(a.A3, guest))
                        TermiosLayout.TermioToHost(abi, guest, host);
                    else
                        result = EFAULT;
                    if (result == 0)
                        result = HostCall.Make(t, Nr.ioctl, a.A1, TCGETA + (command == PpcSetOldFlush ? 3 : command - PpcSetOld + 1), (ulong)pointer);
                    return true;
                default:
                    // x86's own numbers mean nothing here, though rows have them.
                    result = ENOTTY;
                    return command is >= TCGETS and <= TCGETA + 3;
            }
        }
    }

    // struct ifconf: a length and a buffer of struct ifreq, 32 bytes each in the guest and 40 on the host.
    private static long InterfaceList(GuestThread t, GuestAbi abi, in SysArgs a)
    {
        const int GuestRequest = 32, HostRequest = 40, Most = 1 << 20;
        ulong* list = stackalloc ulong[2];
        if (!t.Memory.TryReadStruct(abi, "ip"u8, a.A3, new Span<byte>(list, 16)))
            return EFAULT;
        (int room, ulong buffer) = ((int)list[0], list[1]);
        int count = Math.Clamp(room, 0, Most) / GuestRequest;
        byte[] requests = new byte[Math.Max(1, count) * HostRequest];
        fixed (byte* pointer = requests)
        {
            (list[0], list[1]) = ((uint)(count * HostRequest), buffer == 0 ? 0 : (ulong)pointer);
            long result = HostCall.Make(t, Nr.ioctl, a.A1, SIOCGIFCONF, (ulong)list);
            if (result < 0)
                return result;
        }

        int given = (int)list[0] / HostRequest;
        Span<byte> guest = stackalloc byte[GuestRequest];
        for (int i = 0; buffer != 0 && i < given; i++)
        {
            guest.Clear();
            StructCode.ToGuest("b16hb14"u8, abi, requests.AsSpan(i * HostRequest, HostRequest), guest);
            if (!t.Memory.TryWrite(buffer + (ulong)(i * GuestRequest), guest))
                return EFAULT;
        }

        return t.Memory.TryWriteWord(abi, a.A3, (uint)(given * GuestRequest)) ? 0 : EFAULT;
    }

    // struct ifreq whose data is a pointer to a struct that starts with the command. Those in use by name tools are known.
    private static long Ethtool(GuestThread t, GuestAbi abi, in SysArgs a)
    {
        Span<byte> guestRequest = stackalloc byte[32], request = stackalloc byte[40];
        if (!t.Memory.TryRead(a.A3, guestRequest))
            return EFAULT;
        request.Clear();
        StructCode.ToHost("b16p"u8, abi, guestRequest, request);
        ulong data = BitConverter.ToUInt64(request[16..]);
        fixed (byte* pointer = request)
        {
            if (!abi.BigEndian)
                return HostCall.Make(t, Nr.ioctl, a.A1, SIOCETHTOOL, (ulong)pointer);
            if (!t.Memory.TryReadWord(abi, data, out uint command))
                return EFAULT;
            ReadOnlySpan<byte> code = command switch
            {
                1 or 2 => "iiihbbbbbbiihbbii2"u8, // ETHTOOL_GSET, ETHTOOL_SSET
                3 => "ib32b32b32b32b32b12i5"u8, // ETHTOOL_GDRVINFO
                5 or 6 => "iiib6"u8, // ETHTOOL_GWOL, ETHTOOL_SWOL
                14 or 15 => "i23"u8, // ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE
                16 or 17 => "i9"u8, // ETHTOOL_GRINGPARAM, ETHTOOL_SRINGPARAM
                18 or 19 => "i4"u8, // ETHTOOL_GPAUSEPARAM, ETHTOOL_SPAUSEPARAM
                7 or 8 or 9 or 10 or >= 20 and <= 25 or 30 or 31 or >= 33 and <= 40 or >= 43 and <= 44 => "ii"u8, // struct ethtool_value
                _ => default,
            };
            if (code.IsEmpty)
                return -Errno.EOPNOTSUPP;
            Span<byte> guest = stackalloc byte[StructCode.GuestSize(code, abi)];
            if (!t.Memory.TryRead(data, guest))
                return EFAULT;
            StructCode.SwapInPlace(code, abi, guest);
            fixed (byte* swapped = guest)
            {
                BitConverter.TryWriteBytes(request[16..], (ulong)swapped);
                long result = HostCall.Make(t, Nr.ioctl, a.A1, SIOCETHTOOL, (ulong)pointer);
                if (result < 0)
                    return result;
                StructCode.SwapInPlace(code, abi, guest);
                return t.Memory.TryWrite(data, guest) ? result : EFAULT;
            }
        }
    }

    // A head with a count and that many entries behind it; only byte order differs.
    private static long Listed(GuestThread t, GuestAbi abi, in SysArgs a, uint number, ReadOnlySpan<byte> head, int countAt, ReadOnlySpan<byte> entries, int entrySize)
    {
        if (!abi.BigEndian)
            return HostCall.Make(t, Nr.ioctl, a.A1, number, a.A3);
        const int Most = 4096;
        Span<byte> start = stackalloc byte[StructCode.HostSize(head)];
        if (!t.Memory.TryRead(a.A3, start))
            return EFAULT;
        int count = entrySize == 32 ? abi.U16(start, countAt) : (int)Math.Min(abi.U32(start, countAt), Most);
        byte[] data = new byte[start.Length + count * entrySize];
        if (!t.Memory.TryRead(a.A3, data))
            return EFAULT;
        StructCode.SwapInPlace(head, abi, data);
        if (entrySize != 32)
            BitConverter.TryWriteBytes(data.AsSpan(countAt), count);
        StructCode.SwapInPlace(entries, abi, data.AsSpan(start.Length));
        long result;
        fixed (byte* pointer = data)
            result = HostCall.Make(t, Nr.ioctl, a.A1, number, (ulong)pointer);
        StructCode.SwapInPlace(head, abi, data);
        StructCode.SwapInPlace(entries, abi, data.AsSpan(start.Length));
        return result < 0 || t.Memory.TryWrite(a.A3, data) ? result : EFAULT;
    }

    private static long Entropy(GuestThread t, GuestAbi abi, in SysArgs a)
    {
        const uint RNDADDENTROPY = 0x4008_5203;
        const int Head = 8, Most = 1 << 16;
        if (!t.Memory.TryReadWord(abi, a.A3 + 4, out uint length))
            return EFAULT;
        byte[] data = new byte[Head + Math.Min(length, Most)];
        if (!t.Memory.TryRead(a.A3, data))
            return EFAULT;
        StructCode.SwapInPlace("ii"u8, abi, data);
        fixed (byte* pointer = data)
            return HostCall.Make(t, Nr.ioctl, a.A1, RNDADDENTROPY, (ulong)pointer);
    }

    // A size in the number vouches for the layout: the host gives another size another number. What swapping there is to do is clear for
    // an int only.
    // Types of drivers older than the numbering scheme: hd, floppy, frame buffer, vt, cdrom, terminal, sockets.
    private static bool IsFromBefore(uint command) => (command >> 8) is <= 0x0F or 0x46 or 0x4B or 0x53 or 0x54 or 0x56 or 0x89;

    private static long Unknown(GuestThread t, GuestAbi abi, in SysArgs a, uint command)
    {
        int size = IoctlTable.Size(abi, command);
        uint number = IoctlTable.Number(abi, command);
        bool hasDirection = (number & (IoctlTable.Read | IoctlTable.Write)) != 0, encoded = !abi.BigEndian || command >> 29 != 0;
        // Of the numbers without a direction those of older drivers hide a struct; the others take a value.
        if (!abi.BigEndian && (hasDirection ? size != 0 : !IsFromBefore(command)))
            return HostCall.Make(t, Nr.ioctl, a.A1, number, a.A3);
        if (abi.BigEndian && hasDirection && size == 4)
            return Convert(t, abi, a, number, (number & (IoctlTable.Read | IoctlTable.Write)) switch
            {
                IoctlTable.Read => IoctlArgument.Out,
                IoctlTable.Write => IoctlArgument.In,
                _ => IoctlArgument.InOut,
            }, "i"u8, size);
        if (abi.BigEndian && encoded && !hasDirection)
            return HostCall.Make(t, Nr.ioctl, a.A1, number, a.A3);
        if ((t.Process.LogItems & LogItems.Unimp) != 0)
            t.Process.Log?.Line($"Unsupported ioctl: cmd=0x{command:x8}");
        const int SEEK_CUR = 1;
        return Sys.Call(Nr.lseek, a.Int1, 0, SEEK_CUR) == -Errno.EBADF ? -Errno.EBADF : ENOTTY;
    }
}
