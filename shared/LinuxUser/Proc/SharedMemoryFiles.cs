using System.Text;
using Suite.Host;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// Which mappings are of shared memory (shmem of the kernel): shared anonymous ones, and files of the file systems that are made of it. A file's name does not
/// tell, and of another process' file it is not known; its device does.
/// </summary>
/// <param name="process">The process' folder in /proc: mounts are what it sees.</param>
internal sealed unsafe class SharedMemoryFiles(string process)
{
    private HashSet<ulong>? _devices;

    /// <summary>True for a mapping whose pages count as shared memory once they are there.</summary>
    public bool Holds(Vma mapping) => mapping.IsFile ? (_devices ??= FindDevices()).Contains(mapping.Device) : mapping.Shared;

    // As st_dev has them.
    private HashSet<ulong> FindDevices()
    {
        HashSet<ulong> found = [OwnDevice()];
        ReadOnlySpan<byte> mounts = HostFile.Read($"{process}/mountinfo");
        foreach (Range line in mounts.Split((byte)'\n'))
            if (TryDevice(Encoding.ASCII.GetString(mounts[line]), out ulong device))
                found.Add(device);
        return found;
    }

    // "36 35 0:25 / /dev/shm rw shared:1 - tmpfs tmpfs rw": the third word is the device, the one behind the dash the type (proc_pid_mountinfo(5)).
    private static bool TryDevice(string line, out ulong device)
    {
        const int DeviceWord = 2;
        device = 0;
        string[] words = line.Split(' ');
        int dash = Array.IndexOf(words, "-");
        if (dash < DeviceWord || dash + 1 >= words.Length || words[dash + 1] is not ("tmpfs" or "devtmpfs"))
            return false;
        string[] numbers = words[DeviceWord].Split(':');
        if (numbers.Length != 2 || !uint.TryParse(numbers[0], out uint major) || !uint.TryParse(numbers[1], out uint minor))
            return false;
        device = minor & 0xFF | (ulong)(major & 0xFFF) << 8 | (ulong)(minor & ~0xFFu) << 12 | (ulong)(major & ~0xFFFu) << 32; // new_encode_dev
        return true;
    }

    // The file system that the kernel keeps for memfd_create(2), System V and shared anonymous memory is mounted nowhere.
    private static ulong OwnDevice()
    {
        const uint MFD_CLOEXEC = 1;
        const int StatBytes = 144;
        byte* stat = stackalloc byte[StatBytes];
        fixed (byte* name = "\0"u8)
        {
            long file = Sys.Call(Nr.memfd_create, (long)name, MFD_CLOEXEC);
            if (Sys.IsError(file))
                return 0;
            bool known = Sys.Call(Nr.fstat, file, (long)stat) == 0;
            Sys.Call(Nr.close, file);
            return known ? *(ulong*)stat : 0;
        }
    }
}
