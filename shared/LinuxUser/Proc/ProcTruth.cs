using System.Text;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// What /proc tells the guest about itself: the program instead of its emulator. Anything not answered here is left to the host, whose
/// answer is the guest's too.
/// </summary>
internal static unsafe class ProcTruth
{
    /// <summary>The path behind the link exe, without NUL; null when the host's answer is right.</summary>
    public static byte[]? Program(GuestThread t, in ProcName name)
    {
        if (name.File != ProcFile.Exe)
            return null;
        return IsOwn(t, name) ? GuestText.ToBytes(t.Process.Identity.Path) : ForeignProcess.Program(t, name.Pid);
    }

    /// <summary>True for what the guest must not see: threads of the runtime and descriptors of the emulator.</summary>
    public static bool IsHidden(GuestThread t, in ProcName name)
    {
        if (name.Tid == 0 && name.File != ProcFile.Descriptor || !IsOwn(t, name))
            return false;
        return (name.Tid != 0 && !IsVisibleThread(t, name.Tid)) || (name.File == ProcFile.Descriptor && InternalDescriptors.Hide(t.Process, name.Number));
    }

    /// <summary>The contents of a file, or null when the host's are right.</summary>
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

        if (!IsOwn(t, name))
            return name.File == ProcFile.Auxv ? t.Process.Tracees?.AuxVector(name.Subject) : name.File == ProcFile.Cmdline && ForeignProcess.TryGet(t, name.Pid, out EmulatedCommand command) ? command.CommandLine() : null;
        ProgramIdentity id = t.Process.Identity;
        return name.File switch
        {
            ProcFile.Cmdline => CommandLine(t, id),
            ProcFile.Environ => Range(t, id.ArgEnd, id.EnvEnd),
            ProcFile.Auxv => Range(t, id.AuxAddress, id.AuxAddress + (ulong)id.AuxLength),
            ProcFile.Maps => Mappings(t, "/proc/self/maps", MapsText.Maps),
            ProcFile.Smaps => Mappings(t, "/proc/self/smaps", MapsText.Smaps),
            ProcFile.Stat => Facts(t, name, "stat", StatText.Stat),
            ProcFile.Status => Facts(t, name, "status", StatText.Status),
            _ => null,
        };
    }

    /// <summary>True when an entry is about the guest's own process, by the id of any of its threads.</summary>
    public static bool IsOwn(GuestThread t, in ProcName name) =>
        name.Pid != 0 && (name.Pid == (int)Sys.Call(Nr.getpid) || name.Pid == t.Tid || t.Engine.World.Tids().Contains(name.Pid));

    /// <summary>True for threads of the guest. The main thread stays visible when it ended before the others.</summary>
    public static bool IsVisibleThread(GuestThread t, int tid) =>
        tid == t.Tid || tid == (int)Sys.Call(Nr.getpid) || t.Engine.World.Tids().Contains(tid);

    // get_mm_cmdline of fs/proc/base.c: a program that overwrote the last NUL set a title, one string of a page at most.
    private static byte[]? CommandLine(GuestThread t, ProgramIdentity id)
    {
        if (id.ArgEnd <= id.ArgStart)
            return [];
        if (!t.Memory.TryRead(id.ArgEnd - 1, out byte last) || last == 0)
            return Range(t, id.ArgStart, id.ArgEnd);
        byte[]? title = Range(t, id.ArgStart, Math.Min(id.EnvEnd, id.ArgStart + GuestMemory.PageSize));
        int end = title is null ? -1 : Array.IndexOf(title, (byte)0);
        return end < 0 ? title : title![..(end + 1)];
    }

    private static byte[]? Range(GuestThread t, ulong start, ulong end)
    {
        if (end <= start)
            return [];
        byte[] bytes = new byte[end - start];
        return t.Memory.TryRead(start, bytes) ? bytes : [];
    }

    private static byte[]? Version(GuestThread t)
    {
        if (t.Process.KernelRelease is not { } release || HostFile.ReadText("/proc/version") is not { } version
            || HostFile.ReadText("/proc/sys/kernel/osrelease") is not { } own)
            return null;
        return Encoding.UTF8.GetBytes(version.Replace(own.TrimEnd('\n'), release));
    }

    private static byte[] Mappings(GuestThread t, string hostFile, Func<Vma[], List<HostMapping>, string> write) =>
        GuestText.ToBytes(write(t.Memory.Snapshot(), HostMapping.Parse(HostFile.ReadText(hostFile) ?? "")));

    private static byte[]? Facts(GuestThread t, in ProcName name, string file, Func<string, ProcessFacts, string> write)
    {
        string path = name.Tid == 0 ? $"/proc/{name.Pid}/{file}" : $"/proc/{name.Pid}/task/{name.Tid}/{file}";
        return HostFile.ReadText(path) is { } host ? GuestText.ToBytes(write(host, ProcessFacts.Of(t, name.Subject))) : null;
    }
}
