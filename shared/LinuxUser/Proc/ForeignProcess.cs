using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// Other processes that run this very tool, told from outside: by what they publish, or, between an exec and the new program's start, by their command line.
/// </summary>
internal static class ForeignProcess
{
    /// <summary>The command a process emulates; false when it does not run this tool, or cannot be looked at.</summary>
    public static bool TryGet(int pid, out EmulatedCommand command)
    {
        command = default;
        if (!HostFile.TryIdentify($"/proc/{pid}/exe", out (ulong, ulong) its)
            || !HostFile.TryIdentify("/proc/self/exe", out (ulong, ulong) ours)
            || its != ours
            || HostFile.Read($"/proc/{pid}/cmdline") is not { Length: > 0 } line)
            return false;
        if (!EmulatedCommand.TryParse(Words(line), out command))
            return false;
        command = command.FollowScripts(name => HostFile.ReadHead(Locate(pid, name)));
        return true;
    }

    /// <summary>The absolute path of the program a process emulates, or null.</summary>
    public static byte[]? Program(int pid)
    {
        if (PeerProcess.Read(pid) is { } peer)
            return GuestText.ToBytes(peer.Identity.Path);
        return TryGet(pid, out EmulatedCommand command) && (command.IsPath || command.Program.AsSpan().Contains((byte)'/')) ? HostFile.RealPath(Locate(pid, command.Program)) : null;
    }

    private static string Locate(int pid, byte[] name) =>
        name is [(byte)'/', ..] ? GuestText.FromBytes(name) : $"/proc/{pid}/cwd/{GuestText.FromBytes(name)}";

    private static byte[][] Words(ReadOnlySpan<byte> line)
    {
        List<byte[]> words = [];
        while (!line.IsEmpty)
        {
            ReadOnlySpan<byte> word = GuestText.CString(line);
            words.Add(word.ToArray());
            line = line[Math.Min(word.Length + 1, line.Length)..];
        }

        return [.. words];
    }
}
