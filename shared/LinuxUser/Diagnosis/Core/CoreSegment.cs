using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>One mapping in a core file, and how much of it is written (vma_dump_size of the kernel's fs/coredump.c).</summary>
/// <param name="Vma">The mapping.</param>
/// <param name="Bytes">Bytes written, from its start.</param>
internal readonly record struct CoreSegment(Vma Vma, ulong Bytes)
{
    // Bits of /proc/PID/coredump_filter (core(5)).
    private const uint AnonymousPrivate = 1, AnonymousShared = 2, MappedPrivate = 4, MappedShared = 8, ElfHeaders = 16, Default = 0x33;

    /// <summary>Decides for all mappings.</summary>
    public static List<CoreSegment> Choose(IReadOnlyList<Vma> map, IGuestReader memory)
    {
        uint filter = Filter();
        List<HostMapping> host = HostMappings();
        List<CoreSegment> segments = [];
        foreach (Vma vma in map)
        {
            Vma segment = vma.IsMainStack ? UsedStack(vma) : vma;
            segments.Add(new CoreSegment(segment, BytesOf(segment, filter, host, memory)));
        }

        return segments;
    }

    // A native stack begins where it has grown to; this one has its full size from the start, and would fill a file with a small limit.
    private static unsafe Vma UsedStack(Vma stack)
    {
        const int EntryBytes = 8;
        const ulong PresentOrSwapped = 3UL << 62;
        ulong[] pages = new ulong[(stack.End - stack.Start) / GuestMemory.PageSize];
        fixed (byte* path = "/proc/self/pagemap\0"u8)
        fixed (ulong* p = pages)
        {
            long file = Sys.Call(Nr.open, (long)path, Linux.O_RDONLY | Linux.O_CLOEXEC);
            long read = Sys.Call(Nr.pread64, file, (long)p, pages.Length * EntryBytes, (long)(stack.Start / GuestMemory.PageSize * EntryBytes));
            Sys.Call(Nr.close, file);
            if (read != pages.Length * EntryBytes)
                return stack;
        }

        int first = Array.FindIndex(pages, page => (page & PresentOrSwapped) != 0);
        return first <= 0 ? stack : stack.Slice(stack.Start + (ulong)first * GuestMemory.PageSize, stack.End);
    }

    private static ulong BytesOf(Vma vma, uint filter, List<HostMapping> host, IGuestReader memory)
    {
        ulong whole = vma.End - vma.Start;
        if (vma.Name == "[vdso]")
            return whole;
        HostMapping? facts = HostMapping.Find(host, vma.Start);
        if (facts is not null && facts.Fields.Exists(f => f.Name == "VmFlags" && f.Text.Contains(" dd", StringComparison.Ordinal)))
            return 0; // MADV_DONTDUMP
        if (vma.Shared)
            return (filter & (vma.Inode == 0 ? AnonymousShared : MappedShared)) != 0 ? whole : 0;
        if ((filter & AnonymousPrivate) != 0 && (vma.Inode == 0 || WasWritten(vma, host)))
            return whole;
        if (vma.Inode == 0)
            return 0;
        if ((filter & MappedPrivate) != 0)
            return whole;
        Span<byte> magic = stackalloc byte[4];
        bool isHeader = (filter & ElfHeaders) != 0 && vma.Offset == 0 && memory.TryRead(vma.Start, magic) && magic.SequenceEqual("\u007fELF"u8);
        return isHeader ? GuestMemory.PageSize : 0;
    }

    // The host has private copies of some of its pages. Without /proc: it could have been written.
    private static bool WasWritten(Vma vma, List<HostMapping> host)
    {
        if (host.Count == 0)
            return vma.IsWritable;
        for (int i = HostMapping.FirstEndingAfter(host, vma.Start); i < host.Count && host[i].Start < vma.End; i++)
            if (host[i].Fields.Exists(f => f.Name == "Anonymous" && f.Kilobytes > 0))
                return true;
        return false;
    }

    private static uint Filter()
    {
        string? text = HostProcess.ReadText("/proc/self/coredump_filter\0"u8) is { } bytes ? Encoding.ASCII.GetString(bytes).Trim() : null;
        return uint.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint filter) ? filter : Default;
    }

    private static List<HostMapping> HostMappings() => HostProcess.ReadText("/proc/self/smaps\0"u8) is { } text ? HostMapping.Parse(Encoding.UTF8.GetString(text)) : [];
}
