using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Threads;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Compat;

/// <summary>Calls about processes and threads whose structs tell their own size or version, or belong to the C library.</summary>
internal static unsafe class CompatProcesses
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;

    /// <summary>set_robust_list(2): {next, offset, pending}, 12 bytes; see <see cref="RobustList"/>.</summary>
    public static long SetRobustList(GuestThread t, in SysArgs a)
    {
        if ((uint)a.A2 != RobustList.HeadBytes)
            return EINVAL;
        t.RobustHead = a.A1;
        return 0;
    }

    /// <summary>get_robust_list(2), of the calling thread; of others nothing is known but what the host lets see.</summary>
    public static long GetRobustList(GuestThread t, in SysArgs a)
    {
        ulong* host = stackalloc ulong[2];
        bool own = a.Int1 == 0 || a.Int1 == t.Tid;
        long result = own ? 0 : HostCall.Make(t, Nr.get_robust_list, a.A1, (ulong)host, (ulong)(host + 1));
        if (result != 0)
            return result;
        return t.Memory.TryWriteWord(a.A3, RobustList.HeadBytes) && t.Memory.TryWriteWord(a.A2, own ? t.RobustHead : 0) ? 0 : EFAULT;
    }

    /// <summary>waitid(2): of struct siginfo the kernel writes six ints (kernel/exit.c), of which the last three lie behind padding on the host.</summary>
    public static long Waitid(GuestThread t, in SysArgs a)
    {
        const int Ints = 6, HostSize = 128;
        ReadOnlySpan<int> places = [0, 1, 2, 4, 5, 6];
        int* info = stackalloc int[HostSize / sizeof(int)];
        StructConverter converter = t.Process.Compat!.Converter("rusage");
        byte* usage = stackalloc byte[converter.HostSize];
        bool wantsUsage = a.A5 != 0;
        long result = WaitCalls.Waitid(t, a with { A3 = (ulong)info, A5 = wantsUsage ? (ulong)usage : 0 });
        if (result == SysResult.Restart)
            return result;
        for (int i = 0; a.A3 != 0 && i < Ints; i++)
            if (!t.Memory.TryWriteInt(a.A3 + (ulong)(i * sizeof(int)), info[places[i]]))
                return EFAULT;
        // Without a child that changed, the kernel leaves the usage alone.
        return !wantsUsage || info[0] == 0 || t.Process.Compat.TryWrite(t.Memory, a.A5, "rusage", new ReadOnlySpan<byte>(usage, converter.HostSize)) ? result : EFAULT;
    }

    /// <summary>sched_setaffinity(2): the mask is an array of 32-bit words.</summary>
    public static long SchedSetaffinity(GuestThread t, in SysArgs a)
    {
        byte[] mask = new byte[(Math.Min((uint)a.A2, MaskBytes) + 7) & ~7];
        if (!t.Memory.TryRead(a.A3, mask.AsSpan(0, (int)Math.Min((uint)a.A2, MaskBytes))))
            return EFAULT;
        SwapWords(t, mask);
        fixed (byte* host = mask)
            return HostCall.Make(t, Nr.sched_setaffinity, a.A1, (ulong)mask.Length, (ulong)host);
    }

    /// <summary>sched_getaffinity(2): returns how many bytes of the mask were written.</summary>
    public static long SchedGetaffinity(GuestThread t, in SysArgs a)
    {
        uint length = (uint)a.A2;
        if ((length & 3) != 0)
            return EINVAL;
        byte[] mask = new byte[(Math.Min(length, MaskBytes) + 7) & ~7];
        long got;
        fixed (byte* host = mask)
            got = HostCall.Make(t, Nr.sched_getaffinity, a.A1, (ulong)mask.Length, (ulong)host);
        if (Sys.IsError(got))
            return got;
        SwapWords(t, mask);
        int shown = (int)Math.Min(got, length);
        return t.Memory.TryWrite(a.A3, mask.AsSpan(0, shown)) ? shown : EFAULT;
    }

    private const uint MaskBytes = 8192;

    private static void SwapWords(GuestThread t, Span<byte> mask)
    {
        if (!t.Process.Compat!.Abi.BigEndian)
            return;
        for (int i = 0; i + 4 <= mask.Length; i += 4)
            mask.Slice(i, 4).Reverse();
    }

    /// <summary>sched_setattr(2): the struct begins with its size, 48 bytes in the first version.</summary>
    public static long SchedSetattr(GuestThread t, in SysArgs a)
    {
        if (!t.Process.Compat!.Abi.BigEndian)
            return HostCall.Make(t, Nr.sched_setattr, a.A1, a.A2, a.A3);
        const int First = 48, Known = 56;
        if (a.A2 == 0 || (int)a.A1 < 0 || a.A3 != 0)
            return EINVAL;
        if (!t.Memory.TryReadWord(a.A2, out ulong said))
            return EFAULT;
        int size = said == 0 ? First : (int)Math.Min(said, Known);
        Span<byte> raw = stackalloc byte[Known];
        raw.Clear();
        if (said is > 0 and < First || !t.Memory.TryRead(a.A2, raw[..size]))
            return said is > 0 and < First ? -Errno.E2BIG : EFAULT;
        byte* host = stackalloc byte[Known];
        t.Process.Compat.Converter("sched_attr").ToHost(raw[..size], new Span<byte>(host, Known));
        *(uint*)host = (uint)size;
        return HostCall.Make(t, Nr.sched_setattr, a.A1, (ulong)host, a.A3);
    }

    /// <summary>sched_getattr(2): pid, struct, its size, flags.</summary>
    public static long SchedGetattr(GuestThread t, in SysArgs a)
    {
        if (!t.Process.Compat!.Abi.BigEndian)
            return HostCall.Make(t, Nr.sched_getattr, a.A1, a.A2, a.A3, a.A4);
        const int Known = 56;
        byte* host = stackalloc byte[Known];
        ulong size = Math.Min((uint)a.A3, Known);
        long result = HostCall.Make(t, Nr.sched_getattr, a.A1, a.A2 == 0 ? 0 : (ulong)host, size, a.A4);
        if (result != 0)
            return result;
        Span<byte> raw = stackalloc byte[(int)size];
        t.Process.Compat.Converter("sched_attr").ToGuest(new ReadOnlySpan<byte>(host, (int)size), raw);
        return t.Memory.TryWrite(a.A2, raw) ? 0 : EFAULT;
    }

    /// <summary>capget(2) and capset(2): the version in the header says how many data structs there are, and is put right when unknown.</summary>
    public static long Capabilities(GuestThread t, in SysArgs a)
    {
        const uint Version1 = 0x19980330;
        long number = t.Process.Compat!.Call((int)a.Number)!.Row.Name == "capget" ? Nr.capget : Nr.capset;
        if (!t.Process.Compat.Abi.BigEndian)
            return HostCall.Make(t, number, a.A1, a.A2);
        Span<byte> raw = stackalloc byte[8], sets = stackalloc byte[24];
        if (!t.Memory.TryRead(a.A1, raw))
            return EFAULT;
        uint* header = stackalloc uint[2], data = stackalloc uint[6];
        (header[0], header[1]) = (BinaryPrimitives.ReadUInt32BigEndian(raw), BinaryPrimitives.ReadUInt32BigEndian(raw[4..]));
        sets = sets[..(header[0] == Version1 ? 12 : 24)];
        if (number == Nr.capset && a.A2 != 0 && !t.Memory.TryRead(a.A2, sets))
            return EFAULT;
        for (int i = 0; i < sets.Length / 4; i++)
            data[i] = BinaryPrimitives.ReadUInt32BigEndian(sets[(4 * i)..]);
        long result = HostCall.Make(t, number, (ulong)header, a.A2 == 0 ? 0 : (ulong)data);
        if (!t.Memory.TryWriteInt(a.A1, (int)header[0]))
            return EFAULT;
        if (result != 0 || number == Nr.capset || a.A2 == 0)
            return result;
        for (int i = 0; i < sets.Length / 4; i++)
            BinaryPrimitives.WriteUInt32BigEndian(sets[(4 * i)..], data[i]);
        return t.Memory.TryWrite(a.A2, sets) ? 0 : EFAULT;
    }

    /// <summary>name_to_handle_at(2): struct file_handle {bytes, type, ...}; the place for the mount id is written too.</summary>
    public static long NameToHandleAt(GuestThread t, in SysArgs a)
    {
        const int AT_HANDLE_MNT_ID_UNIQUE = 1, HeaderBytes = 8, MostBytes = 128;
        if (!t.Process.Compat!.Abi.BigEndian)
            return HostCall.Make(t, Nr.name_to_handle_at, a.A1, a.A2, a.A3, a.A4, a.A5);
        byte* handle = stackalloc byte[HeaderBytes + MostBytes];
        if (!t.Memory.TryReadWord(a.A3, out ulong room))
            return EFAULT;
        if (room > MostBytes)
            return EINVAL;
        *(uint*)handle = (uint)room;
        ulong mount = 0;
        long result = HostCall.Make(t, Nr.name_to_handle_at, a.A1, a.A2, (ulong)handle, (ulong)&mount, a.A5);
        if (result != 0 && result != -Errno.EOVERFLOW)
            return result;
        bool wide = (a.Int5 & AT_HANDLE_MNT_ID_UNIQUE) != 0;
        Span<byte> id = stackalloc byte[wide ? 8 : 4];
        GuestNumber.Write(id, bigEndian: true, mount);
        int bytes = (int)Math.Min(*(uint*)handle, (uint)room);
        bool written = t.Memory.TryWriteInt(a.A3, *(int*)handle) && t.Memory.TryWriteInt(a.A3 + 4, *(int*)(handle + 4)) && t.Memory.TryWrite(a.A4, id)
            && (result != 0 || t.Memory.TryWrite(a.A3 + HeaderBytes, new ReadOnlySpan<byte>(handle + HeaderBytes, bytes)));
        return written ? result : EFAULT;
    }

    /// <summary>open_by_handle_at(2).</summary>
    public static long OpenByHandleAt(GuestThread t, in SysArgs a)
    {
        const int HeaderBytes = 8, MostBytes = 128;
        ulong flags = t.Process.Compat!.Flags("open") is { } map ? map.ToHost(a.A3) : a.A3;
        if (!t.Process.Compat.Abi.BigEndian)
            return HostCall.Make(t, Nr.open_by_handle_at, a.A1, a.A2, flags);
        byte* handle = stackalloc byte[HeaderBytes + MostBytes];
        if (!t.Memory.TryReadWord(a.A2, out ulong bytes) || !t.Memory.TryReadWord(a.A2 + 4, out ulong type))
            return EFAULT;
        if (bytes is 0 or > MostBytes)
            return EINVAL;
        (*(uint*)handle, *(uint*)(handle + 4)) = ((uint)bytes, (uint)type);
        return t.Memory.TryRead(a.A2 + HeaderBytes, new Span<byte>(handle + HeaderBytes, (int)bytes))
            ? HostCall.Make(t, Nr.open_by_handle_at, a.A1, (ulong)handle, flags) : EFAULT;
    }

    /// <summary>
    /// bpf(2). Programs and maps hold the host's byte order, so that a big-endian guest finds a kernel without it, if it may ask at all.
    /// </summary>
    public static long Bpf(GuestThread t, in SysArgs a)
    {
        if (!t.Process.Compat!.Abi.BigEndian)
            return CompatCalls.AsHost(t, a);
        const int AttributeBytes = 64;
        byte* nothing = stackalloc byte[AttributeBytes];
        new Span<byte>(nothing, AttributeBytes).Clear();
        return HostCall.Make(t, Nr.bpf, BPF_MAP_CREATE, (ulong)nothing, AttributeBytes) == -Errno.EPERM ? -Errno.EPERM : LittleEndianOnly(t, a);
    }

    private const ulong BPF_MAP_CREATE = 0;

    /// <summary>Calls whose structs are not described: the same on i386, unknown to a big-endian guest's kernel.</summary>
    public static long LittleEndianOnly(GuestThread t, in SysArgs a)
    {
        if (t.Process.Compat!.Abi.BigEndian)
        {
            t.Process.ReportUnimplemented(a.Number);
            return -Errno.ENOSYS;
        }

        return CompatCalls.AsHost(t, a);
    }
}
