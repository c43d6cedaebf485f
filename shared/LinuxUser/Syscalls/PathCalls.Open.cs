using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

// Opening: a file of /proc that tells of the emulator is replaced by one with the guest's truth, made at the moment of opening.
public static unsafe partial class PathCalls
{
    private const int O_ACCMODE = 3, O_DIRECTORY = 0x10000;

    public static long Open(GuestThread t, in SysArgs a) => OpenHooked(t, a, Nr.open, Linux.AT_FDCWD, index: 1, (uint)a.Int2);

    public static long Openat(GuestThread t, in SysArgs a) => OpenHooked(t, a, Nr.openat, a.Int1, index: 2, (uint)a.Int3);

    /// <summary>
    /// openat2(2): struct open_how {flags, mode, resolve}. With restrictions on the way a path is resolved the host decides alone: a
    /// replaced path would be resolved another way.
    /// </summary>
    public static long Openat2(GuestThread t, in SysArgs a)
    {
        ulong* how = stackalloc ulong[3];
        bool plain = a.A4 < 24 || !t.Memory.TryRead(a.A3, new Span<byte>(how, 24)) || how[2] != 0;
        return plain ? Pass(t, a, Nr.openat2) : OpenHooked(t, a, Nr.openat2, a.Int1, index: 2, how[0]);
    }

    public static long Creat(GuestThread t, in SysArgs a) =>
        OpenHooked(t, a, Nr.creat, Linux.AT_FDCWD, index: 1, Linux.O_CREAT | Linux.O_WRONLY | Linux.O_TRUNC);

    private static long OpenHooked(GuestThread t, in SysArgs a, long number, int directory, int index, ulong flags)
    {
        HookedPath path = PathHook.Look(t, directory, index == 1 ? a.A1 : a.A2);
        if ((flags & (O_ACCMODE | Linux.O_TRUNC)) != Linux.O_RDONLY && (flags & Linux.O_PATH) == 0 && IsRunning(t, directory, path, index == 1 ? a.A1 : a.A2))
            return -Errno.ETXTBSY;
        if (path.IsPlain || path.Replacement is not null)
            return AskHost(t, a, number, path, index, follow: true);
        if (path.Proc.File == ProcFile.Memory && (flags & O_ACCMODE) != Linux.O_RDONLY)
            t.Process.Tracees?.MemoryOpened(path.Proc.Pid);
        const ulong NotForText = O_ACCMODE | O_DIRECTORY | Linux.O_PATH;
        if (path.Proc.IsText && (flags & NotForText) == Linux.O_RDONLY && !ProcTruth.IsHidden(t, path.Proc) && ProcTruth.Content(t, path.Proc) is { } text)
            return HostFile.Serve(Label(path.Proc), text, (flags & Linux.O_CLOEXEC) != 0);
        return AskHost(t, a, number, path, index, follow: (flags & Linux.O_NOFOLLOW) == 0);
    }

    /// <summary>truncate(2): path, length.</summary>
    public static long Truncate(GuestThread t, in SysArgs a)
    {
        HookedPath path = PathHook.Look(t, Linux.AT_FDCWD, a.A1);
        return IsRunning(t, Linux.AT_FDCWD, path, a.A1) ? -Errno.ETXTBSY : AskHost(t, a, Nr.truncate, path, index: 1, follow: true);
    }

    private static bool IsRunning(GuestThread t, int directory, in HookedPath path, ulong address)
    {
        fixed (byte* replaced = path.Replacement)
            return RunningPrograms.Contains(t, directory, path.Replacement is null ? address : (ulong)replaced);
    }

    // What /proc/PID/fd shows of such a file, behind "/memfd:".
    private static string Label(in ProcName name)
    {
        string file = name.File.ToString().ToLowerInvariant();
        return name.Pid == 0 ? $"proc/{file}" : $"proc/{name.Pid}/{file}";
    }
}
