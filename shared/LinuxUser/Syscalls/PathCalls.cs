using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Calls that ask about a path: /proc and -L prefixes are seen to, everything else goes to the host as it is.</summary>
public static unsafe partial class PathCalls
{
    public static long Stat(GuestThread t, in SysArgs a) => AskPath(t, a, Nr.stat, follow: true);

    public static long Lstat(GuestThread t, in SysArgs a) => AskPath(t, a, Nr.lstat, follow: false);

    public static long Newfstatat(GuestThread t, in SysArgs a) => AskAt(t, a, Nr.newfstatat, Follows(a.Int4));

    public static long Statx(GuestThread t, in SysArgs a) => AskAt(t, a, Nr.statx, Follows(a.Int3));

    public static long Access(GuestThread t, in SysArgs a) => AskPath(t, a, Nr.access, follow: true);

    public static long Faccessat(GuestThread t, in SysArgs a) => AskAt(t, a, Nr.faccessat, follow: true);

    public static long Faccessat2(GuestThread t, in SysArgs a) => AskAt(t, a, Nr.faccessat2, Follows(a.Int4));

    public static long Readlink(GuestThread t, in SysArgs a)
    {
        HookedPath path = PathHook.Look(t, Linux.AT_FDCWD, a.A1);
        return AnswerLink(t, path, a.A2, a.Int3) ?? AskHost(t, a, Nr.readlink, path, index: 1, follow: false);
    }

    public static long Readlinkat(GuestThread t, in SysArgs a)
    {
        HookedPath path = PathHook.Look(t, a.Int1, a.A2);
        return AnswerLink(t, path, a.A3, a.Int4) ?? AskHost(t, a, Nr.readlinkat, path, index: 2, follow: false);
    }

    private static bool Follows(int flags) => (flags & Linux.AT_SYMLINK_NOFOLLOW) == 0;

    private static long AskPath(GuestThread t, in SysArgs a, long number, bool follow) =>
        AskHost(t, a, number, PathHook.Look(t, Linux.AT_FDCWD, a.A1), index: 1, follow);

    private static long AskAt(GuestThread t, in SysArgs a, long number, bool follow) =>
        AskHost(t, a, number, PathHook.Look(t, a.Int1, a.A2), index: 2, follow);

    // The path is argument `index`.
    private static long AskHost(GuestThread t, in SysArgs a, long number, in HookedPath path, int index, bool follow)
    {
        if (path.IsPlain)
            return Pass(t, a, number);
        if (path.Replacement is not null)
            return PassWith(t, a, number, path.Replacement, index);
        if (ProcTruth.IsHidden(t, path.Proc))
            return -Errno.ENOENT;
        return follow && ProcTruth.Program(t, path.Proc) is { } program ? PassWith(t, a, number, [.. program, 0], index) : Pass(t, a, number);
    }

    // Null when the link is the host's to read.
    private static long? AnswerLink(GuestThread t, in HookedPath path, ulong buffer, int size)
    {
        if (path.IsPlain || ProcTruth.Program(t, path.Proc) is not { } target)
            return null;
        if (size <= 0)
            return -Errno.EINVAL;
        ReadOnlySpan<byte> shown = target.AsSpan(0, Math.Min(size, target.Length));
        return t.Memory.TryWrite(buffer, shown) ? shown.Length : -Errno.EFAULT;
    }

    private static long Pass(GuestThread t, in SysArgs a, long number) => HostCall.Make(t, number, a.A1, a.A2, a.A3, a.A4, a.A5, a.A6);

    // An absolute path makes the directory argument of the ...at calls meaningless.
    private static long PassWith(GuestThread t, in SysArgs a, long number, byte[] path, int index)
    {
        fixed (byte* p = path)
        {
            return index == 1
                ? HostCall.Make(t, number, (ulong)p, a.A2, a.A3, a.A4, a.A5, a.A6)
                : HostCall.Make(t, number, a.A1, (ulong)p, a.A3, a.A4, a.A5, a.A6);
        }
    }
}
