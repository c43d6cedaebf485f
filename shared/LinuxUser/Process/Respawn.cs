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

    /// <summary>As <see cref="ChildVerb"/>, of a process that is traced with ptrace(2).</summary>
    public const string TracedChildVerb = "--suite-exec-traced";

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
    /// <param name="path">The program's file.</param>
    /// <param name="argv">Its arguments, the name included.</param>
    /// <param name="envp">Its environment.</param>
    /// <param name="isTraced">The new tool is told that it is traced.</param>
    public long Exec(byte[] path, byte[][] argv, byte[][] envp, bool isTraced)
    {
        byte[] count = System.Text.Encoding.ASCII.GetBytes(_options.Length.ToString());
        byte[] name = argv.Length > 0 ? argv[0] : [];
        byte[][] arguments = [_toolName, System.Text.Encoding.ASCII.GetBytes(isTraced ? TracedChildVerb : ChildVerb), count, .. _options, name, path, .. argv.Skip(1)];
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
