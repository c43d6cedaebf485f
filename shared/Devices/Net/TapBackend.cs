using System.Text;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>A tap interface of the host (`-netdev tap`): frames go to and come from the host's network stack. Needs CAP_NET_ADMIN, or an interface that belongs to the user.</summary>
public sealed unsafe class TapBackend : INetBackend, IDisposable
{
    private const int O_RDWR_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    private const uint TUNSETIFF = 0x400454CA;
    private const ushort IFF_TAP = 2, IFF_NO_PI = 0x1000;
    private const int NameBytes = 16, RequestBytes = 40, LargestFrame = 65550, FramesAtOnce = 64;

    private readonly int _tap;
    private readonly HostWatch _watch;
    private readonly byte[] _frame = new byte[LargestFrame];

    /// <summary>Opens an interface.</summary>
    /// <param name="name">ifname=; empty for one that the kernel names.</param>
    /// <param name="loop">The thread that waits for frames.</param>
    /// <exception cref="IOException">It cannot be had; with the cause.</exception>
    public TapBackend(string name, HostLoop loop)
    {
        if (Encoding.ASCII.GetByteCount(name) >= NameBytes)
            throw new IOException($"tap interface {name}: the name is longer than 15 characters");
        fixed (byte* path = "/dev/net/tun\0"u8)
            _tap = (int)Sys.Call(Nr.open, (long)path, O_RDWR_NONBLOCK_CLOEXEC);
        if (_tap < 0)
            throw new IOException($"/dev/net/tun cannot be opened (errno {-_tap}): load the module tun, or use -netdev user");
        byte* request = stackalloc byte[RequestBytes];
        new Span<byte>(request, RequestBytes).Clear();
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, NameBytes));
        *(ushort*)(request + NameBytes) = IFF_TAP | IFF_NO_PI;
        long result = Sys.Call(Nr.ioctl, _tap, TUNSETIFF, (long)request);
        if (result < 0)
        {
            Sys.Call(Nr.close, _tap);
            throw new IOException(
                $"tap interface {name} cannot be had (errno {-result}): create it for this user with `ip tuntap add {name} mode tap user $USER`, or use -netdev user");
        }

        Name = Encoding.ASCII.GetString(request, NameBytes).TrimEnd('\0');
        _watch = loop.Watch(_tap, HostEvents.Read, _ => Arrive());
    }

    /// <summary>The interface.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public string Description => $"tap ifname={Name}";

    /// <inheritdoc/>
    public INetReceiver? Receiver { get; set; }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* p = frame)
            Sys.Call(Nr.write, _tap, (long)p, frame.Length);
    }

    /// <inheritdoc/>
    public void ReceiverReady() => _watch.Events = HostEvents.Read;

    /// <summary>Gives the interface back.</summary>
    public void Dispose()
    {
        _watch.Dispose();
        Sys.Call(Nr.close, _tap);
    }

    // Frames that find no buffer stay in the kernel's queue.
    private void Arrive()
    {
        for (int i = 0; i < FramesAtOnce; i++)
        {
            if (Receiver is not { CanReceive: true } receiver)
            {
                _watch.Events = HostEvents.None;
                return;
            }

            long length;
            fixed (byte* p = _frame)
                length = Sys.Call(Nr.read, _tap, (long)p, LargestFrame);
            if (length <= 0)
                return;
            receiver.Receive(_frame.AsSpan(0, (int)length));
        }
    }
}
