using Suite.Host;

namespace Suite.LinuxUser.Process;

/// <summary>
/// Starting this tool again for a program the guest executes, so that it stays emulated without any binfmt_misc registration.
/// Its file is /proc/self/exe, and from the moment on at which the guest may lose that path (chroot, mounts, namespaces) a descriptor: before
/// that none is held, so that a guest that counts its descriptors finds those it would have without an emulator.
/// </summary>
public sealed unsafe class Respawn(byte[] toolName, byte[][] options)
{
    /// <summary>First argument of a tool started by itself: then number of options, options, argv[0] of the program, its path, its arguments.</summary>
    public const string ChildVerb = "--suite-exec";

    private const int NotHeld = -1;

    /// <summary>The descriptor of the tool's file, which guests may not close; negative while there is none.</summary>
    public int SelfDescriptor { get; set; } = NotHeld;

    /// <summary>Holds the tool's file, before a call that may take away the path to it.</summary>
    public void HoldSelf()
    {
        if (SelfDescriptor >= 0)
            return;
        fixed (byte* path = SelfPath)
        {
            long fd = Sys.Call(Nr.open, (long)path, Linux.O_PATH | Linux.O_CLOEXEC);
            // Out of the guest's way, but within the first descriptor table: growing that waits for an RCU grace period (8 ms measured).
            const int F_DUPFD_CLOEXEC = 1030, High = 63;
            long high = Sys.IsError(fd) ? NotHeld : Sys.Call(Nr.fcntl, fd, F_DUPFD_CLOEXEC, High);
            SelfDescriptor = Sys.IsError(high) ? (int)fd : (int)high;
            if (SelfDescriptor != fd)
                Sys.Call(Nr.close, fd);
        }
    }

    /// <summary>The same for a process that shares this one's memory.</summary>
    public Respawn Copy() => new(toolName, options) { SelfDescriptor = SelfDescriptor, Passed = Passed };

    /// <summary>A descriptor the new tool is to inherit, which otherwise closes on exec; null for none.</summary>
    public int? Passed { get; init; }

    /// <summary>
    /// Replaces the process by a new tool that runs <paramref name="path"/>. Returns only on failure, with -errno.
    /// All strings are bytes without NUL.
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="argv">Its arguments.</param>
    /// <param name="envp">Its environment.</param>
    /// <param name="handover">What else the new tool has to know.</param>
    public long Exec(byte[] path, byte[][] argv, byte[][] envp, in ExecHandover handover)
    {
        byte[] count = System.Text.Encoding.ASCII.GetBytes(options.Length.ToString());
        byte[][] arguments = [toolName, .. handover.Words(), System.Text.Encoding.ASCII.GetBytes(ChildVerb), count, .. options, Name(argv), path, .. Rest(argv)];
        StringVector args = new(arguments), env = new(envp);
        OpenPassed(true);
        long error;
        fixed (byte* empty = "\0"u8, self = SelfPath, a = args.Block, e = env.Block)
        {
            error = SelfDescriptor >= 0
                ? Sys.Call(Nr.execveat, SelfDescriptor, (long)empty, (long)args.At(a), (long)env.At(e), Linux.AT_EMPTY_PATH)
                : Sys.Call(Nr.execve, (long)self, (long)args.At(a), (long)env.At(e));
        }

        OpenPassed(false);
        return error;
    }

    /// <summary>
    /// Replaces the process by a tool for another target, as <see cref="Exec"/> does by this one; what is logged goes on being logged.
    /// </summary>
    public long ExecSibling(byte[] tool, byte[] path, byte[][] argv, byte[][] envp, in ExecHandover handover)
    {
        byte[][] shared = SharedOptions();
        byte[] count = System.Text.Encoding.ASCII.GetBytes(shared.Length.ToString());
        OpenPassed(true);
        long error = Exec(tool, [tool, .. handover.Words(), System.Text.Encoding.ASCII.GetBytes(ChildVerb), count, .. shared, Name(argv), path, .. Rest(argv)], envp);
        OpenPassed(false);
        return error;
    }

    /// <summary>execve(2) of a file that the host itself is to run, with the signals blocked that the guest blocks. Returns only on failure, with none let in.</summary>
    public static long ExecNative(byte[] path, byte[][] argv, byte[][] envp, ulong signalMask)
    {
        GuestThread.SetHostMask(signalMask);
        long error = Exec(path, argv, envp);
        GuestThread.SetHostMask(Jit.Runtime.SignalMasks.AllButFaults);
        return error;
    }

    private static long Exec(byte[] path, byte[][] argv, byte[][] envp)
    {
        StringVector args = new(argv), env = new(envp);
        fixed (byte* p = (byte[])[.. path, 0], a = args.Block, e = env.Block)
            return Sys.Call(Nr.execve, (long)p, (long)args.At(a), (long)env.At(e));
    }

    private static byte[] Name(byte[][] argv) => argv.Length > 0 ? argv[0] : [];

    private static ReadOnlySpan<byte[]> Rest(byte[][] argv) => argv.AsSpan(Math.Min(1, argv.Length));

    private static ReadOnlySpan<byte> SelfPath => "/proc/self/exe\0"u8;

    private void OpenPassed(bool open)
    {
        const int F_SETFD = 2, FD_CLOEXEC = 1;
        if (Passed is { } descriptor)
            Sys.Call(Nr.fcntl, descriptor, F_SETFD, open ? 0 : FD_CLOEXEC);
    }

    // What means the same to every tool of the suite: what is logged, and where.
    private byte[][] SharedOptions()
    {
        List<byte[]> shared = [];
        for (int i = 0; i < options.Length; i++)
        {
            string option = System.Text.Encoding.UTF8.GetString(options[i]);
            option = option.StartsWith("--", StringComparison.Ordinal) ? option[1..] : option;
            string name = option.Split('=')[0];
            if (name is not ("-strace" or "-d" or "-D"))
                continue;
            shared.Add(options[i]);
            if (name is "-d" or "-D" && !option.Contains('=') && i + 1 < options.Length)
                shared.Add(options[++i]);
        }
        return [.. shared];
    }
}
