using Suite.Host;

namespace Suite.LinuxUser.Process;

/// <summary>
/// Starting this tool again for a program the guest executes, so that it stays emulated without any binfmt_misc registration.
/// The tool's own file is held open, since after a chroot there may be no path to it.
/// </summary>
public sealed unsafe class Respawn
{
    /// <summary>First argument of a tool started by itself: then number of options, options, argv[0] of the program, its path, its arguments.</summary>
    public const string ChildVerb = "--suite-exec";

    /// <summary>First argument of a tool started by itself for a program whose tracer goes on tracing: then a word of the tracer's, then as with <see cref="ChildVerb"/>.</summary>
    public const string DebuggedVerb = "--suite-debugged";

    /// <summary>Before the other verbs: a descriptor from which the new tool reads the seccomp filters it runs under.</summary>
    public const string FilteredVerb = "--suite-filters";

    /// <summary>True for a verb that comes, with a word behind it, before <see cref="ChildVerb"/>.</summary>
    public static bool IsPrefix(ReadOnlySpan<byte> word) => word.SequenceEqual("--suite-debugged"u8) || word.SequenceEqual("--suite-filters"u8);

    private readonly int _self;
    private readonly byte[][] _options;
    private readonly byte[] _toolName;

    public Respawn(byte[] toolName, byte[][] options)
    {
        _toolName = toolName;
        _options = options;
        fixed (byte* path = "/proc/self/exe\0"u8)
        {
            long fd = Sys.Call(Nr.open, (long)path, Linux.O_PATH | Linux.O_CLOEXEC);
            // Out of the guest's way, but within the first descriptor table: growing that waits for an RCU grace period (8 ms measured).
            const int F_DUPFD_CLOEXEC = 1030, High = 63;
            long high = Sys.IsError(fd) ? -1 : Sys.Call(Nr.fcntl, fd, F_DUPFD_CLOEXEC, High);
            _self = Sys.IsError(high) ? (int)fd : (int)high;
            if (_self != fd)
                Sys.Call(Nr.close, fd);
        }
    }

    /// <summary>The descriptor of the tool's file; guests may not close it.</summary>
    public int SelfDescriptor => _self;

    /// <summary>A descriptor the new tool is to inherit, which otherwise closes on exec; null for none.</summary>
    public int? Passed { get; init; }

    /// <summary>
    /// Replaces the process by a new tool that runs <paramref name="path"/>. Returns only on failure, with -errno.
    /// All strings are bytes without NUL.
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="argv">Its arguments.</param>
    /// <param name="envp">Its environment.</param>
    /// <param name="tracer">What the tracer of this process tells the tracer of the new one; null when there is none.</param>
    public long Exec(byte[] path, byte[][] argv, byte[][] envp, byte[]? tracer = null)
    {
        byte[] count = System.Text.Encoding.ASCII.GetBytes(_options.Length.ToString());
        byte[] name = argv.Length > 0 ? argv[0] : [];
        byte[][] prefix = tracer is null ? [_toolName] : [_toolName, System.Text.Encoding.ASCII.GetBytes(DebuggedVerb), tracer];
        byte[][] arguments = [.. prefix, System.Text.Encoding.ASCII.GetBytes(ChildVerb), count, .. _options, name, path, .. argv.Skip(1)];
        using StringVector args = new(arguments);
        using StringVector env = new(envp);
        OpenPassed(true);
        long error;
        fixed (byte* empty = "\0"u8)
            error = Sys.Call(Nr.execveat, _self, (long)empty, (long)args.Pointer, (long)env.Pointer, Linux.AT_EMPTY_PATH);
        OpenPassed(false);
        return error;
    }

    /// <summary>
    /// Replaces the process by a tool for another target, as <see cref="Exec"/> does by this one; what is logged goes on being logged.
    /// </summary>
    public long ExecSibling(byte[] tool, byte[] path, byte[][] argv, byte[][] envp)
    {
        byte[][] shared = SharedOptions();
        byte[] count = System.Text.Encoding.ASCII.GetBytes(shared.Length.ToString());
        OpenPassed(true);
        long error = ExecNative(tool, [tool, System.Text.Encoding.ASCII.GetBytes(ChildVerb), count, .. shared, argv.Length > 0 ? argv[0] : [], path, .. argv.Skip(1)], envp);
        OpenPassed(false);
        return error;
    }

    /// <summary>execve(2) of a file that the host itself is to run.</summary>
    public static long ExecNative(byte[] path, byte[][] argv, byte[][] envp)
    {
        using StringVector args = new(argv);
        using StringVector env = new(envp);
        fixed (byte* p = (byte[])[.. path, 0])
            return Sys.Call(Nr.execve, (long)p, (long)args.Pointer, (long)env.Pointer);
    }

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
        for (int i = 0; i < _options.Length; i++)
        {
            string option = System.Text.Encoding.UTF8.GetString(_options[i]);
            option = option.StartsWith("--", StringComparison.Ordinal) ? option[1..] : option;
            string name = option.Split('=')[0];
            if (name is not ("-strace" or "-d" or "-D"))
                continue;
            shared.Add(_options[i]);
            if (name is "-d" or "-D" && !option.Contains('=') && i + 1 < _options.Length)
                shared.Add(_options[++i]);
        }
        return [.. shared];
    }
}
