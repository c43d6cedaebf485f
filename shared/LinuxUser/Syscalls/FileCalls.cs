using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Calls on descriptors by which a guest could close, replace or find the emulator's own.</summary>
public static unsafe class FileCalls
{
    private const long EBADF = -Errno.EBADF;

    public static long Close(GuestThread t, in SysArgs a) => IsInternal(t, a.Int1) ? EBADF : t.BlockingCall(Nr.close, a.A1);

    /// <summary>
    /// dup2(2). A number the emulator uses cannot be had. Programs that choose a free number ask fcntl first, which is not intercepted
    /// and says that this one is taken.
    /// </summary>
    public static long Dup2(GuestThread t, in SysArgs a) =>
        IsInternal(t, a.Int1) || IsInternal(t, a.Int2) ? EBADF : t.BlockingCall(Nr.dup2, a.A1, a.A2);

    /// <inheritdoc cref="Dup2"/>
    public static long Dup3(GuestThread t, in SysArgs a) =>
        IsInternal(t, a.Int1) || IsInternal(t, a.Int2) ? EBADF : t.BlockingCall(Nr.dup3, a.A1, a.A2, a.A3);

    /// <summary>close_range(2), around the emulator's descriptors.</summary>
    public static long CloseRange(GuestThread t, in SysArgs a)
    {
        const uint CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4;
        (uint first, uint last, uint flags) = ((uint)a.A1, (uint)a.A2, (uint)a.A3);
        if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0 || first > last)
            return -Errno.EINVAL;
        int[] kept = InternalDescriptors.HiddenFrom(t.Process);
        Span<(uint First, uint Last)> parts = new (uint, uint)[kept.Length + 1];
        parts = parts[..InternalDescriptors.Split(first, last, kept, parts)];
        foreach ((uint from, uint to) in parts)
        {
            long result = t.BlockingCall(Nr.close_range, from, to, flags);
            if (result != 0)
                return result;
        }

        return 0;
    }

    public static long Getdents(GuestThread t, in SysArgs a) => List(t, a, Nr.getdents, DirectoryEntries.NameOffset);

    public static long Getdents64(GuestThread t, in SysArgs a) => List(t, a, Nr.getdents64, DirectoryEntries.NameOffset64);

    /// <summary>ioctl(2) of a guest whose commands are the host's.</summary>
    public static long Ioctl(GuestThread t, in SysArgs a)
    {
        const uint DirectionTypeNumber = 0xC000_FFFF;
        uint key = (uint)a.A2 & DirectionTypeNumber;
        if (key == MapQuery.Key && MapQuery.Serve(t, a.Int1, a.A3) is { } served)
            return served;
        return SeccompListener.Ioctl(t, a.Int1, key, a.A3) ?? HostCall.Make(t, Nr.ioctl, a.A1, a.A2, a.A3);
    }

    private static bool IsInternal(GuestThread t, int fd) => InternalDescriptors.Hide(t.Process, fd);

    // A result of 0 would mean the end of the directory: when all entries of one call were hidden, the next ones are asked for.
    private static long List(GuestThread t, in SysArgs a, long number, int nameOffset)
    {
        while (true)
        {
            long got = HostCall.Make(t, number, a.A1, a.A2, a.A3);
            if (got <= 0)
                return got;
            long kept = Thin(t, a.Int1, a.A2, (int)got, nameOffset);
            if (kept != 0)
                return kept;
        }
    }

    // Only directories whose names are numbers are looked at closer, so that ordinary listings cost nothing more.
    private static long Thin(GuestThread t, int directory, ulong buffer, int length, int nameOffset)
    {
        const int Glance = 256;
        Span<byte> start = stackalloc byte[Glance];
        start = start[..Math.Min(Glance, length)];
        if (!t.Memory.TryRead(buffer, start) || !StartsWithNumbers(start, nameOffset))
            return length;
        ProcName name = ProcName.Parse(GuestText.ToBytes(GuestMemory.DescriptorPath(directory)), (int)Sys.Call(Nr.getpid), t.Tid);
        if (name.File is not (ProcFile.TaskDirectory or ProcFile.DescriptorDirectory) || ProcTruth.Subject(t, name) is not { } subject)
            return length;
        byte[] entries = new byte[length];
        if (!t.Memory.TryRead(buffer, entries))
            return length;
        DirectoryEntries reader = new(entries, nameOffset);
        while (reader.Next())
        {
            bool hidden = ProcName.TryNumber(reader.Name, out int number)
                && (name.File == ProcFile.TaskDirectory ? !subject.IsVisibleThread(number) : subject.HidesDescriptor(number));
            if (!hidden)
                reader.Keep();
        }

        return t.Memory.TryWrite(buffer, entries.AsSpan(0, reader.KeptBytes)) ? reader.KeptBytes : -Errno.EFAULT;
    }

    private static bool StartsWithNumbers(Span<byte> start, int nameOffset)
    {
        DirectoryEntries reader = new(start, nameOffset);
        while (reader.Next())
            if (!reader.Name.SequenceEqual("."u8) && !reader.Name.SequenceEqual(".."u8))
                return ProcName.TryNumber(reader.Name, out _);
        return false;
    }
}
