using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>The name of a core file, from /proc/sys/kernel/core_pattern (core(5)).</summary>
/// <param name="Path">Where the file goes.</param>
/// <param name="Note">Why it is another place than the pattern says; null when it is not.</param>
internal sealed record CoreName(string Path, string? Note)
{
    /// <summary>A pattern without a slash at the start: the file goes to the current folder.</summary>
    public bool IsRelative => !Path.StartsWith('/');

    /// <summary>The name for a process that dies now.</summary>
    public static CoreName Of(GuestThread t, int signal)
    {
        string? pattern = HostProcess.ReadText("/proc/sys/kernel/core_pattern\0"u8) is { } text ? GuestText.FromBytes(text).TrimEnd('\n') : null;
        if (string.IsNullOrEmpty(pattern))
            return new CoreName(Fallback(t), null);
        if (pattern[0] is '|' or '@')
            return new CoreName(Fallback(t), "the system's core_pattern is a program, which cores of guests are not given to");
        bool uses = HostProcess.ReadText("/proc/sys/kernel/core_uses_pid\0"u8) is [(byte)'1', ..];
        return new CoreName(Expand(pattern, t, signal, uses), null);
    }

    /// <summary>Replaces the specifiers of a pattern.</summary>
    internal static string Expand(string pattern, GuestThread t, int signal, bool usesPid)
    {
        StringBuilder name = new();
        bool hasPid = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%' || ++i >= pattern.Length)
            {
                if (i < pattern.Length)
                    name.Append(pattern[i]);
                continue;
            }

            hasPid |= pattern[i] == 'p';
            name.Append(pattern[i] switch
            {
                '%' => "%",
                'p' or 'P' => Number(Sys.Call(Nr.getpid)),
                'i' or 'I' => Number(t.Tid),
                'u' => Number(Sys.Call(Nr.getuid)),
                'g' => Number(Sys.Call(Nr.getgid)),
                'd' => Number(Dumpable()),
                's' => Number(signal),
                't' => Number(DateTimeOffset.UtcNow.ToUnixTimeSeconds()),
                'h' => Environment.MachineName,
                'e' => HostProcess.ReadText("/proc/self/comm\0"u8) is { } comm ? GuestText.FromBytes(comm).TrimEnd('\n').Replace('/', '!') : Program(t),
                'f' => Program(t),
                'E' => t.Process.Identity.Path.Replace('/', '!'),
                'c' => Number((long)Math.Min(CoreLimit.Soft(), long.MaxValue)),
                _ => "",
            });
        }

        if (usesPid && !hasPid)
            name.Append('.').Append(Number(Sys.Call(Nr.getpid)));
        return name.ToString();
    }

    /// <summary>prctl(PR_GET_DUMPABLE).</summary>
    public static long Dumpable()
    {
        const int PR_GET_DUMPABLE = 3;
        return Sys.Call(Nr.prctl, PR_GET_DUMPABLE);
    }

    // As QEMU names them.
    private static string Fallback(GuestThread t) =>
        string.Create(CultureInfo.InvariantCulture, $"qemu_{Program(t)}_{DateTime.Now:yyyyMMdd-HHmmss}_{Sys.Call(Nr.getpid)}.core");

    private static string Program(GuestThread t) => t.Process.Identity.Path[(t.Process.Identity.Path.LastIndexOf('/') + 1)..];

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
