using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// Directories, for guests whose C library fails when an entry's inode or position has more than 32 bits. Inodes are folded
/// (<see cref="InodeNumber"/>). Positions that do not fit into 30 bits are handed out as a hash with bit 30 set; seeking to such a one
/// looks through the directory for the position that hashes to it, so that nothing has to be remembered, per descriptor or otherwise.
/// </summary>
internal static unsafe class CompatDirectories
{
    private const int SEEK_SET = 0, SEEK_CUR = 1, BufferBytes = 32768, LargestEntry = 280;
    private const uint HashBit = 0x4000_0000, S_IFMT = 0xF000, S_IFDIR = 0x4000;

    private enum Form
    {
        Old,
        Wide,
        Single,
    }

    /// <summary>The position a guest sees for one of the host: at most 31 bits.</summary>
    public static uint Cookie(ulong position)
    {
        const ulong Golden = 0x9E37_79B9_7F4A_7C15;
        return position < HashBit ? (uint)position : HashBit | (uint)(unchecked(position * Golden) >> 34);
    }

    public static long Getdents(GuestThread t, in SysArgs a) => List(t, a.Int1, a.A2, (uint)a.A3, Form.Old);

    public static long Getdents64(GuestThread t, in SysArgs a) => List(t, a.Int1, a.A2, (uint)a.A3, Form.Wide);

    /// <summary>readdir(2), the call: one entry, 1 when there was one.</summary>
    public static long Readdir(GuestThread t, in SysArgs a)
    {
        long got = List(t, a.Int1, a.A2, LargestEntry, Form.Single);
        return got > 0 ? 1 : got;
    }

    public static long Lseek(GuestThread t, in SysArgs a)
    {
        long result = Seek(t, a.Int1, a.Int2, a.Int3);
        return Sys.IsError(result) || result == (int)result ? result : -Errno.EOVERFLOW;
    }

    /// <summary>_llseek(2): fd, offset's high and low half, place for the result, whence.</summary>
    public static long Llseek(GuestThread t, in SysArgs a)
    {
        long result = Seek(t, a.Int1, (long)(a.A2 << 32 | (uint)a.A3), a.Int5);
        if (Sys.IsError(result))
            return result;
        Span<byte> raw = stackalloc byte[8];
        GuestNumber.Write(raw, t.Process.Compat!.Abi.BigEndian, (ulong)result);
        return t.Memory.TryWrite(a.A4, raw) ? 0 : -Errno.EFAULT;
    }

    private static long Seek(GuestThread t, int fd, long offset, int whence)
    {
        if (whence == SEEK_SET && offset is >= HashBit and <= int.MaxValue && IsDirectory(fd))
            return SeekToCookie(t, fd, (uint)offset);
        long result = HostCall.Make(t, Nr.lseek, (ulong)fd, (ulong)offset, (ulong)whence);
        return result >= HashBit && IsDirectory(fd) ? Cookie((ulong)result) : result;
    }

    private static bool IsDirectory(int fd)
    {
        const int ModeOffset = 24;
        byte* stat = stackalloc byte[144];
        return Sys.Call(Nr.fstat, fd, (long)stat) == 0 && (*(uint*)(stat + ModeOffset) & S_IFMT) == S_IFDIR;
    }

    private static long SeekToCookie(GuestThread t, int fd, uint cookie)
    {
        long before = Sys.Call(Nr.lseek, fd, 0, SEEK_CUR);
        long error = Sys.Call(Nr.lseek, fd, 0, SEEK_SET);
        if (Sys.IsError(error))
            return error;
        byte* buffer = (byte*)NativeMemory.Alloc(BufferBytes);
        try
        {
            long got;
            while ((got = t.BlockingCall(Nr.getdents64, (ulong)fd, (ulong)buffer, BufferBytes)) > 0)
                for (long at = 0; at < got; at += *(ushort*)(buffer + at + 16))
                    if (Cookie(*(ulong*)(buffer + at + 8)) == cookie)
                        return Sys.Call(Nr.lseek, fd, *(long*)(buffer + at + 8), SEEK_SET) is var placed && Sys.IsError(placed) ? placed : cookie;
            Sys.Call(Nr.lseek, fd, before, SEEK_SET);
            return got < 0 ? got : -Errno.EINVAL;
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    private static long List(GuestThread t, int fd, ulong address, uint room, Form form)
    {
        // The host's entries are the longer ones; one must always fit.
        int hostRoom = form == Form.Single ? LargestEntry : (int)Math.Clamp(room, LargestEntry, BufferBytes);
        byte* buffer = (byte*)NativeMemory.Alloc((nuint)hostRoom);
        byte[] entries = new byte[Math.Min(room, (uint)hostRoom)];
        try
        {
            long got = FileCalls.Getdents64(t, new SysArgs(Nr.getdents64, (ulong)fd, (ulong)buffer, (ulong)hostRoom, 0, 0, 0));
            if (got <= 0)
                return got;
            int used = Transcode(new ReadOnlySpan<byte>(buffer, (int)got), entries, form, t.Process.Compat!.Abi, out int taken, out ulong position);
            if (taken < got)
            {
                // What did not fit is to be read again.
                long start = used > 0 ? (long)position : PositionBefore(fd, buffer);
                Sys.Call(Nr.lseek, fd, start, SEEK_SET);
            }

            if (used == 0)
                return -Errno.EINVAL;
            return t.Memory.TryWrite(address, entries.AsSpan(0, used)) ? used : -Errno.EFAULT;
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    // Nothing was taken: back to where the first entry is, which is where one that was read alone would begin.
    private static long PositionBefore(int fd, byte* first)
    {
        ReadOnlySpan<byte> wanted = GuestText.CString(new ReadOnlySpan<byte>(first + DirectoryEntries.NameOffset64, *(ushort*)(first + 16) - DirectoryEntries.NameOffset64));
        byte* entry = stackalloc byte[LargestEntry];
        Sys.Call(Nr.lseek, fd, 0, SEEK_SET);
        long position = 0;
        while (Sys.Call(Nr.getdents64, fd, (long)entry, LargestEntry) is var got && got > 0)
            for (long at = 0; at < got; at += *(ushort*)(entry + at + 16))
            {
                ReadOnlySpan<byte> name = GuestText.CString(new ReadOnlySpan<byte>(entry + at + DirectoryEntries.NameOffset64, *(ushort*)(entry + at + 16) - DirectoryEntries.NameOffset64));
                if (name.SequenceEqual(wanted))
                    return position;
                position = *(long*)(entry + at + 8);
            }

        return position;
    }

    // struct linux_dirent64 of the host to the guest's: linux_dirent64, linux_dirent (type in the last byte), old_linux_dirent.
    private static int Transcode(ReadOnlySpan<byte> host, Span<byte> guest, Form form, GuestAbi abi, out int taken, out ulong position)
    {
        (taken, position) = (0, 0);
        int used = 0;
        while (taken < host.Length)
        {
            ReadOnlySpan<byte> entry = host.Slice(taken, BinaryPrimitives.ReadUInt16LittleEndian(host[(taken + 16)..]));
            ReadOnlySpan<byte> name = GuestText.CString(entry[DirectoryEntries.NameOffset64..]);
            int length = form switch
            {
                Form.Wide => DirectoryEntries.NameOffset64 + name.Length + 1 + 7 & ~7,
                Form.Old => 10 + name.Length + 2 + 3 & ~3,
                _ => 10 + name.Length + 1,
            };
            if (used + length > guest.Length)
                break;
            ulong next = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
            Put(guest.Slice(used, length), name, form, abi.BigEndian, InodeNumber.Fold(BinaryPrimitives.ReadUInt64LittleEndian(entry)), form == Form.Single ? Cookie(position) : Cookie(next), entry[18]);
            (used, taken, position) = (used + length, taken + entry.Length, next);
            if (form == Form.Single)
                break;
        }

        return used;
    }

    private static void Put(Span<byte> into, ReadOnlySpan<byte> name, Form form, bool bigEndian, uint inode, uint position, byte type)
    {
        into.Clear();
        if (form == Form.Wide)
        {
            GuestNumber.Write(into[..8], bigEndian, inode);
            GuestNumber.Write(into[8..16], bigEndian, position);
            GuestNumber.Write(into[16..18], bigEndian, (ulong)into.Length);
            into[18] = type;
            name.CopyTo(into[DirectoryEntries.NameOffset64..]);
            return;
        }

        GuestNumber.Write(into[..4], bigEndian, inode);
        GuestNumber.Write(into[4..8], bigEndian, position);
        GuestNumber.Write(into[8..10], bigEndian, (ulong)(form == Form.Single ? name.Length : into.Length));
        name.CopyTo(into[10..]);
        if (form == Form.Old)
            into[^1] = type;
    }
}
