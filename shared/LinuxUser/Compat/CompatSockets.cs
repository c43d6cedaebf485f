using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>Socket calls with addresses, and socketcall(2), which carries all of them on older kernels. Addresses only differ by byte order.</summary>
internal static unsafe class CompatSockets
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;

    public static long Socket(GuestThread t, in SysArgs a)
    {
        long fd = HostCall.Make(t, Host.Nr.socket, a.A1, a.A2, a.A3);
        if (fd >= 0 && GuestWords.AbiOf(t).BigEndian)
            t.Process.Compat!.Kinds.Set((int)fd, a.Int1 == SocketAddress.AF_NETLINK ? DescriptorKinds.Netlink(a.Int3) : DescriptorKind.Plain);
        return fd;
    }

    public static long Socketpair(GuestThread t, in SysArgs a)
    {
        const int SOCK_TYPE_MASK = 0xF, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
        int* pair = stackalloc int[2];
        if ((a.Int2 & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0)
            return EINVAL;
        // Where the descriptors go to is tried out before there is a socket.
        Span<byte> room = new(pair, 2 * sizeof(int));
        if (!t.Memory.TryRead(a.A4, room) || !t.Memory.TryWrite(a.A4, room))
            return EFAULT;
        long result = HostCall.Make(t, Host.Nr.socketpair, a.A1, a.A2, a.A3, (ulong)pair);
        if (result != 0)
            return result;
        return t.Memory.TryWriteStruct(GuestWords.AbiOf(t), "ii"u8, a.A4, new ReadOnlySpan<byte>(pair, 8)) ? 0 : EFAULT;
    }

    public static long Bind(GuestThread t, in SysArgs a) => WithAddress(t, Host.Nr.bind, a);

    public static long Connect(GuestThread t, in SysArgs a) => WithAddress(t, Host.Nr.connect, a);

    public static long Listen(GuestThread t, in SysArgs a) => HostCall.Make(t, Host.Nr.listen, a.A1, a.A2);

    public static long Shutdown(GuestThread t, in SysArgs a) => HostCall.Make(t, Host.Nr.shutdown, a.A1, a.A2);

    public static long Accept(GuestThread t, in SysArgs a) => GivingAddress(t, Host.Nr.accept4, a.A1, 0, 0, 0, a.A2, a.A3, 0);

    public static long Accept4(GuestThread t, in SysArgs a) => GivingAddress(t, Host.Nr.accept4, a.A1, 0, 0, 0, a.A2, a.A3, a.A4);

    public static long Getsockname(GuestThread t, in SysArgs a) => GivingAddress(t, Host.Nr.getsockname, a.A1, 0, 0, 0, a.A2, a.A3, 0);

    public static long Getpeername(GuestThread t, in SysArgs a) => GivingAddress(t, Host.Nr.getpeername, a.A1, 0, 0, 0, a.A2, a.A3, 0);

    public static long Send(GuestThread t, in SysArgs a) => Sendto(t, a with { A5 = 0, A6 = 0 });

    public static long Recv(GuestThread t, in SysArgs a) => Recvfrom(t, a with { A5 = 0, A6 = 0 });

    public static long Sendto(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        byte* host = stackalloc byte[SocketAddress.Largest];
        ulong address = a.A5;
        if (abi.BigEndian && address != 0 && !CopyAddress(t, abi, ref address, (uint)a.A6, host))
            return EFAULT;
        DescriptorKind kind = t.Process.Compat!.Kinds[a.Int1];
        if (kind < DescriptorKind.Netlink)
            return HostCall.Make(t, Host.Nr.sendto, a.A1, a.A2, a.A3, a.A4, address, a.A6);
        byte[]? message = CompatMessages.ReadNetlink(t, kind, a.A2, a.A3);
        if (message is null)
            return EFAULT;
        fixed (byte* data = message)
            return HostCall.Make(t, Host.Nr.sendto, a.A1, (ulong)data, a.A3, a.A4, address, a.A6);
    }

    public static long Recvfrom(GuestThread t, in SysArgs a)
    {
        long got = GivingAddress(t, Host.Nr.recvfrom, a.A1, a.A2, a.A3, a.A4, a.A5, a.A6, 0);
        DescriptorKind kind = t.Process.Compat!.Kinds[a.Int1];
        if (got <= 0 || kind < DescriptorKind.Netlink)
            return got;
        return CompatMessages.TurnNetlink(t, kind, a.A2, Math.Min((ulong)got, a.A3)) ? got : EFAULT;
    }

    public static long Getsockopt(GuestThread t, in SysArgs a) => DescriptorFirst(a.A1, CompatSocketOptions.Getsockopt(t, a));

    public static long Setsockopt(GuestThread t, in SysArgs a) => DescriptorFirst(a.A1, CompatSocketOptions.Setsockopt(t, a));

    /// <summary>socketcall(2): the number of a call (linux/net.h) and a vector of its arguments.</summary>
    public static long Socketcall(GuestThread t, in SysArgs a)
    {
        ReadOnlySpan<byte> counts = [0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4];
        int call = a.Int1;
        if (call < 1 || call >= counts.Length)
            return EINVAL;
        GuestAbi abi = GuestWords.AbiOf(t);
        Span<byte> raw = stackalloc byte[counts[call] * 4];
        if (!t.Memory.TryRead(a.A2, raw))
            return EFAULT;
        Span<ulong> v = stackalloc ulong[6];
        v.Clear();
        for (int i = 0; i < counts[call]; i++)
            v[i] = abi.U32(raw, i * 4);
        SysArgs args = new(a.Number, v[0], v[1], v[2], v[3], v[4], v[5]);
        return call switch
        {
            1 => Socket(t, args),
            2 => Bind(t, args),
            3 => Connect(t, args),
            4 => Listen(t, args),
            5 => Accept(t, args),
            6 => Getsockname(t, args),
            7 => Getpeername(t, args),
            8 => Socketpair(t, args),
            9 => Send(t, args),
            10 => Recv(t, args),
            11 => Sendto(t, args),
            12 => Recvfrom(t, args),
            13 => Shutdown(t, args),
            14 => Setsockopt(t, args),
            15 => Getsockopt(t, args),
            16 => CompatMessages.Sendmsg(t, args),
            17 => CompatMessages.Recvmsg(t, args),
            18 => Accept4(t, args),
            19 => CompatMessages.Recvmmsg(t, args),
            _ => CompatMessages.Sendmmsg(t, args),
        };
    }

    /// <summary>What is wrong with a descriptor that has to be a socket; 0 for nothing. The kernel looks at it before it reads what the caller points to.</summary>
    public static long DescriptorError(ulong fd)
    {
        const int SOL_SOCKET = 1, SO_TYPE = 3;
        int type, length = sizeof(int);
        long error = Host.Sys.Call(Host.Nr.getsockopt, (int)fd, SOL_SOCKET, SO_TYPE, (long)&type, (long)&length);
        return error is -Errno.EBADF or -Errno.ENOTSOCK ? error : 0;
    }

    /// <summary>The result of a call on a socket, or what is wrong with the descriptor if that would have come first.</summary>
    public static long DescriptorFirst(ulong fd, long result)
    {
        if (result is not (-Errno.EMSGSIZE or -Errno.ENOPROTOOPT or EINVAL or EFAULT))
            return result;
        long error = DescriptorError(fd);
        return error != 0 ? error : result;
    }

    /// <summary>Makes a host copy of an address when it must be swapped. Lengths the kernel refuses are left for it to refuse.</summary>
    public static bool CopyAddress(GuestThread t, GuestAbi abi, ref ulong address, uint length, byte* host)
    {
        if (length is 0 or > SocketAddress.Largest)
            return true;
        Span<byte> copy = new(host, (int)length);
        if (!t.Memory.TryRead(address, copy))
            return false;
        SocketAddress.ToHost(abi, copy);
        address = (ulong)host;
        return true;
    }

    private static long WithAddress(GuestThread t, long number, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        byte* host = stackalloc byte[SocketAddress.Largest];
        ulong address = a.A2;
        if (abi.BigEndian && !CopyAddress(t, abi, ref address, (uint)a.A3, host))
            return EFAULT;
        return HostCall.Make(t, number, a.A1, address, a.A3);
    }

    // Calls that fill in an address and its length: (fd, address, length, flags) or recvfrom's six.
    private static long GivingAddress(GuestThread t, long number, ulong fd, ulong buffer, ulong size, ulong flags, ulong address, ulong lengthAt, ulong acceptFlags)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        bool receives = number == Host.Nr.recvfrom;
        if (!abi.BigEndian || (address == 0 && number is Host.Nr.recvfrom or Host.Nr.accept4))
            return receives ? HostCall.Make(t, number, fd, buffer, size, flags, address, lengthAt) : HostCall.Make(t, number, fd, address, lengthAt, acceptFlags);
        byte* host = stackalloc byte[SocketAddress.Largest];
        if (!t.Memory.TryReadWord(abi, lengthAt, out uint room))
            return EFAULT;
        int length = (int)room < 0 ? (int)room : (int)Math.Min(room, SocketAddress.Largest);
        long result = receives
            ? HostCall.Make(t, number, fd, buffer, size, flags, (ulong)host, (ulong)&length)
            : HostCall.Make(t, number, fd, (ulong)host, (ulong)&length, acceptFlags);
        if (result < 0)
            return result;
        Span<byte> given = new(host, (int)Math.Min((uint)length, room));
        SocketAddress.ToGuest(abi, given);
        return t.Memory.TryWrite(address, given) && t.Memory.TryWriteWord(abi, lengthAt, (uint)length) ? result : EFAULT;
    }
}
