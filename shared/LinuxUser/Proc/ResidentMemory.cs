using System.Runtime.InteropServices;
using Suite.Host;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Proc;

/// <summary>How much of a guest's mappings is in memory, in bytes, as the kernel counts it (mm_counter of include/linux/mm.h): the emulator's own pages are left out.</summary>
/// <param name="Anonymous">Pages of no file.</param>
/// <param name="Files">Pages of files.</param>
/// <param name="Shared">Pages of shared memory.</param>
internal readonly unsafe record struct ResidentMemory(ulong Anonymous, ulong Files, ulong Shared)
{
    private const int MostRegions = 512;

    /// <summary>All of it.</summary>
    public ulong Total => Anonymous + Files + Shared;

    /// <summary>Asks the kernel which pages are there (PAGEMAP_SCAN, Linux 6.7); null where it does not say.</summary>
    /// <param name="process">The process' folder in /proc.</param>
    /// <param name="mappings">The guest's mappings in address order.</param>
    public static ResidentMemory? Of(string process, Vma[] mappings)
    {
        if (mappings.Length == 0)
            return default(ResidentMemory);
        fixed (byte* name = HostFile.Terminated($"{process}/pagemap"))
        {
            long file = Sys.Call(Nr.open, (long)name, Linux.O_RDONLY | Linux.O_CLOEXEC);
            if (Sys.IsError(file))
                return null;
            ResidentMemory? found = Scan(file, mappings, new SharedMemoryFiles(process));
            Sys.Call(Nr.close, file);
            return found;
        }
    }

    private static ResidentMemory? Scan(long file, Vma[] mappings, SharedMemoryFiles sharedMemory)
    {
        const uint PAGEMAP_SCAN = 0xC060_6610;
        Region* regions = stackalloc Region[MostRegions];
        ScanArguments scan = new()
        {
            Size = (ulong)sizeof(ScanArguments),
            Start = mappings[0].Start,
            End = mappings[^1].End,
            Regions = (ulong)regions,
            Room = MostRegions,
            Inverted = ZeroPage,
            Mask = Present | ZeroPage,
            Wanted = OfFile,
        };
        (ulong anonymous, ulong files, ulong shared) = (0, 0, 0);
        int at = 0;
        while (scan.Start < scan.End)
        {
            long count = Sys.Call(Nr.ioctl, file, PAGEMAP_SCAN, (long)&scan);
            if (Sys.IsError(count))
                return null;
            for (int i = 0; i < count; i++)
            {
                while (at < mappings.Length && mappings[at].End <= regions[i].Start)
                    at++;
                for (int k = at; k < mappings.Length && mappings[k].Start < regions[i].End; k++)
                {
                    ulong bytes = Math.Min(mappings[k].End, regions[i].End) - Math.Max(mappings[k].Start, regions[i].Start);
                    if ((regions[i].Categories & OfFile) == 0)
                        anonymous += bytes;
                    else if (sharedMemory.Holds(mappings[k]))
                        shared += bytes;
                    else
                        files += bytes;
                }
            }

            scan.Start = scan.WalkEnd;
        }

        return new ResidentMemory(anonymous, files, shared);
    }

    // PAGE_IS_... of include/uapi/linux/fs.h.
    private const ulong OfFile = 1 << 2, Present = 1 << 3, ZeroPage = 1 << 5;

    // struct pm_scan_arg.
    [StructLayout(LayoutKind.Sequential)]
    private struct ScanArguments
    {
        public ulong Size, Flags, Start, End, WalkEnd, Regions, Room, MostPages, Inverted, Mask, AnyOf, Wanted;
    }

    // struct page_region.
    [StructLayout(LayoutKind.Sequential)]
    private struct Region
    {
        public ulong Start, End, Categories;
    }
}
