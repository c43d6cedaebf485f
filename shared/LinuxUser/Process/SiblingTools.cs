using Suite.Host;
using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Process;

/// <summary>The other user-mode tools of the suite, for programs that a guest executes and that are not made for this tool.</summary>
internal static unsafe class SiblingTools
{
    private const int X_OK = 1;

    /// <summary>The tool that should run a program, or null: it is this tool's own, the host's (x86-64), or no tool of the suite runs it.</summary>
    public static string? NameFor(in ElfIdentity identity, ElfTarget own) => identity.Tool switch
    {
        "qemu-i386" or "qemu-ppc" when identity.Tool != own.Tool => identity.Tool,
        _ => null,
    };

    /// <summary>Where a tool is: beside this one, or in PATH; null when it is in neither place.</summary>
    /// <param name="tool">Its name.</param>
    /// <param name="envp">The environment of the program to be executed, which PATH is taken from.</param>
    /// <param name="isBeside">It is beside this tool, and so one of the suite.</param>
    public static string? Find(string tool, byte[][] envp, out bool isBeside)
    {
        isBeside = true;
        if (OwnDirectory() is { } directory && IsExecutable($"{directory}/{tool}"))
            return $"{directory}/{tool}";
        isBeside = false;
        foreach (string place in SearchPath(envp).Split(':'))
            if (place.StartsWith('/') && IsExecutable($"{place}/{tool}"))
                return $"{place}/{tool}";
        return null;
    }

    /// <summary>
    /// Replaces the process by <paramref name="tool"/> running <paramref name="path"/>; returns only on failure, with -errno. A tool beside this one is
    /// told as this one tells itself; one from PATH, which may be another suite's, in the words that any QEMU knows.
    /// </summary>
    public static long Exec(Respawn respawn, string tool, bool isBeside, byte[] path, byte[][] argv, byte[][] envp, ulong signalMask)
    {
        byte[] program = path.AsSpan().Contains((byte)'/') ? path : [(byte)'.', (byte)'/', .. path], word = GuestText.ToBytes(tool);
        return isBeside
            ? respawn.ExecSibling(word, program, argv, envp, ExecHandover.Nothing with { SignalMask = signalMask })
            : Respawn.ExecNative(word, [word, [.. "-0"u8], argv.Length > 0 ? argv[0] : [], program, .. argv.Skip(1)], envp, signalMask);
    }

    private static string? OwnDirectory()
    {
        byte[] target = new byte[4096];
        fixed (byte* link = "/proc/self/exe\0"u8, into = target)
        {
            long length = Sys.Call(Nr.readlink, (long)link, (long)into, target.Length);
            return length > 0 ? Path.GetDirectoryName(GuestText.FromBytes(target.AsSpan(0, (int)length))) : null;
        }
    }

    private static string SearchPath(byte[][] envp)
    {
        foreach (byte[] variable in envp)
            if (variable.AsSpan().StartsWith("PATH="u8))
                return GuestText.FromBytes(variable.AsSpan(5));
        return ProgramFinder.DefaultPath;
    }

    private static bool IsExecutable(string path)
    {
        fixed (byte* p = (byte[])[.. GuestText.ToBytes(path), 0])
            return Sys.Call(Nr.access, (long)p, X_OK) == 0;
    }
}
