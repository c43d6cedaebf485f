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
        fixed (byte* empty = "\0"u8)
            return Sys.Call(Nr.execveat, _self, (long)empty, (long)args.Pointer, (long)env.Pointer, Linux.AT_EMPTY_PATH);
    }

    /// <summary>execve(2) of a file that the host itself is to run.</summary>
    public static long ExecNative(byte[] path, byte[][] argv, byte[][] envp)
    {
        using StringVector args = new(argv);
        using StringVector env = new(envp);
        fixed (byte* p = (byte[])[.. path, 0])
            return Sys.Call(Nr.execve, (long)p, (long)args.Pointer, (long)env.Pointer);
    }
}
