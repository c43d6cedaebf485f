using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Tracing;

/// <summary>What the host's /proc tells of a process that is, or shall be, traced.</summary>
internal static class TracedProcess
{
    /// <summary>Id of the process a thread belongs to.</summary>
    public static int ProcessOf(int tid) => Number(tid, "\nTgid:\t"u8) is > 0 and var found ? found : tid;

    /// <summary>Id of the process' parent.</summary>
    public static int ParentOf(int tid) => Number(tid, "\nPPid:\t"u8);

    /// <summary>Id of the thread that traces it, or 0.</summary>
    public static int TracerOf(int tid) => Number(tid, "\nTracerPid:\t"u8);

    /// <summary>True when the process runs this very tool.</summary>
    public static bool IsEmulated(int tid) => HostFile.TryIdentify($"/proc/{tid}/exe", out (ulong, ulong) its)
        && HostFile.TryIdentify("/proc/self/exe", out (ulong, ulong) ours) && its == ours;

    /// <summary>True when signals reach the emulator: its start is behind it.</summary>
    public static bool TakesRequests(int tid)
    {
        ReadOnlySpan<byte> status = HostFile.Read($"/proc/{tid}/status"), key = "\nSigCgt:\t"u8;
        int at = status.IndexOf(key);
        return at < 0 || status[at + key.Length] >= (byte)'8'; // the highest of 64 signals is the engine's
    }

    /// <summary>True when it is stopped by job control.</summary>
    public static bool IsHalted(int tid)
    {
        ReadOnlySpan<byte> stat = HostFile.Read($"/proc/{tid}/stat");
        int name = stat.LastIndexOf((byte)')');
        return name >= 0 && stat.Length > name + 2 && stat[name + 2] == (byte)'T';
    }

    private static int Number(int tid, ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> status = HostFile.Read($"/proc/{tid}/status");
        int at = status.IndexOf(key);
        return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(status[(at + key.Length)..], out int value, out _) ? value : 0;
    }
}
