using System.Text;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Char;

/// <summary>Takes everything, says nothing.</summary>
public sealed class NullChardev : IChardev
{
    /// <inheritdoc/>
    public ICharReceiver? Receiver { get; set; }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes)
    {
    }
}

/// <summary>Output into a file, and input from another one if there is one.</summary>
public sealed class FileChardev : DescriptorChardev
{
    private const int O_APPEND = 0x400, Mode = 0x1B6;

    /// <summary>Opens the files.</summary>
    /// <param name="path">Made if need be, and emptied unless it is appended to.</param>
    /// <param name="appends">What is there stays.</param>
    /// <param name="inputPath">Where input comes from; null for none.</param>
    /// <param name="loop">The thread that waits.</param>
    /// <exception cref="IOException">A file cannot be opened; with the cause.</exception>
    public FileChardev(string path, bool appends, string? inputPath, HostLoop loop)
        : base(loop)
    {
        int output = HostFile.Open(path, Linux.O_WRONLY | Linux.O_CREAT | Linux.O_CLOEXEC | (appends ? O_APPEND : Linux.O_TRUNC), Mode);
        int input = inputPath is null ? -1 : HostFile.Open(inputPath, Linux.O_RDONLY | Linux.O_CLOEXEC);
        Attach(input, output);
    }
}

/// <summary>A device of the host, both ways: a serial line (which is set to pass every byte as it is), a parallel port, /dev/null.</summary>
public sealed class DeviceChardev : DescriptorChardev
{
    private const int O_NOCTTY_NONBLOCK = 0x100 | 0x800;

    /// <summary>Opens it.</summary>
    /// <param name="path">/dev/ttyS0.</param>
    /// <param name="loop">The thread that waits.</param>
    /// <exception cref="IOException">It cannot be opened; with the cause.</exception>
    public DeviceChardev(string path, HostLoop loop)
        : base(loop)
    {
        int device = HostFile.Open(path, Linux.O_RDWR | Linux.O_CLOEXEC | O_NOCTTY_NONBLOCK);
        TerminalMode.PassAll(device);
        Attach(device, device);
    }
}

/// <summary>Two named pipes, PATH.in and PATH.out, or one PATH for both directions.</summary>
public sealed class PipeChardev : DescriptorChardev
{
    private const int O_NONBLOCK = 0x800;

    /// <summary>Opens the pipes.</summary>
    /// <param name="path">Without ".in" and ".out".</param>
    /// <param name="loop">The thread that waits.</param>
    /// <exception cref="IOException">They cannot be opened; with the cause.</exception>
    public PipeChardev(string path, HostLoop loop)
        : base(loop)
    {
        // Opened both ways, so that nobody waits for the other end and nobody sees an end.
        const int flags = Linux.O_RDWR | Linux.O_CLOEXEC | O_NONBLOCK;
        if (File.Exists(path + ".in") && File.Exists(path + ".out"))
        {
            Attach(HostFile.Open(path + ".in", flags), HostFile.Open(path + ".out", flags));
        }
        else
        {
            int both = HostFile.Open(path, flags);
            Attach(both, both);
        }
    }
}

/// <summary>A new pseudo-terminal, for a terminal program to open.</summary>
public sealed unsafe class PtyChardev : DescriptorChardev
{
    private const uint TIOCSPTLCK = 0x40045431, TIOCGPTN = 0x80045430;
    private const int O_NOCTTY_NONBLOCK = 0x100 | 0x800;

    private readonly int _slave;

    /// <summary>Makes one.</summary>
    /// <param name="loop">The thread that waits.</param>
    /// <exception cref="IOException">There is none; with the cause.</exception>
    public PtyChardev(HostLoop loop)
        : base(loop)
    {
        IsPatient = false;
        int master = HostFile.Open("/dev/ptmx", Linux.O_RDWR | Linux.O_CLOEXEC | O_NOCTTY_NONBLOCK);
        int unlocked = 0, number = 0;
        Sys.Call(Nr.ioctl, master, TIOCSPTLCK, (long)&unlocked);
        Sys.Call(Nr.ioctl, master, TIOCGPTN, (long)&number);
        Path = $"/dev/pts/{number}";
        // Held open, so that the master sees no end while nobody has it open.
        _slave = HostFile.Open(Path, Linux.O_RDWR | Linux.O_CLOEXEC | O_NOCTTY_NONBLOCK);
        new TerminalMode(_slave).SetRaw(withSignals: false);
        Attach(master, master);
    }

    /// <summary>The terminal's name.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        Sys.Call(Nr.close, _slave);
    }
}

/// <summary>Opening files by the kernel's own flags.</summary>
internal static unsafe class HostFile
{
    /// <summary>open(2).</summary>
    /// <exception cref="IOException">With path and cause.</exception>
    public static int Open(string path, int flags, int mode = 0)
    {
        long result;
        fixed (byte* p = Encoding.UTF8.GetBytes(path + '\0'))
            result = Sys.Call(Nr.open, (long)p, flags, mode);
        return result >= 0 ? (int)result : throw new IOException($"cannot open {path}: {Cause((int)-result)}");
    }

    private static string Cause(int errno) => errno switch
    {
        2 => "it does not exist",
        13 or 1 => "permission denied",
        21 => "it is a directory",
        30 => "the file system is read-only",
        _ => $"errno {errno}",
    };
}
