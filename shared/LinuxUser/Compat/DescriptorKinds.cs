using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Compat;

/// <summary>What is read from and written to a descriptor.</summary>
internal enum DescriptorKind : byte
{
    /// <summary>Bytes.</summary>
    Plain,

    /// <summary>Numbers of 8 bytes: eventfd, timerfd.</summary>
    Counter,

    /// <summary>struct signalfd_siginfo.</summary>
    Signals,

    /// <summary>struct inotify_event, a name behind each.</summary>
    Inotify,

    /// <summary>struct fanotify_event_metadata, and struct fanotify_response written.</summary>
    Fanotify,

    /// <summary>struct uffd_msg.</summary>
    PageFaults,

    /// <summary>Netlink messages; the protocol is added to this.</summary>
    Netlink = 0x80,
}

/// <summary>
/// The descriptors of a big-endian guest whose data the kernel lays out in its own byte order. Empty for most programs, and then asked for
/// nothing but its emptiness. Threads share it; writers hold the lock.
/// </summary>
internal sealed unsafe class DescriptorKinds
{
    private readonly Lock _lock = new();
    private DescriptorKind[] _kinds = [];
    private volatile int _count;

    /// <summary>True when no descriptor needs converting.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>The kind of a descriptor.</summary>
    public DescriptorKind this[int fd]
    {
        get
        {
            if (_count == 0)
                return DescriptorKind.Plain;
            DescriptorKind[] kinds = Volatile.Read(ref _kinds);
            return (uint)fd < (uint)kinds.Length ? kinds[fd] : DescriptorKind.Plain;
        }
    }

    /// <summary>Notes the kind of a new descriptor, or forgets what was known of one that is gone.</summary>
    public void Set(int fd, DescriptorKind kind)
    {
        if (fd < 0 || (kind == DescriptorKind.Plain && _count == 0))
            return;
        lock (_lock)
        {
            if (fd >= _kinds.Length)
            {
                if (kind == DescriptorKind.Plain)
                    return;
                var grown = new DescriptorKind[Math.Max(fd + 1, 64)];
                _kinds.CopyTo(grown, 0);
                Volatile.Write(ref _kinds, grown);
            }

            _count += (kind != DescriptorKind.Plain ? 1 : 0) - (_kinds[fd] != DescriptorKind.Plain ? 1 : 0);
            _kinds[fd] = kind;
        }
    }

    /// <summary>Forgets a range of closed descriptors, both ends inclusive.</summary>
    public void Forget(uint first, uint last)
    {
        for (uint fd = first; _count != 0 && fd <= last && fd < (uint)_kinds.Length; fd++)
            Set((int)fd, DescriptorKind.Plain);
    }

    /// <summary>Asks the kernel what a descriptor is that came from elsewhere (inherited, received).</summary>
    public void Learn(int fd)
    {
        string path = GuestMemory.DescriptorPath(fd);
        Set(fd, path switch
        {
            "anon_inode:[eventfd]" or "anon_inode:[timerfd]" => DescriptorKind.Counter,
            "anon_inode:[signalfd]" => DescriptorKind.Signals,
            "anon_inode:inotify" or "anon_inode:[inotify]" => DescriptorKind.Inotify,
            "anon_inode:[fanotify]" => DescriptorKind.Fanotify,
            "anon_inode:[userfaultfd]" => DescriptorKind.PageFaults,
            _ => path.StartsWith("socket:", StringComparison.Ordinal) ? SocketKind(fd) : DescriptorKind.Plain,
        });
    }

    /// <summary>Looks at all descriptors the process was started with.</summary>
    public void LearnInherited()
    {
        const int Most = 256, F_GETFD = 1, StandardError = 2;
        for (int fd = StandardError + 1, missing = 0; fd < Most && missing < 16; fd++)
        {
            if (Sys.IsError(Sys.Call(Nr.fcntl, fd, F_GETFD)))
                missing++;
            else
                Learn(fd);
        }
    }

    /// <summary>The kind of a netlink socket.</summary>
    public static DescriptorKind Netlink(int protocol) => (DescriptorKind)((int)DescriptorKind.Netlink | protocol & 0x7F);

    /// <summary>The kind of a socket: Netlink with its protocol, or Plain.</summary>
    public static DescriptorKind SocketKind(int fd)
    {
        const int SO_PROTOCOL = 38;
        return SocketDomain(fd) == SocketAddress.AF_NETLINK ? Netlink(Option(fd, SO_PROTOCOL)) : DescriptorKind.Plain;
    }

    /// <summary>A socket's address family; negative when it is none.</summary>
    public static int SocketDomain(int fd)
    {
        const int SO_DOMAIN = 39;
        return Option(fd, SO_DOMAIN);
    }

    private static int Option(int fd, int option)
    {
        int value = 0, length = sizeof(int);
        return Sys.IsError(Sys.Call(Nr.getsockopt, fd, SocketOption.SOL_SOCKET, option, (long)&value, (long)&length)) ? -1 : value;
    }
}
