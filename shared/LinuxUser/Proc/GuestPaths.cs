using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>Absolute paths as the guest means them, for a debugger that looks at its files: -L prefixes, and what /proc tells the guest.</summary>
public static class GuestPaths
{
    /// <summary>The file of the host that a path means.</summary>
    public static string Resolve(GuestThread t, string path)
    {
        byte[] bytes = GuestText.ToBytes(path);
        if (ProcTruth.Program(t, Parse(t, bytes)) is { } program)
            return GuestText.FromBytes(program);
        return PathHook.BelowPrefix(t.Process.Prefixes, bytes) is { } below && bytes is [(byte)'/', ..] ? GuestText.FromBytes(below.AsSpan(0, below.Length - 1)) : path;
    }

    /// <summary>The contents of a file of /proc that the guest sees otherwise than the host; null for all other files.</summary>
    public static byte[]? Text(GuestThread t, string path)
    {
        ProcName name = Parse(t, GuestText.ToBytes(path));
        return name.IsText ? ProcTruth.Content(t, name) : null;
    }

    /// <summary>Where a link of /proc leads the guest; null where the host's answer is right.</summary>
    public static byte[]? Link(GuestThread t, string path) => ProcTruth.Program(t, Parse(t, GuestText.ToBytes(path)));

    private static ProcName Parse(GuestThread t, ReadOnlySpan<byte> path) => ProcName.Parse(path, (int)Sys.Call(Nr.getpid), t.Tid);
}
