using Suite.Host;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>
/// Writes an ELF core file of the guest (System V gABI chapter 5, fs/binfmt_elf.c): headers, notes, then the mappings on page boundaries.
/// Pages nobody has touched become holes; a file that would exceed the limit ends there.
/// </summary>
internal sealed unsafe class CoreFile
{
    private const int PageSize = 4096, ChunkPages = 256, EntryBytes = 8, MostSegments = 65000;
    private const ushort ET_CORE = 4;
    private const uint PT_NOTE = 4, PT_LOAD = 1;
    private const ulong Present = 1UL << 63, Swapped = 1UL << 62;

    private readonly ElfTarget _target;
    private readonly int _fd;
    private readonly ulong _limit;
    private readonly byte[] _chunk = new byte[ChunkPages * PageSize];

    private CoreFile(ElfTarget target, int fd, ulong limit) => (_target, _fd, _limit) = (target, fd, limit);

    /// <summary>Writes the file to an open descriptor.</summary>
    /// <param name="fd">Where to.</param>
    /// <param name="limit">Bytes it may have.</param>
    /// <param name="target">Class, byte order, machine.</param>
    /// <param name="notes">The contents of PT_NOTE.</param>
    /// <param name="segments">The mappings.</param>
    /// <param name="memory">The guest's memory, for hosts without /proc/self/mem.</param>
    /// <returns>False when it is not complete: the limit cut it off, or the device is full or fails.</returns>
    public static bool Write(int fd, ulong limit, ElfTarget target, byte[] notes, List<CoreSegment> segments, IGuestReader memory) =>
        new CoreFile(target, fd, limit).Write(notes, segments.Count > MostSegments ? segments[..MostSegments] : segments, memory);

    private bool Write(byte[] notes, List<CoreSegment> segments, IGuestReader memory)
    {
        bool wide = _target.Is64;
        int headerBytes = ElfHeader.SizeFor(wide), entry = ElfSegment.SizeFor(wide);
        ulong notesAt = (ulong)(headerBytes + entry * (segments.Count + 1));
        ulong data = Align(notesAt + (ulong)notes.Length);
        byte[] head = new byte[data];
        Header(head, segments.Count + 1);
        ProgramHeader(head, headerBytes, PT_NOTE, 0, notesAt, 0, (ulong)notes.Length, 0, 4);
        ulong at = data;
        for (int i = 0; i < segments.Count; i++)
        {
            (Vma vma, ulong bytes) = segments[i];
            uint flags = (uint)(((vma.Protection & Linux.PROT_READ) != 0 ? 4 : 0) | (vma.IsWritable ? 2 : 0) | (vma.IsExecutable ? 1 : 0));
            ProgramHeader(head, headerBytes + entry * (i + 1), PT_LOAD, flags, at, vma.Start, bytes, vma.End - vma.Start, PageSize);
            at += Align(bytes);
        }

        notes.CopyTo(head.AsSpan((int)notesAt));
        if (!WriteAt(0, head))
            return false;
        fixed (byte* memoryFile = "/proc/self/mem\0"u8, mapFile = "/proc/self/pagemap\0"u8)
        {
            long mem = Sys.Call(Nr.open, (long)memoryFile, Linux.O_RDONLY | Linux.O_CLOEXEC), map = Sys.Call(Nr.open, (long)mapFile, Linux.O_RDONLY | Linux.O_CLOEXEC);
            ulong to = data;
            foreach ((Vma vma, ulong bytes) in segments)
            {
                if (!Copy(vma, bytes, to, mem, map, memory))
                    return false;
                to += Align(bytes);
            }

            Sys.Call(Nr.ftruncate, _fd, (long)Math.Min(to, _limit));
            return to <= _limit;
        }
    }

    private bool Copy(Vma vma, ulong bytes, ulong to, long mem, long map, IGuestReader memory)
    {
        Span<ulong> pages = stackalloc ulong[ChunkPages];
        bool holesAreZero = vma.Inode == 0 && !vma.Shared;
        for (ulong done = 0; done < bytes && to + done < _limit; done += ChunkPages * PageSize)
        {
            int count = (int)Math.Min(ChunkPages, (bytes - done + PageSize - 1) / PageSize);
            pages[..count].Fill(Present);
            if (holesAreZero && map >= 0)
                fixed (ulong* p = pages)
                    Sys.Call(Nr.pread64, map, (long)p, count * EntryBytes, (long)((vma.Start + done) / PageSize * EntryBytes));
            for (int first = 0; first < count;)
            {
                if ((pages[first] & (Present | Swapped)) == 0)
                {
                    first++;
                    continue;
                }

                int end = first + 1;
                while (end < count && (pages[end] & (Present | Swapped)) != 0)
                    end++;
                if (!CopyPages(vma.Start + done + (ulong)first * PageSize, end - first, to + done + (ulong)first * PageSize, mem, memory))
                    return false;
                first = end;
            }
        }

        return true;
    }

    // What cannot be read, because a file ends before its mapping, stays a hole.
    private bool CopyPages(ulong from, int count, ulong to, long mem, IGuestReader memory)
    {
        Span<byte> all = _chunk.AsSpan(0, count * PageSize);
        fixed (byte* p = all)
            if (mem >= 0 && Sys.Call(Nr.pread64, mem, (long)p, all.Length, (long)from) == all.Length)
                return WriteAt(to, all);
        for (int i = 0; i < count; i++)
        {
            Span<byte> page = _chunk.AsSpan(0, PageSize);
            ulong at = (ulong)i * PageSize;
            bool isRead;
            fixed (byte* p = page)
                isRead = mem >= 0 ? Sys.Call(Nr.pread64, mem, (long)p, PageSize, (long)(from + at)) == PageSize : memory.TryRead(from + at, page);
            if (isRead && !WriteAt(to + at, page))
                return false;
        }

        return true;
    }

    private void Header(byte[] head, int segments)
    {
        bool wide = _target.Is64;
        "\u007fELF"u8.CopyTo(head);
        (head[4], head[5], head[6]) = ((byte)(wide ? 2 : 1), (byte)(_target.BigEndian ? 2 : 1), 1);
        Put(head, ElfHeader.TypeOffset, 2, ET_CORE);
        Put(head, ElfHeader.MachineOffset, 2, _target.Machine);
        Put(head, 20, 4, 1);
        Put(head, ElfHeader.PhOffOffset(wide), _target.WordSize, (ulong)ElfHeader.SizeFor(wide));
        Put(head, ElfHeader.PhEntSizeOffset(wide) - 2, 2, (ulong)ElfHeader.SizeFor(wide));
        Put(head, ElfHeader.PhEntSizeOffset(wide), 2, (ulong)ElfSegment.SizeFor(wide));
        Put(head, ElfHeader.PhNumOffset(wide), 2, (ulong)segments);
    }

    private void ProgramHeader(byte[] head, int at, uint type, uint flags, ulong offset, ulong address, ulong fileBytes, ulong bytes, ulong align)
    {
        int w = _target.WordSize;
        Put(head, at, 4, type);
        if (w == 8)
            Put(head, at + 4, 4, flags);
        int next = at + w;
        foreach (ulong value in (ReadOnlySpan<ulong>)[offset, address, 0, fileBytes, bytes])
        {
            Put(head, next, w, value);
            next += w;
        }

        if (w == 4)
        {
            Put(head, next, 4, flags);
            next += 4;
        }

        Put(head, next, w, align);
    }

    private bool WriteAt(ulong at, ReadOnlySpan<byte> data)
    {
        if (at >= _limit)
            return true;
        data = data[..(int)Math.Min((ulong)data.Length, _limit - at)];
        while (data.Length > 0)
        {
            long n;
            fixed (byte* p = data)
                n = Sys.Blocking(Nr.pwrite64, _fd, (long)p, data.Length, (long)at);
            if (n <= 0)
                return false;
            data = data[(int)n..];
            at += (ulong)n;
        }

        return true;
    }

    private void Put(byte[] to, int at, int size, ulong value) => GuestNumber.Write(to.AsSpan(at, size), _target.BigEndian, value);

    private static ulong Align(ulong value) => (value + PageSize - 1) & ~(ulong)(PageSize - 1);
}
