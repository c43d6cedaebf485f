using System.Runtime.InteropServices;
using System.Text;
using Suite.Host;

namespace Suite.Devices.Block;

/// <summary>
/// Locks by which processes that use the same image keep out of each other's way. The bytes are those QEMU uses, so that they work between it
/// and us: from 100 on a byte for each way the image is used, from 200 on a byte for each way nobody else may use it.
/// </summary>
internal static unsafe class ImageLock
{
    private const int UseBase = 100, RefuseBase = 200, Reading = 0, Writing = 1, Resizing = 3, Uses = 4;
    private const short SharedLock = 0, ExclusiveLock = 1, Unlocked = 2;

    /// <summary>Locks a file for as long as it is open.</summary>
    /// <exception cref="IOException">Another process uses it in a way that does not go together with ours.</exception>
    public static void Take(HostFile file, BlockOptions options)
    {
        (int use, int refuse) = Set(file, options);
        options.Succeeds?.SetLocks(false);
        for (int i = 0; i < Uses; i++)
            if (((use >> i & 1) != 0 && IsHeld(file, RefuseBase + i)) || ((refuse >> i & 1) != 0 && IsHeld(file, UseBase + i)))
                throw new IOException($"{file.Path}: is in use by {Holder(file)}: end that first, or open the image with readonly=on in both, or with file.locking=off if it is certain that no two write");
    }

    /// <summary>Locks a file without a look at who else has.</summary>
    /// <returns>Bit n for the use of that number: how the file is used, and how nobody else may.</returns>
    public static (int Use, int Refuse) Set(HostFile file, BlockOptions options)
    {
        int use = 1 << Reading | (options.IsReadOnly ? 0 : 1 << Writing | 1 << Resizing);
        int refuse = options.SharesWriting ? 0 : 1 << Writing | 1 << Resizing;
        for (int i = 0; i < Uses; i++)
        {
            if ((use >> i & 1) != 0)
                Set(file, SharedLock, UseBase + i, 1);
            if ((refuse >> i & 1) != 0)
                Set(file, SharedLock, RefuseBase + i, 1);
        }

        return (use, refuse);
    }

    /// <summary>Takes all locks away.</summary>
    public static void GiveUp(HostFile file) => Set(file, Unlocked, UseBase, RefuseBase + Uses - UseBase);

    private static void Set(HostFile file, short type, long at, long length)
    {
        const int setLock = 37; // F_OFD_SETLK
        FileLock range = new() { Type = type, Start = at, Length = length };
        Sys.Blocking(Nr.fcntl, file.Descriptor, setLock, (long)&range); // where the file system has no locks, there are none
    }

    private static bool IsHeld(HostFile file, long at)
    {
        const int getLock = 36; // F_OFD_GETLK
        FileLock range = new() { Type = ExclusiveLock, Start = at, Length = 1 };
        return !Sys.IsError(Sys.Blocking(Nr.fcntl, file.Descriptor, getLock, (long)&range)) && range.Type != Unlocked;
    }

    // The kernel does not name who holds such a lock; but the descriptors of our own processes say which locks they hold.
    private static string Holder(HostFile file)
    {
        string target = new FileInfo($"/proc/self/fd/{file.Descriptor}").LinkTarget ?? "";
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), out int pid))
                continue;
            try
            {
                foreach (string descriptor in Directory.EnumerateFiles(Path.Combine(process, "fd")))
                {
                    string number = Path.GetFileName(descriptor);
                    bool isOurs = pid == Environment.ProcessId && number == file.Descriptor.ToString();
                    if (!isOurs && new FileInfo(descriptor).LinkTarget == target && File.ReadAllText(Path.Combine(process, "fdinfo", number)).Contains("OFDLCK"))
                        return $"{File.ReadAllText(Path.Combine(process, "comm"), Encoding.UTF8).Trim()} (process {pid})";
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile, or is another user's.
            }
        }

        return "another process";
    }

    // struct flock of the x86-64 kernel
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type, Whence;
        public long Start, Length;
        public int Process;
    }
}
