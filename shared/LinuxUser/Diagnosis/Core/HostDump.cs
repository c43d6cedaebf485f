using System.Globalization;
using System.Text;
using Suite.Host;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>
/// What becomes of the host kernel's own core file, which would be the emulator's. Whoever waits for the process is told of a core only if the kernel
/// has written one; so it writes an almost empty one into a folder of its own, which a helper process removes (docs/diagnosis.md).
/// </summary>
internal static unsafe class HostDump
{
    private const int PR_SET_DUMPABLE = 4, OwnerOnly = 0x1C0, O_DIRECTORY = 0x10000, EntryName = 19, EntryLength = 16;

    private static string[] Folders => ["/tmp", "/dev/shm", "/var/tmp"];

    /// <summary>No core file from the kernel.</summary>
    /// <param name="sharesMemory">The process is a vfork child: what belongs to the memory is its parent's as well.</param>
    public static void Suppress(bool sharesMemory)
    {
        if (sharesMemory)
            CoreLimit.Lower();
        else
            Sys.Call(Nr.prctl, PR_SET_DUMPABLE, 0);
    }

    /// <summary>
    /// Lets the kernel write its file, as small as can be and out of the way, so that the wait status says "core dumped" as it does for a native
    /// program. Where that cannot be had there is no file and no such status. Called just before the process ends by its signal.
    /// </summary>
    public static void Divert()
    {
        if (MakeFolder() is not { } folder || !TryStartCleaner(folder))
        {
            Suppress(sharesMemory: false);
            return;
        }

        fixed (byte* path = "/proc/self/coredump_filter\0"u8, nothing = "0"u8)
        {
            long fd = Sys.Call(Nr.open, (long)path, Linux.O_WRONLY | Linux.O_CLOEXEC);
            if (!Sys.IsError(fd))
                Sys.Call(Nr.write, fd, (long)nothing, 1);
        }

        CoreLimit.Raise();
    }

    // Becomes the current folder.
    private static byte[]? MakeFolder()
    {
        foreach (string place in Folders)
        {
            byte[] name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{place}/.qemu-core-{Sys.Call(Nr.gettid)}\0"));
            fixed (byte* p = name)
            {
                if (Sys.Call(Nr.mkdir, (long)p, OwnerOnly) != 0)
                    continue;
                if (Sys.Call(Nr.chdir, (long)p) == 0)
                    return name;
                Sys.Call(Nr.rmdir, (long)p);
            }
        }

        return null;
    }

    // A child that waits for the end of this process, which closes the pipe, and empties the folder. It makes raw system calls only: it has one
    // thread and nothing of the runtime's.
    private static bool TryStartCleaner(byte[] folder)
    {
        const int O_CLOEXEC = Linux.O_CLOEXEC, BufferBytes = 2048;
        int* pipe = stackalloc int[2];
        byte* buffer = stackalloc byte[BufferBytes];
        fixed (byte* path = folder, here = ".\0"u8, root = "/\0"u8)
        {
            if (Sys.Call(Nr.pipe2, (long)pipe, O_CLOEXEC) != 0)
                return Forget(path);
            ulong all = ulong.MaxValue;
            Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&all, 0, 8);
            long pid = Sys.Call(Nr.fork);
            if (pid != 0)
            {
                Sys.Call(Nr.close, pipe[0]);
                return pid > 0 || Forget(path);
            }

            Sys.Call(Nr.setsid);
            if (pipe[0] > 0)
                Sys.Call(Nr.close_range, 0, pipe[0] - 1);
            Sys.Call(Nr.close_range, pipe[0] + 1, uint.MaxValue);
            Sys.Call(Nr.read, pipe[0], (long)buffer, 1);
            long list = Sys.Call(Nr.open, (long)here, Linux.O_RDONLY | O_DIRECTORY);
            for (long got; (got = Sys.Call(Nr.getdents64, list, (long)buffer, BufferBytes)) > 0;)
                for (long at = 0; at < got; at += *(ushort*)(buffer + at + EntryLength))
                    Sys.Call(Nr.unlink, (long)(buffer + at + EntryName));
            Sys.Call(Nr.chdir, (long)root);
            Sys.Call(Nr.rmdir, (long)path);
            Sys.Call(Nr.exit_group, 0);
            return false; // not reached
        }
    }

    private static bool Forget(byte* folder)
    {
        Sys.Call(Nr.rmdir, (long)folder);
        return false;
    }
}
