using System.Text;
using Suite.Cli;
using Suite.Host;

namespace Suite.UserMode.Debugging;

/// <summary>
/// The descriptors of the debugger's connection: listener, connection, and what wakes the thread that serves them. They keep their high numbers, out of the
/// guest's way, from the start; the guest does not see them.
/// </summary>
internal sealed unsafe class DebugSockets
{
    private const int F_SETFD = 2, FD_CLOEXEC = 1, F_DUPFD_CLOEXEC = 1030, Place = 56;
    private const int AF_UNIX = 1, AF_INET = 2, SOCK_STREAM = 1, SOCK_CLOEXEC = 0x80000, SOL_SOCKET = 1, SO_REUSEADDR = 2, IPPROTO_TCP = 6, TCP_NODELAY = 1;
    private const int MSG_NOSIGNAL = 0x4000, EFD_NONBLOCK = 0x800;

    private string? _path;

    private DebugSockets(int listener, int connection, int wake)
    {
        (Listener, Connection, Wake) = (listener, connection, wake);
    }

    /// <summary>Accepts debuggers; -1 for none.</summary>
    public int Listener { get; private set; }

    /// <summary>A debugger; when there is none, a copy of <see cref="Wake"/> that keeps the number.</summary>
    public int Connection { get; }

    /// <summary>An eventfd(2): written to when a guest thread has something to tell.</summary>
    public int Wake { get; }

    /// <summary>True when there is a debugger.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Starts to listen.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="error">For the user.</param>
    public static DebugSockets? Listen(GdbEndpoint endpoint, out string error)
    {
        error = "";
        string? path = endpoint.Path?.Replace("%d", Environment.ProcessId.ToString());
        long fd = Sys.Call(Nr.socket, path is null ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        long result = Sys.IsError(fd) ? fd : path is null ? BindPort((int)fd, endpoint.Port!.Value) : BindPath((int)fd, path);
        if (!Sys.IsError(result))
            result = Sys.Call(Nr.listen, fd, 1);
        if (Sys.IsError(result))
        {
            string place = path ?? $"port {endpoint.Port}";
            error = -result switch
            {
                98 => $"-g: {place} is in use: choose another, or end who listens there",
                13 => $"-g: {place}: permission denied: choose a port above 1023, or a path in a folder of yours",
                2 => $"-g: {place}: its folder does not exist",
                36 => $"-g: {place}: too long for the path of a socket (107 bytes)",
                _ => $"-g: cannot listen on {place} (errno {-result})",
            };
            return null;
        }

        if (endpoint.Port == 0)
            HostText.WriteError($"gdb: listening on port {BoundPort((int)fd)}\n");
        DebugSockets sockets = Make(Raise((int)fd), -1);
        sockets._path = path;
        return sockets;
    }

    /// <summary>Takes over what the program that ran before left open.</summary>
    /// <param name="listener">Its listener, or -1.</param>
    /// <param name="connection">Its connection, or -1.</param>
    public static DebugSockets Inherit(int listener, int connection)
    {
        foreach (int fd in (ReadOnlySpan<int>)[listener, connection])
            if (fd >= 0)
                Sys.Call(Nr.fcntl, fd, F_SETFD, FD_CLOEXEC);
        return Make(listener, connection);
    }

    /// <summary>Accepts a debugger.</summary>
    public bool Accept()
    {
        long fd = Sys.Call(Nr.accept4, Listener, 0, 0, SOCK_CLOEXEC);
        if (Sys.IsError(fd))
            return false;
        int on = 1;
        Sys.Call(Nr.setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, (long)&on, sizeof(int)); // fails on a unix socket, which has no such delay
        Sys.Call(Nr.dup3, fd, Connection, Linux.O_CLOEXEC);
        Sys.Call(Nr.close, fd);
        IsConnected = true;
        return true;
    }

    /// <summary>Ends the connection.</summary>
    public void Disconnect()
    {
        Sys.Call(Nr.dup3, Wake, Connection, Linux.O_CLOEXEC);
        IsConnected = false;
    }

    /// <summary>In a child of fork: the listener stays with the parent, and the wake-up is the child's own. The numbers stay taken, since they are hidden.</summary>
    /// <param name="follows">The child takes the connection over.</param>
    public void BecomeChild(bool follows)
    {
        long wake = Sys.Call(Nr.eventfd2, 0, Linux.O_CLOEXEC | EFD_NONBLOCK);
        Sys.Call(Nr.dup3, wake, Wake, Linux.O_CLOEXEC);
        Sys.Call(Nr.close, wake);
        if (Listener >= 0)
            Sys.Call(Nr.dup3, Wake, Listener, Linux.O_CLOEXEC);
        Listener = -1;
        if (!follows)
            Disconnect();
    }

    /// <summary>Whether the descriptors outlive an exec.</summary>
    public void KeepOnExec(bool keep)
    {
        Sys.Call(Nr.fcntl, Connection, F_SETFD, keep && IsConnected ? 0 : FD_CLOEXEC);
        if (Listener >= 0)
            Sys.Call(Nr.fcntl, Listener, F_SETFD, keep ? 0 : FD_CLOEXEC);
    }

    /// <summary>Sends everything. False when the debugger is gone.</summary>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                long sent = Sys.Blocking(Nr.sendto, Connection, (long)(p + done), bytes.Length - done, MSG_NOSIGNAL, 0, 0);
                if (sent == -4)
                    continue;
                if (sent <= 0)
                    return false;
                done += (int)sent;
            }
        }

        return true;
    }

    /// <summary>What has come; 0 or an error when the debugger is gone.</summary>
    public long Receive(Span<byte> into)
    {
        fixed (byte* p = into)
            return Sys.Call(Nr.recvfrom, Connection, (long)p, into.Length, 0, 0, 0);
    }

    /// <summary>Wakes the thread that serves the debugger; from any thread.</summary>
    public void Notify()
    {
        ulong one = 1;
        Sys.Call(Nr.write, Wake, (long)&one, sizeof(ulong));
    }

    /// <summary>Takes the wake-ups back.</summary>
    public void Drain()
    {
        ulong count;
        Sys.Call(Nr.read, Wake, (long)&count, sizeof(ulong));
    }

    /// <summary>The process ends: the path goes.</summary>
    public void RemovePath()
    {
        if (_path is null || Listener < 0)
            return;
        fixed (byte* p = Encoding.UTF8.GetBytes(_path + "\0"))
            Sys.Call(Nr.unlink, (long)p);
    }

    private static DebugSockets Make(int listener, int connection)
    {
        int wake = Raise((int)Sys.Call(Nr.eventfd2, 0, Linux.O_CLOEXEC | EFD_NONBLOCK));
        int place = connection >= 0 ? connection : (int)Sys.Call(Nr.fcntl, wake, F_DUPFD_CLOEXEC, Place);
        return new DebugSockets(listener, place, wake) { IsConnected = connection >= 0 };
    }

    private static int Raise(int fd)
    {
        long high = Sys.Call(Nr.fcntl, fd, F_DUPFD_CLOEXEC, Place);
        if (Sys.IsError(high))
            return fd;
        Sys.Call(Nr.close, fd);
        return (int)high;
    }

    private static long BindPort(int fd, ushort port)
    {
        int on = 1;
        Sys.Call(Nr.setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, (long)&on, sizeof(int));
        byte* address = stackalloc byte[16];
        new Span<byte>(address, 16).Clear();
        (*(ushort*)address, address[2], address[3]) = (AF_INET, (byte)(port >> 8), (byte)port);
        return Sys.Call(Nr.bind, fd, (long)address, 16);
    }

    private static long BindPath(int fd, string path)
    {
        const int PathRoom = 107;
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        if (bytes.Length > PathRoom)
            return -36;
        byte* address = stackalloc byte[110];
        new Span<byte>(address, 110).Clear();
        *(ushort*)address = AF_UNIX;
        bytes.CopyTo(new Span<byte>(address + 2, PathRoom));
        Sys.Call(Nr.unlink, (long)(address + 2)); // as QEMU does: a socket left by a process that is gone
        return Sys.Call(Nr.bind, fd, (long)address, 2 + bytes.Length + 1);
    }

    private static int BoundPort(int fd)
    {
        byte* address = stackalloc byte[16];
        int length = 16;
        Sys.Call(Nr.getsockname, fd, (long)address, (long)&length);
        return address[2] << 8 | address[3];
    }
}
