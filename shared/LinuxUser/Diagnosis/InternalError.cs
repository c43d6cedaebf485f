using System.Text;
using Suite.Host;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>The emulator's own errors: what a bug report needs, on standard error, and the end of the process.</summary>
public static class InternalError
{
    private const int LongestModelName = 64;

    /// <summary>Reports an exception that nobody expected while a thread ran, and ends the process with SIGABRT, as an unhandled exception does.</summary>
    public static void Die(GuestThread t, Exception e)
    {
        ReportSink.Write(null, Text(t, e));
        SignalDelivery.Kill(t, Linux.SIGABRT);
    }

    private static unsafe string Text(GuestThread t, Exception e)
    {
        string tool = t.Process.Target.Tool;
        return new StringBuilder()
            .Append($"{tool}: internal error, not the guest's: {e.Message}\n")
            .Append("  please open an issue with this report, the program if it may be shared, and how it was started\n")
            .Append($"  version   {ProcessDiagnosis.Version}\n")
            .Append($"  target    {tool}, -cpu {t.Process.Diagnosis?.CpuModel ?? "default"}\n")
            .Append($"  host cpu  {HostCpuName()}, kernel {HostKernel()}\n")
            .Append($"  program   {t.Process.Identity.Path}\n")
            .Append($"  guest pc  0x{t.State->Pc:x} (thread {t.Tid}, last exit {t.State->Reason})\n")
            .Append($"  exception {e.ToString().Replace("\n", "\n            ")}\n")
            .ToString();
    }

    // The brand string: cpuid 80000002h to 80000004h.
    private static string HostCpuName()
    {
        const uint First = 0x80000002, Last = 0x80000004;
        if (HostCpu.Cpuid(0x80000000, 0).Eax < Last)
            return "without a name";
        StringBuilder name = new(LongestModelName);
        for (uint leaf = First; leaf <= Last; leaf++)
        {
            var words = HostCpu.Cpuid(leaf, 0);
            foreach (uint word in (ReadOnlySpan<uint>)[words.Eax, words.Ebx, words.Ecx, words.Edx])
                for (int i = 0; i < 32; i += 8)
                    if ((byte)(word >> i) is var c and not 0)
                        name.Append((char)c);
        }

        return name.ToString().Trim();
    }

    private static unsafe string HostKernel()
    {
        const int Field = 65, Release = 2;
        byte* names = stackalloc byte[6 * Field];
        if (Sys.Call(Nr.uname, (long)names) != 0)
            return "?";
        ReadOnlySpan<byte> release = new(names + Release * Field, Field);
        return Encoding.ASCII.GetString(release[..Math.Max(release.IndexOf((byte)0), 0)]);
    }
}
