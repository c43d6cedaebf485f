using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Suite.Host;

/// <summary>A socket address of the host as its kernel takes it.</summary>
/// <param name="Raw">struct sockaddr_in, sockaddr_in6 or sockaddr_un.</param>
public readonly record struct HostEndpoint(byte[] Raw)
{
    private const int AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, UnixPathBytes = 108;

    /// <summary>AF_UNIX, AF_INET or AF_INET6.</summary>
    public int Family => BitConverter.ToUInt16(Raw, 0);

    /// <summary>Port of an internet address; 0 for others.</summary>
    public int Port => Family == AF_UNIX ? 0 : BinaryPrimitives.ReadUInt16BigEndian(Raw.AsSpan(2));

    /// <summary>The address without port; null for a path.</summary>
    public IPAddress? Address => Family switch
    {
        AF_INET => new IPAddress(Raw.AsSpan(4, 4)),
        AF_INET6 => new IPAddress(Raw.AsSpan(8, 16)),
        _ => null,
    };

    /// <summary>An internet address.</summary>
    public static HostEndpoint Internet(IPAddress address, int port)
    {
        bool isV6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] raw = new byte[isV6 ? 28 : 16];
        BitConverter.TryWriteBytes(raw, (ushort)(isV6 ? AF_INET6 : AF_INET));
        BinaryPrimitives.WriteUInt16BigEndian(raw.AsSpan(2), (ushort)port);
        address.TryWriteBytes(raw.AsSpan(isV6 ? 8 : 4), out _);
        return new HostEndpoint(raw);
    }

    /// <summary>A path.</summary>
    /// <exception cref="IOException">It is longer than the kernel's 107 bytes.</exception>
    public static HostEndpoint Unix(string path)
    {
        byte[] text = Encoding.UTF8.GetBytes(path);
        if (text.Length >= UnixPathBytes)
            throw new IOException($"the socket path {path} is longer than 107 bytes: choose a shorter one");
        byte[] raw = new byte[2 + UnixPathBytes];
        raw[0] = AF_UNIX;
        text.CopyTo(raw, 2);
        return new HostEndpoint(raw);
    }

    /// <summary>A host name or numeric address with a port; an empty name is every address.</summary>
    /// <exception cref="IOException">The name is unknown.</exception>
    public static HostEndpoint Parse(string host, int port)
    {
        if (host.Length == 0)
            return Internet(IPAddress.Any, port);
        if (host == "localhost")
            return Internet(IPAddress.Loopback, port);
        if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
            return Internet(address, port);
        try
        {
            IPAddress[] all = Dns.GetHostAddresses(host);
            return Internet(Array.Find(all, a => a.AddressFamily == AddressFamily.InterNetwork) ?? all[0], port);
        }
        catch (SocketException e)
        {
            throw new IOException($"{host}: {e.Message}: give a numeric address, or check the name");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Family == AF_UNIX ? Encoding.UTF8.GetString(Raw, 2, Raw.Length - 2).TrimEnd('\0') : new IPEndPoint(Address!, Port).ToString();
}

/// <summary>Non-blocking sockets of the host by raw system calls. Results are values, or -errno.</summary>
public static unsafe class HostSocket
{
    public const int Stream = 1, Datagram = 2;

    public const int EINTR = 4, EAGAIN = 11, EINPROGRESS = 115, ECONNREFUSED = 111;

    private const int SOCK_FLAGS = 0x80800; // close on exec, non-blocking
    private const int SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_ERROR = 4, IPPROTO_TCP = 6, TCP_NODELAY = 1, IPPROTO_ICMP = 1, AF_INET = 2;
    private const int MSG_NOSIGNAL = 0x4000, LargestAddress = 110;

    /// <summary>socket(2).</summary>
    public static int Open(int family, int type) => (int)Sys.Call(Nr.socket, family, type | SOCK_FLAGS, 0);

    /// <summary>A socket that sends echo requests without privilege, where net.ipv4.ping_group_range lets it.</summary>
    public static int OpenPing() => (int)Sys.Call(Nr.socket, AF_INET, Datagram | SOCK_FLAGS, IPPROTO_ICMP);

    /// <summary>connect(2): 0, or -EINPROGRESS until the descriptor becomes writable.</summary>
    public static int Connect(int socket, HostEndpoint to)
    {
        fixed (byte* p = to.Raw)
            return (int)Sys.Call(Nr.connect, socket, (long)p, to.Raw.Length);
    }

    /// <summary>bind(2), with SO_REUSEADDR.</summary>
    public static int Bind(int socket, HostEndpoint at)
    {
        int one = 1;
        Sys.Call(Nr.setsockopt, socket, SOL_SOCKET, SO_REUSEADDR, (long)&one, sizeof(int));
        fixed (byte* p = at.Raw)
            return (int)Sys.Call(Nr.bind, socket, (long)p, at.Raw.Length);
    }

    /// <summary>listen(2).</summary>
    public static int Listen(int socket, int backlog = 16) => (int)Sys.Call(Nr.listen, socket, backlog);

    /// <summary>accept4(2): a non-blocking socket.</summary>
    public static int Accept(int socket, out HostEndpoint from)
    {
        byte* raw = stackalloc byte[LargestAddress];
        int length = LargestAddress;
        long result = Sys.Call(Nr.accept4, socket, (long)raw, (long)&length, SOCK_FLAGS);
        from = new HostEndpoint(result >= 0 && length >= 2 ? new ReadOnlySpan<byte>(raw, Math.Min(length, LargestAddress)).ToArray() : new byte[2]);
        return (int)result;
    }

    /// <summary>Where a socket is bound.</summary>
    public static HostEndpoint Local(int socket)
    {
        byte* raw = stackalloc byte[LargestAddress];
        int length = LargestAddress;
        Sys.Call(Nr.getsockname, socket, (long)raw, (long)&length);
        return new HostEndpoint(new ReadOnlySpan<byte>(raw, Math.Clamp(length, 2, LargestAddress)).ToArray());
    }

    /// <summary>The error of a connect that was in progress, as errno; 0 for success.</summary>
    public static int Error(int socket)
    {
        int error = 0, length = sizeof(int);
        Sys.Call(Nr.getsockopt, socket, SOL_SOCKET, SO_ERROR, (long)&error, (long)&length);
        return error;
    }

    /// <summary>Small pieces are sent at once.</summary>
    public static void SetNoDelay(int socket)
    {
        int one = 1;
        Sys.Call(Nr.setsockopt, socket, IPPROTO_TCP, TCP_NODELAY, (long)&one, sizeof(int));
    }

    /// <summary>send(2) without SIGPIPE.</summary>
    public static int Send(int socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            return (int)Sys.Call(Nr.sendto, socket, (long)p, bytes.Length, MSG_NOSIGNAL);
    }

    /// <summary>sendto(2).</summary>
    public static int SendTo(int socket, ReadOnlySpan<byte> bytes, HostEndpoint to)
    {
        fixed (byte* p = bytes, a = to.Raw)
            return (int)Sys.Call(Nr.sendto, socket, (long)p, bytes.Length, MSG_NOSIGNAL, (long)a, to.Raw.Length);
    }

    /// <summary>recv(2): 0 at the end of a stream.</summary>
    public static int Receive(int socket, Span<byte> into)
    {
        fixed (byte* p = into)
            return (int)Sys.Call(Nr.recvfrom, socket, (long)p, into.Length);
    }

    /// <summary>recvfrom(2).</summary>
    public static int ReceiveFrom(int socket, Span<byte> into, out HostEndpoint from)
    {
        byte* raw = stackalloc byte[LargestAddress];
        int length = LargestAddress;
        long result;
        fixed (byte* p = into)
            result = Sys.Call(Nr.recvfrom, socket, (long)p, into.Length, 0, (long)raw, (long)&length);
        from = new HostEndpoint(result >= 0 && length >= 2 ? new ReadOnlySpan<byte>(raw, Math.Min(length, LargestAddress)).ToArray() : new byte[2]);
        return (int)result;
    }

    /// <summary>Nothing more will be sent: the other side reads the end.</summary>
    public static void ShutdownSend(int socket) => Sys.Call(Nr.shutdown, socket, 1);

    /// <summary>Closes; with a reset instead of an orderly end when asked.</summary>
    public static void Close(int socket, bool withReset = false)
    {
        const int SO_LINGER = 13;
        if (withReset)
        {
            int* linger = stackalloc int[2] { 1, 0 };
            Sys.Call(Nr.setsockopt, socket, SOL_SOCKET, SO_LINGER, (long)linger, 2 * sizeof(int));
        }

        Sys.Call(Nr.close, socket);
    }
}
