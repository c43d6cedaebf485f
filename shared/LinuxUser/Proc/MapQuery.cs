using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>PROCMAP_QUERY (linux/fs.h), the ioctl on /proc/PID/maps: answered from the text that was made for the guest.</summary>
internal static class MapQuery
{
    /// <summary>Direction, type and number of the command, as the host has them, without the size.</summary>
    public const uint Key = IoctlTable.Read | IoctlTable.Write | 'f' << 8 | 17;

    private const int Size = 104, FlagsAt = 8, AddressAt = 16, StartAt = 24, EndAt = 32, VmaFlagsAt = 40, PageSizeAt = 48, OffsetAt = 56, InodeAt = 64, MajorAt = 72,
        MinorAt = 76, NameSizeAt = 80, BuildIdSizeAt = 84, NameAt = 88, BuildIdAt = 96;
    private const ulong Permissions = 0xF, CoveringOrNext = 0x10, FileBacked = 0x20;

    /// <summary>Serves the call when the descriptor is such a text; null when it is the host's to answer.</summary>
    public static long? Serve(GuestThread t, int fd, ulong argument)
    {
        string label = GuestMemory.DescriptorPath(fd);
        if (!label.StartsWith("/memfd:proc/", StringComparison.Ordinal) || !label.Contains("maps", StringComparison.Ordinal))
            return null;
        bool bigEndian = t.Process.Compat?.Abi.BigEndian ?? false;
        Span<byte> query = stackalloc byte[Size];
        if (!t.Memory.TryRead(argument, query))
            return -Errno.EFAULT;
        ulong Get(ReadOnlySpan<byte> from, int at, int bytes = 8) => GuestNumber.Read(from.Slice(at, bytes), bigEndian, signed: false);
        if (Get(query, 0) < Size)
            return -Errno.EINVAL;
        ulong flags = Get(query, FlagsAt), address = Get(query, AddressAt), nameSize = Get(query, NameSizeAt, 4);
        bool noName = nameSize == 0, noId = Get(query, BuildIdSizeAt, 4) == 0;
        if ((flags & ~(Permissions | CoveringOrNext | FileBacked)) != 0 || noName != (Get(query, NameAt) == 0) || noId != (Get(query, BuildIdAt) == 0))
            return -Errno.EINVAL;
        if (Find(t, flags, address) is not { } found)
            return -Errno.ENOENT;
        void Put(Span<byte> into, int at, ulong value, int bytes = 8) => GuestNumber.Write(into.Slice(at, bytes), bigEndian, value);
        Put(query, StartAt, found.Vma.Start);
        Put(query, EndAt, found.Vma.End);
        Put(query, VmaFlagsAt, Flags(found.Vma));
        Put(query, PageSizeAt, GuestMemory.PageSize);
        Put(query, OffsetAt, found.Vma.Inode != 0 ? found.Vma.Offset : 0);
        Put(query, InodeAt, found.Text.Inode);
        int colon = found.Text.Device.IndexOf(':');
        Put(query, MajorAt, Convert.ToUInt32(found.Text.Device[..colon], 16), 4);
        Put(query, MinorAt, Convert.ToUInt32(found.Text.Device[(colon + 1)..], 16), 4);
        byte[] name = found.Text.Name.Length == 0 ? [] : [.. GuestText.ToBytes(found.Text.Name), 0];
        if (!noName && (ulong)name.Length > nameSize)
            return -Errno.ENAMETOOLONG;
        Put(query, NameSizeAt, noName ? 0 : (ulong)name.Length, 4);
        Put(query, BuildIdSizeAt, 0, 4);
        return t.Memory.TryWrite(argument, query) && (noName || t.Memory.TryWrite(Get(query, NameAt), name)) ? 0 : -Errno.EFAULT;
    }

    private static (Vma Vma, HostMapping Text)? Find(GuestThread t, ulong flags, ulong address)
    {
        Vma[] all = t.Memory.Snapshot();
        foreach (Vma vma in all)
        {
            if (vma.End <= address)
                continue;
            if (vma.Start > address && (flags & CoveringOrNext) == 0)
                return null;
            if ((Flags(vma) & flags & Permissions) == (flags & Permissions) && ((flags & FileBacked) == 0 || vma.Inode != 0))
                return (vma, HostMapping.Parse(MapsText.Maps([vma], HostMapping.Own()))[0]);
            if ((flags & CoveringOrNext) == 0)
                return null;
        }

        return null;
    }

    private static ulong Flags(Vma vma)
    {
        ulong readable = (vma.Protection & Linux.PROT_READ) != 0 ? 1UL : 0, writable = vma.IsWritable ? 2UL : 0;
        return readable | writable | (vma.IsExecutable ? 4UL : 0) | (vma.Shared ? 8UL : 0);
    }
}
