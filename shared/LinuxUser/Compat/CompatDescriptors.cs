using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// Calls that make, copy and close descriptors, and reading and writing them, for guests of the other byte order: records of special
/// descriptors (<see cref="DescriptorKind"/>) are swapped on their way.
/// </summary>
internal static unsafe class CompatDescriptors
{
    private const long EFAULT = -Errno.EFAULT;
    private const int LargestRecord = 1 << 16, MostVectors = 1024;

    public static long MakeCounter(GuestThread t, in SysArgs a) => Make(t, a, DescriptorKind.Counter);

    public static long MakeSignals(GuestThread t, in SysArgs a) => Make(t, a, DescriptorKind.Signals);

    public static long MakeInotify(GuestThread t, in SysArgs a) => Make(t, a, DescriptorKind.Inotify);

    public static long MakeFanotify(GuestThread t, in SysArgs a) => Make(t, a, DescriptorKind.Fanotify);

    public static long MakePageFaults(GuestThread t, in SysArgs a) => Make(t, a, DescriptorKind.PageFaults);

    public static long Close(GuestThread t, in SysArgs a)
    {
        // Before the call: the number is another thread's as soon as it is closed.
        DescriptorKinds kinds = t.Process.Compat!.Kinds;
        DescriptorKind kind = kinds[a.Int1];
        kinds.Set(a.Int1, DescriptorKind.Plain);
        long result = CompatCalls.ByRow(t, a);
        if (result == SysResult.Restart)
            kinds.Set(a.Int1, kind);
        return result;
    }

    public static long CloseRange(GuestThread t, in SysArgs a)
    {
        const uint CLOSE_RANGE_CLOEXEC = 4;
        long result = CompatCalls.ByRow(t, a);
        if (result == 0 && ((uint)a.A3 & CLOSE_RANGE_CLOEXEC) == 0)
            t.Process.Compat!.Kinds.Forget((uint)a.A1, (uint)a.A2);
        return result;
    }

    /// <summary>dup, dup2 and dup3: the copy is of the same kind.</summary>
    public static long Duplicate(GuestThread t, in SysArgs a)
    {
        DescriptorKinds kinds = t.Process.Compat!.Kinds;
        long fd = CompatCalls.ByRow(t, a);
        if (fd >= 0)
            kinds.Set((int)fd, kinds[a.Int1]);
        return fd;
    }

    public static long PidfdGetfd(GuestThread t, in SysArgs a)
    {
        long fd = CompatCalls.ByRow(t, a);
        if (fd >= 0 && GuestWords.AbiOf(t).BigEndian)
            t.Process.Compat!.Kinds.Learn((int)fd);
        return fd;
    }

    public static long Read(GuestThread t, in SysArgs a)
    {
        long got = CompatCalls.ByRow(t, a);
        DescriptorKind kind = t.Process.Compat!.Kinds[a.Int1];
        if (kind == DescriptorKind.Plain || got <= 0)
            return got;
        byte[] data = new byte[got];
        if (!t.Memory.TryRead(a.A2, data))
            return EFAULT;
        Turn(GuestWords.AbiOf(t), kind, data, toHost: false);
        return t.Memory.TryWrite(a.A2, data) ? got : EFAULT;
    }

    public static long Write(GuestThread t, in SysArgs a)
    {
        DescriptorKind kind = t.Process.Compat!.Kinds[a.Int1];
        if (kind == DescriptorKind.Plain || a.A3 > LargestRecord)
            return CompatCalls.ByRow(t, a);
        byte[] data = new byte[a.A3];
        if (!t.Memory.TryRead(a.A2, data))
            return EFAULT;
        Turn(GuestWords.AbiOf(t), kind, data, toHost: true);
        fixed (byte* pointer = data)
            return HostCall.Make(t, Nr.write, a.A1, (ulong)pointer, a.A3);
    }

    public static long Readv(GuestThread t, in SysArgs a)
    {
        DescriptorKind kind = t.Process.Compat!.Kinds[a.Int1];
        if (kind == DescriptorKind.Plain)
            return CompatCalls.ByRow(t, a);
        byte[]? data = Gather(t, a, read: false);
        if (data is null)
            return EFAULT;
        fixed (byte* pointer = data)
        {
            long got = HostCall.Make(t, Nr.read, a.A1, (ulong)pointer, (ulong)data.Length);
            if (got <= 0)
                return got;
            Turn(GuestWords.AbiOf(t), kind, data.AsSpan(0, (int)got), toHost: false);
            return Scatter(t, a, data.AsSpan(0, (int)got)) ? got : EFAULT;
        }
    }

    public static long Writev(GuestThread t, in SysArgs a)
    {
        DescriptorKind kind = t.Process.Compat!.Kinds[a.Int1];
        if (kind == DescriptorKind.Plain)
            return CompatCalls.ByRow(t, a);
        byte[]? data = Gather(t, a, read: true);
        if (data is null)
            return EFAULT;
        Turn(GuestWords.AbiOf(t), kind, data, toHost: true);
        fixed (byte* pointer = data)
            return HostCall.Make(t, Nr.write, a.A1, (ulong)pointer, (ulong)data.Length);
    }

    /// <summary>Swaps the records of one reading or writing where they lie.</summary>
    public static void Turn(GuestAbi abi, DescriptorKind kind, Span<byte> data, bool toHost)
    {
        switch (kind)
        {
            case DescriptorKind.Counter:
                StructCode.SwapInPlace("q"u8, abi, data);
                break;
            case DescriptorKind.Signals:
                const int RecordSize = 128;
                for (; data.Length >= RecordSize; data = data[RecordSize..])
                    StructCode.SwapInPlace("i12q4hhiqi"u8, abi, data);
                break;
            case DescriptorKind.Inotify:
                Events(abi, data, "i4"u8, 16, lengthAt: 12, lengthCountsHead: false);
                break;
            case DescriptorKind.Fanotify when toHost:
                StructCode.SwapInPlace("ii"u8, abi, data);
                break;
            case DescriptorKind.Fanotify:
                Events(abi, data, "ibbhqii"u8, 24, lengthAt: 0, lengthCountsHead: true);
                break;
            case DescriptorKind.PageFaults:
                const int MessageSize = 32, UFFD_EVENT_PAGEFAULT = 0x12;
                for (; data.Length >= MessageSize; data = data[MessageSize..])
                    StructCode.SwapInPlace(data[0] == UFFD_EVENT_PAGEFAULT ? "b8qqi"u8 : "b8qqq"u8, abi, data);
                break;
            case >= DescriptorKind.Netlink when toHost:
                NetlinkMessages.ToHost(abi, kind - DescriptorKind.Netlink, data);
                break;
            case >= DescriptorKind.Netlink:
                NetlinkMessages.ToGuest(abi, kind - DescriptorKind.Netlink, data);
                break;
        }
    }

    // Heads with a length, to be skipped with what is behind them; the lengths are the host's.
    private static void Events(GuestAbi abi, Span<byte> data, ReadOnlySpan<byte> head, int size, int lengthAt, bool lengthCountsHead)
    {
        while (data.Length >= size)
        {
            uint length = BitConverter.ToUInt32(data[lengthAt..]);
            StructCode.SwapInPlace(head, abi, data);
            data = data[(int)Math.Min(lengthCountsHead ? Math.Max(length, (uint)size) : length + (uint)size, (uint)data.Length)..];
        }
    }

    private static long Make(GuestThread t, in SysArgs a, DescriptorKind kind)
    {
        long fd = CompatCalls.ByRow(t, a);
        if (fd >= 0 && GuestWords.AbiOf(t).BigEndian)
            t.Process.Compat!.Kinds.Set((int)fd, kind);
        return fd;
    }

    private static byte[]? Gather(GuestThread t, in SysArgs a, bool read)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        int count = (int)Math.Min(a.A3, MostVectors);
        byte[] vectors = new byte[count * 8];
        if (!t.Memory.TryRead(a.A2, vectors))
            return null;
        ulong total = 0;
        for (int i = 0; i < count; i++)
            total += abi.U32(vectors, i * 8 + 4);
        byte[] data = new byte[Math.Min(total, LargestRecord)];
        int at = 0;
        for (int i = 0; read && i < count && at < data.Length; i++)
        {
            int length = (int)Math.Min(abi.U32(vectors, i * 8 + 4), (uint)(data.Length - at));
            if (!t.Memory.TryRead(abi.U32(vectors, i * 8), data.AsSpan(at, length)))
                return null;
            at += length;
        }

        return data;
    }

    private static bool Scatter(GuestThread t, in SysArgs a, Span<byte> data)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        for (ulong at = a.A2; data.Length > 0; at += 8)
        {
            if (!t.Memory.TryReadWord(abi, at, out uint address) || !t.Memory.TryReadWord(abi, at + 4, out uint length))
                return false;
            int part = (int)Math.Min(length, (uint)data.Length);
            if (!t.Memory.TryWrite(address, data[..part]))
                return false;
            data = data[part..];
        }

        return true;
    }
}
