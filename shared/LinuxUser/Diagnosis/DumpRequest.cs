using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>Asks a running tool, from another process of the same user, to print what its guest's threads do (-dump-threads).</summary>
public static unsafe class DumpRequest
{
    /// <summary>si_value of the request, which comes as the signal the engine has for itself.</summary>
    public const ulong Cookie = 0x5154_4844_554D_5031;

    /// <summary>Sends the request. Null when it is sent; else why it was not.</summary>
    public static string? Send(int pid)
    {
        if (HostProcess.ReadText(Encoding.ASCII.GetBytes($"/proc/{pid}/status\0")) is not { } status)
            return $"there is no process {pid}";
        if (!CatchesKick(Encoding.ASCII.GetString(status)) || !IsTool(pid))
            return $"process {pid} is not run by this tool, or it has not begun";
        byte* info = stackalloc byte[VcpuState.SiginfoSize];
        new Span<byte>(info, VcpuState.SiginfoSize).Clear();
        *(int*)info = SignalMasks.Kick;
        *(int*)(info + 8) = -1; // SI_QUEUE
        *(int*)(info + 16) = (int)Sys.Call(Nr.getpid);
        *(ulong*)(info + 24) = Cookie;
        long error = Sys.Call(Nr.rt_tgsigqueueinfo, pid, BestThread(pid), SignalMasks.Kick, (long)info);
        return error == 0 ? null : $"process {pid} cannot be asked (errno {-error})";
    }

    // Without the tool's handler the signal would kill.
    private static bool CatchesKick(string status)
    {
        const string Field = "SigCgt:";
        int at = status.IndexOf(Field, StringComparison.Ordinal);
        return at >= 0 && ulong.TryParse(status.AsSpan(at + Field.Length).TrimStart()[..16], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong caught)
            && (caught & SignalMasks.Of(SignalMasks.Kick)) != 0;
    }

    private static bool IsTool(int pid)
    {
        string? exe = File.ResolveLinkTarget($"/proc/{pid}/exe", returnFinalTarget: false)?.Name;
        return exe is not null && (exe.StartsWith("qemu-", StringComparison.Ordinal) || exe == Path.GetFileName(Environment.ProcessPath));
    }

    // One that runs: a thread that waits is best left alone.
    private static int BestThread(int pid)
    {
        foreach (string task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
        {
            string stat = File.ReadAllText($"{task}/stat");
            if (stat[(stat.LastIndexOf(')') + 1)..].TrimStart().StartsWith('R'))
                return int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture);
        }

        return pid;
    }
}
