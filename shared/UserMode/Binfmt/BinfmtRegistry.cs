using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;

namespace Suite.UserMode.Binfmt;

/// <summary>The kernel's table of binary formats: the binfmt_misc file system of this user namespace.</summary>
public static unsafe class BinfmtRegistry
{
    /// <summary>Where it is mounted.</summary>
    public const string Place = "/proc/sys/fs/binfmt_misc";

    /// <summary>Why the table cannot be used, with the remedy; null when it can be read.</summary>
    public static string? Trouble()
    {
        if (File.Exists($"{Place}/register"))
            return null;
        if (!File.Exists("/proc/filesystems"))
            return "/proc is not mounted\n  fix: mount -t proc proc /proc";
        return File.ReadAllText("/proc/filesystems").Contains("binfmt_misc", StringComparison.Ordinal)
            ? $"binfmt_misc is not mounted\n  fix: mount -t binfmt_misc binfmt_misc {Place}    (as root)"
            : $"this kernel has no binfmt_misc\n  fix: modprobe binfmt_misc && mount -t binfmt_misc binfmt_misc {Place}    (as root); where that fails, the kernel was built without it";
    }

    /// <summary>Whether the kernel looks at the table at all.</summary>
    public static bool IsEnabled() => File.ReadAllText($"{Place}/status").StartsWith("enabled", StringComparison.Ordinal);

    /// <summary>One entry, or null.</summary>
    public static BinfmtEntry? Find(string name)
    {
        string path = $"{Place}/{name}";
        return name is "register" or "status" || !File.Exists(path) ? null : BinfmtEntry.Parse(name, File.ReadAllText(path));
    }

    /// <summary>All entries, by name.</summary>
    public static IReadOnlyList<BinfmtEntry> All()
    {
        List<BinfmtEntry> entries = [];
        foreach (string path in Directory.GetFiles(Place).Order(StringComparer.Ordinal))
            if (Find(Path.GetFileName(path)) is { } entry)
                entries.Add(entry);
        return entries;
    }

    /// <summary>Registers; the result is null, or what the kernel objects to, with the remedy.</summary>
    public static string? Register(string line)
    {
        int errno = Write($"{Place}/register", line);
        return errno switch
        {
            0 => null,
            Errno.EPERM or Errno.EACCES => $"not permitted to write {Place}/register\n  fix: run it as root (sudo), or as root of a user namespace with a binfmt_misc mount of its own",
            Errno.EROFS => $"{Place} is mounted read-only, as containers have it\n  fix: register on the host: it holds for its containers (with flag F)",
            Errno.EEXIST => "an entry of that name exists",
            Errno.EINVAL => $"the kernel does not understand '{line}'\n  fix: flag F needs Linux 4.8, flag P Linux 5.12; choose fewer with --flags",
            _ => $"the kernel refuses '{line}': {Errno.Message(errno)}",
        };
    }

    /// <summary>Removes an entry; the result is null or the objection.</summary>
    public static string? Remove(string name)
    {
        int errno = Write($"{Place}/{name}", "-1");
        return errno switch
        {
            0 => null,
            Errno.EPERM or Errno.EACCES => $"not permitted to write {Place}/{name}\n  fix: run it as root (sudo)",
            Errno.EROFS => $"{Place} is mounted read-only, as containers have it\n  fix: remove it on the host",
            _ => $"the kernel refuses to remove {name}: {Errno.Message(errno)}",
        };
    }

    // One write(2), whose error is the answer.
    private static int Write(string path, string text)
    {
        byte[] bytes = GuestText.ToBytes(text);
        fixed (byte* name = (byte[])[.. GuestText.ToBytes(path), 0], data = bytes)
        {
            long fd = Sys.Call(Nr.open, (long)name, Linux.O_WRONLY | Linux.O_CLOEXEC);
            if (Sys.IsError(fd))
                return (int)-fd;
            long written = Sys.Call(Nr.write, fd, (long)data, bytes.Length);
            Sys.Call(Nr.close, fd);
            return written < 0 ? (int)-written : 0;
        }
    }
}
