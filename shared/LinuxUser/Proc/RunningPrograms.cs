using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// The files that emulated processes execute. The kernel refuses to have a running program written to (ETXTBSY); of emulated ones it knows
/// only that they run the tool, so that the question is answered here, for the few files that could be meant.
/// </summary>
internal static unsafe class RunningPrograms
{
    private const int ModeOffset = 24, SizeOffset = 48, AnyoneExecutes = 0x49, S_IFMT = 0xF000, S_IFREG = 0x8000;

    /// <summary>True when a path leads to a program that some process with this tool is executing.</summary>
    /// <param name="t">The calling thread.</param>
    /// <param name="directory">What a relative path starts from.</param>
    /// <param name="path">The path, in memory of the guest or the host.</param>
    public static bool Contains(GuestThread t, int directory, ulong path)
    {
        byte* stat = stackalloc byte[144];
        if (Sys.Call(Nr.newfstatat, directory, (long)path, (long)stat) != 0)
            return false;
        uint mode = *(uint*)(stat + ModeOffset);
        if ((mode & S_IFMT) != S_IFREG || (mode & AnyoneExecutes) == 0 || *(long*)(stat + SizeOffset) == 0)
            return false;
        (ulong, ulong) wanted = (*(ulong*)stat, *(ulong*)(stat + 8));
        if (HostFile.TryIdentify(t.Process.Identity.Path, out (ulong, ulong) own) && own == wanted)
            return true;
        foreach (int pid in HostFile.Numbers("/proc"))
            if (ForeignProcess.Program(pid) is { } program && HostFile.TryIdentify(GuestText.FromBytes(program), out (ulong, ulong) its) && its == wanted)
                return true;
        return false;
    }
}
