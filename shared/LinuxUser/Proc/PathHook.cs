using System.Text;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>What a call is to make of a path.</summary>
internal readonly struct HookedPath
{
    /// <summary>Path to use in place of the guest's, NUL-terminated; null to use the guest's.</summary>
    public byte[]? Replacement { get; init; }

    /// <summary>The entry of /proc it names.</summary>
    public ProcName Proc { get; init; }

    /// <summary>True when the call goes to the host with the guest's own pointer.</summary>
    public bool IsPlain => Replacement is null && Proc.File == ProcFile.None;
}

/// <summary>
/// The one place where paths of the guest are looked at: names below /proc whose truth differs, and -L prefixes. Nearly every path is
/// neither and passes after a look at its first bytes; a pointer that cannot be read passes too, and the kernel says EFAULT.
/// </summary>
public static unsafe class PathHook
{
    // Longer relative paths name nothing of interest below /proc.
    private const int HeadBytes = 48;

    /// <summary>Judges a path argument.</summary>
    /// <param name="t">The calling thread.</param>
    /// <param name="directory">What relative paths start from; AT_FDCWD for calls without such an argument.</param>
    /// <param name="address">The path in guest memory.</param>
    internal static HookedPath Look(GuestThread t, int directory, ulong address)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        head = head[..ReadHead(t.Memory, address, head)];
        if (head.IsEmpty || head[0] == 0)
            return default;
        t.Calls.NotePath(address, head);
        if (head[0] != '/')
            return head.IndexOf((byte)0) is > 0 and var length ? LookRelative(t, directory, head[..length]) : default;
        if (head.StartsWith("/proc/"u8))
            return t.Memory.ReadCString(address) is { } path ? new HookedPath { Proc = Parse(t, path) } : default;
        return t.Process.Prefixes.Count > 0 && t.Memory.ReadCString(address) is { } absolute
            ? new HookedPath { Replacement = BelowPrefix(t.Process.Prefixes, absolute) }
            : default;
    }

    /// <summary>The first prefix below which an absolute path exists, with the path behind it and a NUL; null when there is none.</summary>
    internal static byte[]? BelowPrefix(IReadOnlyList<string> prefixes, ReadOnlySpan<byte> path)
    {
        const int F_OK = 0;
        foreach (string prefix in prefixes)
        {
            byte[] candidate = [.. GuestText.ToBytes(prefix.TrimEnd('/')), .. path, 0];
            fixed (byte* p = candidate)
                if (Sys.Call(Nr.access, (long)p, F_OK) == 0)
                    return candidate;
        }

        return null;
    }

    private static HookedPath LookRelative(GuestThread t, int directory, ReadOnlySpan<byte> path)
    {
        if (!ProcName.MayBeRelative(path))
            return default;
        string from = directory == Linux.AT_FDCWD ? GuestText.FromBytes(HostFile.ReadLink("/proc/self/cwd") ?? []) : GuestMemory.DescriptorPath(directory);
        return from == "/proc" || from.StartsWith("/proc/", StringComparison.Ordinal)
            ? new HookedPath { Proc = Parse(t, [.. Encoding.UTF8.GetBytes(from), (byte)'/', .. path]) }
            : default;
    }

    private static ProcName Parse(GuestThread t, ReadOnlySpan<byte> path) => ProcName.Parse(path, (int)Sys.Call(Nr.getpid), t.Tid);

    // The string may end just before a page that is not there.
    private static int ReadHead(GuestMemory memory, ulong address, Span<byte> into)
    {
        int first = (int)Math.Min((ulong)into.Length, GuestMemory.PageSize - (address & (GuestMemory.PageSize - 1)));
        if (!memory.TryRead(address, into[..first]))
            return 0;
        return first < into.Length && !into[..first].Contains((byte)0) && memory.TryRead(address + (ulong)first, into[first..]) ? into.Length : first;
    }
}
