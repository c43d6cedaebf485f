using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>sendmsg(2), recvmsg(2) and their plural forms: struct msghdr, vectors, ancillary data; netlink payloads of big-endian guests.</summary>
internal static unsafe class CompatMessages
{
    private const long EFAULT = -Errno.EFAULT;
    private const int GuestHeader = 28, GuestPluralHeader = 32, FlagsOffset = 24, MostVectors = 1024, ArenaBytes = 1024;
    private const int MSG_CTRUNC = 8, MSG_DONTWAIT = 0x40, MSG_WAITFORONE = 0x10000, MSG_OOB = 1;

    /// <summary>The host's struct msghdr.</summary>
    private struct Header
    {
        public ulong Name;
        public uint NameLength;
        public ulong Vectors, VectorCount, Control, ControlLength;
        public int Flags;
    }

    public static long Sendmsg(GuestThread t, in SysArgs a) => CompatSockets.DescriptorFirst(a.A1, SendOne(t, a.A1, a.A2, a.A3));

    public static long Recvmsg(GuestThread t, in SysArgs a) => CompatSockets.DescriptorFirst(a.A1, ReceiveOne(t, a.A1, a.A2, a.A3));

    /// <summary>sendmmsg(2): as the kernel's, one message after the other; an error counts only for the first.</summary>
    public static long Sendmmsg(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        uint count = Math.Min((uint)a.A3, MostVectors);
        for (uint i = 0; i < count; i++)
        {
            ulong header = a.A2 + i * GuestPluralHeader;
            long result = SendOne(t, a.A1, header, a.A4);
            if (result >= 0 && !t.Memory.TryWriteWord(abi, header + GuestHeader, (uint)result))
                result = EFAULT;
            if (result < 0)
                return i == 0 ? CompatSockets.DescriptorFirst(a.A1, result) : i;
        }

        return count != 0 ? count : CompatSockets.DescriptorError(a.A1);
    }

    /// <summary>recvmmsg(2) with the timeout's members as C longs.</summary>
    public static long Recvmmsg(GuestThread t, in SysArgs a) => ReceiveMany(t, a, "ll"u8);

    /// <summary>recvmmsg(2) with a 64-bit timeout.</summary>
    public static long RecvmmsgTime64(GuestThread t, in SysArgs a) => ReceiveMany(t, a, "qu"u8);

    /// <summary>A copy of a netlink message the guest sends, for the host. Null when the guest's address is bad.</summary>
    public static byte[]? ReadNetlink(GuestThread t, DescriptorKind kind, ulong address, ulong length)
    {
        byte[] data = new byte[length];
        if (!t.Memory.TryRead(address, data))
            return null;
        NetlinkMessages.ToHost(GuestWords.AbiOf(t), kind - DescriptorKind.Netlink, data);
        return data;
    }

    /// <summary>Swaps netlink messages the host wrote into the guest's memory.</summary>
    public static bool TurnNetlink(GuestThread t, DescriptorKind kind, ulong address, ulong length)
    {
        byte[] data = new byte[length];
        if (!t.Memory.TryRead(address, data))
            return false;
        NetlinkMessages.ToGuest(GuestWords.AbiOf(t), kind - DescriptorKind.Netlink, data);
        return t.Memory.TryWrite(address, data);
    }

    // The kernel's do_recvmmsg: the timeout is looked at between messages only.
    private static long ReceiveMany(GuestThread t, in SysArgs a, ReadOnlySpan<byte> timespec)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        long* time = stackalloc long[2];
        long end = long.MaxValue;
        if (a.A5 != 0)
        {
            if (!t.Memory.TryReadStruct(abi, timespec, a.A5, new Span<byte>(time, 16)))
                return EFAULT;
            if (time[0] < 0 || (ulong)time[1] >= 1_000_000_000)
                return -Errno.EINVAL;
            end = time[0] > 1_000_000_000 ? long.MaxValue : Now() + time[0] * 1_000_000_000 + time[1];
        }

        ulong flags = a.A4 & ~(ulong)MSG_WAITFORONE;
        uint count = Math.Min((uint)a.A3, MostVectors), done = 0;
        long result = count != 0 ? 0 : CompatSockets.DescriptorError(a.A1);
        while (done < count)
        {
            ulong header = a.A2 + done * GuestPluralHeader;
            result = CompatSockets.DescriptorFirst(a.A1, ReceiveOne(t, a.A1, header, flags));
            if (result >= 0 && !t.Memory.TryWriteWord(abi, header + GuestHeader, (uint)result))
                result = EFAULT;
            if (result < 0)
                break;
            done++;
            if ((a.A4 & MSG_WAITFORONE) != 0)
                flags |= MSG_DONTWAIT;
            if (end != long.MaxValue && Now() >= end)
                break;
            if (t.Memory.TryReadWord(abi, header + FlagsOffset, out uint got) && (got & MSG_OOB) != 0)
                break;
        }

        if (a.A5 != 0 && done > 0)
        {
            long left = end == long.MaxValue ? 0 : Math.Max(0, end - Now());
            (time[0], time[1]) = (left / 1_000_000_000, left % 1_000_000_000);
            if (end != long.MaxValue && !t.Memory.TryWriteStruct(abi, timespec, a.A5, new ReadOnlySpan<byte>(time, 16)))
                return EFAULT;
        }

        return done > 0 ? done : result;
    }

    private static long SendOne(GuestThread t, ulong fd, ulong message, ulong flags)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        byte* room = stackalloc byte[ArenaBytes];
        HostArena arena = new(room, ArenaBytes);
        try
        {
            Header header;
            long error = ReadHeader(t, abi, message, &header, ref arena);
            if (error != 0)
                return error;
            if (abi.BigEndian && header.Name != 0)
            {
                ulong name = header.Name;
                if (!CompatSockets.CopyAddress(t, abi, ref name, header.NameLength, arena.Take(SocketAddress.Largest)))
                    return EFAULT;
                header.Name = name;
            }

            if (header.Control != 0 && header.ControlLength != 0)
            {
                error = SendControl(t, abi, &header, ref arena);
                if (error != 0)
                    return error;
            }

            DescriptorKind kind = t.Process.Compat!.Kinds[(int)fd];
            if (kind >= DescriptorKind.Netlink)
            {
                error = GatherNetlink(t, kind, &header, ref arena);
                if (error != 0)
                    return error;
            }

            return HostCall.Make(t, Nr.sendmsg, fd, (ulong)&header, flags);
        }
        finally
        {
            arena.Dispose();
        }
    }

    private static long ReceiveOne(GuestThread t, ulong fd, ulong message, ulong flags)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        byte* room = stackalloc byte[ArenaBytes];
        HostArena arena = new(room, ArenaBytes);
        try
        {
            Header header;
            long error = ReadHeader(t, abi, message, &header, ref arena);
            if (error != 0)
                return error;
            (ulong name, uint nameRoom) = (header.Name, header.NameLength);
            (ulong control, int controlRoom) = (header.Control, (int)Math.Min(header.ControlLength, 1 << 20));
            if (name != 0 && abi.BigEndian)
            {
                header.Name = (ulong)arena.Take(SocketAddress.Largest);
                header.NameLength = Math.Min(nameRoom, SocketAddress.Largest);
            }

            if (control != 0 && controlRoom != 0)
            {
                header.ControlLength = (ulong)ControlMessages.HostRoom(controlRoom);
                header.Control = (ulong)arena.Take(header.ControlLength);
                if (header.Control == 0)
                    return -Errno.ENOMEM;
            }

            long got = HostCall.Make(t, Nr.recvmsg, fd, (ulong)&header, flags);
            if (got < 0)
                return got;
            DescriptorKind kind = t.Process.Compat!.Kinds[(int)fd];
            if (kind >= DescriptorKind.Netlink && !ScatterNetlink(t, kind, header, (ulong)got))
                return EFAULT;
            if (name != 0 && abi.BigEndian)
            {
                Span<byte> address = new((byte*)header.Name, (int)Math.Min(header.NameLength, Math.Min(nameRoom, SocketAddress.Largest)));
                SocketAddress.ToGuest(abi, address);
                if (!t.Memory.TryWrite(name, address))
                    return EFAULT;
            }

            uint controlLength = 0;
            if (control != 0 && controlRoom != 0 && !ReceiveControl(t, abi, &header, control, controlRoom, out controlLength))
                return EFAULT;
            // msg_namelen only when there is a name, as the kernel does; then msg_controllen and msg_flags.
            bool written = (name == 0 || t.Memory.TryWriteWord(abi, message + 4, header.NameLength))
                && t.Memory.TryWriteWord(abi, message + 20, controlLength)
                && t.Memory.TryWriteWord(abi, message + FlagsOffset, (uint)header.Flags);
            return written ? got : EFAULT;
        }
        finally
        {
            arena.Dispose();
        }
    }

    private static long ReadHeader(GuestThread t, GuestAbi abi, ulong message, Header* header, ref HostArena arena)
    {
        if (!t.Memory.TryReadStruct(abi, "pippppi"u8, message, new Span<byte>(header, sizeof(Header))))
            return EFAULT;
        if (header->VectorCount > MostVectors)
            return -Errno.EMSGSIZE;
        if ((int)header->NameLength < 0)
            return -Errno.EINVAL;
        int count = (int)header->VectorCount;
        byte* raw = arena.Take((ulong)count * 8), vectors = arena.Take((ulong)count * 16);
        if (raw is null || vectors is null)
            return -Errno.ENOMEM;
        if (!t.Memory.TryRead(header->Vectors, new Span<byte>(raw, count * 8)))
            return EFAULT;
        StructCode.ToHost("(pl)1024"u8, abi, new ReadOnlySpan<byte>(raw, count * 8), new Span<byte>(vectors, count * 16));
        header->Vectors = (ulong)vectors;
        return 0;
    }

    private static long SendControl(GuestThread t, GuestAbi abi, Header* header, ref HostArena arena)
    {
        const int Most = 1 << 20;
        if (header->ControlLength > Most)
            return -Errno.ENOBUFS;
        int length = (int)header->ControlLength;
        byte* raw = arena.Take((ulong)length);
        int hostRoom = ControlMessages.HostRoom(length);
        byte* host = arena.Take((ulong)hostRoom);
        if (raw is null || host is null)
            return -Errno.ENOMEM;
        if (!t.Memory.TryRead(header->Control, new Span<byte>(raw, length)))
            return EFAULT;
        int used = ControlMessages.ToHost(abi, new ReadOnlySpan<byte>(raw, length), new Span<byte>(host, hostRoom));
        if (used < 0)
            return used;
        (header->Control, header->ControlLength) = ((ulong)host, (ulong)used);
        return 0;
    }

    private static bool ReceiveControl(GuestThread t, GuestAbi abi, Header* header, ulong control, int room, out uint length)
    {
        byte[] guest = new byte[room];
        List<int> lost = [];
        ReadOnlySpan<byte> host = new((byte*)header->Control, (int)header->ControlLength);
        length = (uint)ControlMessages.ToGuest(abi, host, guest, out bool truncated, lost);
        foreach (int fd in lost)
            Sys.Call(Nr.close, fd);
        if (truncated)
            header->Flags |= MSG_CTRUNC;
        if (abi.BigEndian)
            LearnReceived(t, abi, guest.AsSpan(0, (int)length));
        return t.Memory.TryWrite(control, guest.AsSpan(0, (int)length));
    }

    private static void LearnReceived(GuestThread t, GuestAbi abi, ReadOnlySpan<byte> control)
    {
        const int HeaderSize = 12;
        while (control.Length >= HeaderSize)
        {
            int length = Math.Min(abi.I32(control), control.Length);
            if (abi.I32(control, 4) == SocketOption.SOL_SOCKET && abi.I32(control, 8) == ControlMessages.SCM_RIGHTS)
                for (int at = HeaderSize; at + 4 <= length; at += 4)
                    t.Process.Compat!.Kinds.Learn(abi.I32(control, at));
            control = control[Math.Min(control.Length, Math.Max(length, HeaderSize) + 3 & ~3)..];
        }
    }

    // One piece, swapped, in place of the guest's vectors.
    private static long GatherNetlink(GuestThread t, DescriptorKind kind, Header* header, ref HostArena arena)
    {
        ulong total = 0;
        ulong* vectors = (ulong*)header->Vectors;
        for (ulong i = 0; i < header->VectorCount; i++)
            total += vectors[2 * i + 1];
        byte* data = arena.Take(total);
        if (data is null)
            return -Errno.ENOBUFS;
        ulong at = 0;
        for (ulong i = 0; i < header->VectorCount; at += vectors[2 * i + 1], i++)
            if (!t.Memory.TryRead(vectors[2 * i], new Span<byte>(data + at, (int)vectors[2 * i + 1])))
                return EFAULT;
        NetlinkMessages.ToHost(GuestWords.AbiOf(t), kind - DescriptorKind.Netlink, new Span<byte>(data, (int)total));
        if (header->VectorCount == 0)
            return 0;
        (vectors[0], vectors[1], header->VectorCount) = ((ulong)data, total, 1);
        return 0;
    }

    private static bool ScatterNetlink(GuestThread t, DescriptorKind kind, in Header header, ulong got)
    {
        ulong* vectors = (ulong*)header.Vectors;
        ulong room = 0;
        for (ulong i = 0; i < header.VectorCount; i++)
            room += vectors[2 * i + 1];
        byte[] data = new byte[Math.Min(got, room)];
        for (int pass = 0; pass < 2; pass++)
        {
            int at = 0;
            for (ulong i = 0; i < header.VectorCount && at < data.Length; i++)
            {
                Span<byte> part = data.AsSpan(at, (int)Math.Min(vectors[2 * i + 1], (ulong)(data.Length - at)));
                if (!(pass == 0 ? t.Memory.TryRead(vectors[2 * i], part) : t.Memory.TryWrite(vectors[2 * i], part)))
                    return false;
                at += part.Length;
            }

            if (pass == 0)
                NetlinkMessages.ToGuest(GuestWords.AbiOf(t), kind - DescriptorKind.Netlink, data);
        }

        return true;
    }

    private static long Now()
    {
        long* time = stackalloc long[2];
        const int CLOCK_MONOTONIC = 1;
        Sys.Call(Nr.clock_gettime, CLOCK_MONOTONIC, (long)time);
        return time[0] * 1_000_000_000 + time[1];
    }
}
