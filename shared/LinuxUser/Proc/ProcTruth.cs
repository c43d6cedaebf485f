using System.Text;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// What /proc tells the guest about itself and other emulated processes: the program instead of its emulator. Anything not answered here is left
/// to the host, whose answer is the guest's too.
/// </summary>
internal static class ProcTruth
{
    /// <summary>The path behind the link exe, without NUL; null when the host's answer is right.</summary>
    public static byte[]? Program(GuestThread t, in ProcName name)
    {
        if (name.File != ProcFile.Exe)
            return null;
        return IsOwn(t, name) ? GuestText.ToBytes(t.Process.Identity.Path) : ForeignProcess.Program(name.Pid);
    }

    /// <summary>True for what the guest must not see: threads of the runtime and descriptors of the emulator.</summary>
    public static bool IsHidden(GuestThread t, in ProcName name)
    {
        if ((name.Tid == 0 && name.File != ProcFile.Descriptor) || Subject(t, name) is not { } subject)
            return false;
        return (name.Tid != 0 && !subject.IsVisibleThread(name.Tid)) || (name.File == ProcFile.Descriptor && subject.HidesDescriptor(name.Number));
    }

    /// <summary>The contents of a file, or null when the host's are right, or not to be read.</summary>
    public static byte[]? Content(GuestThread t, in ProcName name)
    {
        switch (name.File)
        {
            case ProcFile.CpuInfo:
                return t.Process.CpuInfo is { } model ? GuestText.ToBytes(model(HostFile.ReadText("/proc/cpuinfo") ?? "")) : null;
            case ProcFile.KernelRelease:
                return t.Process.KernelRelease is { } release ? GuestText.ToBytes(release + "\n") : null;
            case ProcFile.Version:
                return Version(t);
        }

        if (Subject(t, name) is not { } subject)
            return name.File == ProcFile.Cmdline && ForeignProcess.TryGet(name.Pid, out EmulatedCommand command) ? command.CommandLine() : null;
        ProgramIdentity id = subject.Identity;
        return name.File switch
        {
            ProcFile.Cmdline => CommandLine(subject, id),
            ProcFile.Environ => IsReadable(name, "environ") ? Range(subject, id.ArgEnd, id.EnvEnd) : null,
            ProcFile.Auxv => IsReadable(name, "auxv") ? Range(subject, id.AuxAddress, id.AuxAddress + (ulong)id.AuxLength) : null,
            ProcFile.Maps => Mappings(subject, name, "maps", MapsText.Maps),
            ProcFile.Smaps => Mappings(subject, name, "smaps", MapsText.Smaps),
            ProcFile.SmapsRollup => Mappings(subject, name, "smaps", MapsText.Rollup),
            ProcFile.Stat => Facts(subject, name, "stat", StatText.Stat),
            ProcFile.Statm => Facts(subject, name, "statm", StatText.Statm),
            ProcFile.Status => Facts(subject, name, "status", StatText.Status),
            ProcFile.Limits => Host(name, "limits") is { } limits ? GuestText.ToBytes(StatText.Limits(limits, subject.Settings)) : null,
            _ => null,
        };
    }

    /// <summary>The emulated process an entry is about; null when it is about none, or one that may not be looked at.</summary>
    public static IProcSubject? Subject(GuestThread t, in ProcName name) => name.Pid == 0 ? null : IsOwn(t, name) ? new OwnProcess(t) : PeerProcess.Read(name.Pid);

    /// <summary>True when an entry is about the guest's own process, by the id of any of its threads.</summary>
    public static bool IsOwn(GuestThread t, in ProcName name) =>
        name.Pid != 0 && (name.Pid == (int)Sys.Call(Nr.getpid) || name.Pid == t.Tid || t.Engine.World.Tids().Contains(name.Pid));

    // get_mm_cmdline of fs/proc/base.c: a program that overwrote the last NUL set a title, one string of a page at most.
    private static byte[]? CommandLine(IProcSubject subject, ProgramIdentity id)
    {
        if (id.ArgEnd <= id.ArgStart)
            return [];
        Span<byte> last = [0];
        if (!subject.TryRead(id.ArgEnd - 1, last) || last[0] == 0)
            return Range(subject, id.ArgStart, id.ArgEnd);
        byte[] title = Range(subject, id.ArgStart, Math.Min(id.EnvEnd, id.ArgStart + GuestMemory.PageSize));
        int end = Array.IndexOf(title, (byte)0);
        return end < 0 ? title : title[..(end + 1)];
    }

    private static byte[] Range(IProcSubject subject, ulong start, ulong end)
    {
        // As much as arguments and environment together may have (fs/exec.c).
        const ulong Most = 6 << 20;
        if (end <= start || end - start > Most)
            return [];
        byte[] bytes = new byte[end - start];
        return subject.TryRead(start, bytes) ? bytes : [];
    }

    private static byte[]? Version(GuestThread t)
    {
        if (t.Process.KernelRelease is not { } release || HostFile.ReadText("/proc/version") is not { } version
            || HostFile.ReadText("/proc/sys/kernel/osrelease") is not { } own)
            return null;
        return Encoding.UTF8.GetBytes(version.Replace(own.TrimEnd('\n'), release));
    }

    private static byte[]? Mappings(IProcSubject subject, in ProcName name, string file, Func<Vma[], List<HostMapping>, string> write) =>
        Host(name, file) is { } host ? GuestText.ToBytes(write(subject.Mappings, HostMapping.Parse(host))) : null;

    private static byte[]? Facts(IProcSubject subject, in ProcName name, string file, Func<string, ProcessFacts, string> write) =>
        Host(name, file) is { } host ? GuestText.ToBytes(write(host, subject.Facts(name.Subject))) : null;

    // The host's file for the same thing; null when it cannot be read, which the caller then finds out from the host itself.
    private static string? Host(in ProcName name, string file) => HostFile.ReadText(HostPath(name, file));

    private static bool IsReadable(in ProcName name, string file) => HostFile.Read(HostPath(name, file)) is not null;

    private static string HostPath(in ProcName name, string file) => name.Tid == 0 ? $"/proc/{name.Pid}/{file}" : $"/proc/{name.Pid}/task/{name.Tid}/{file}";
}
