using System.Buffers.Binary;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// Netlink messages of a big-endian guest, swapped where they lie (layouts are alike on all targets). Headers and the typed payloads of
/// rtnetlink, sock_diag and the generic controller are known; an attribute nobody knows is swapped as the integer its length suggests.
/// </summary>
public static class NetlinkMessages
{
    public const int NETLINK_ROUTE = 0, NETLINK_SOCK_DIAG = 4, NETLINK_NETFILTER = 12, NETLINK_KOBJECT_UEVENT = 15, NETLINK_GENERIC = 16;
    private const int HeaderSize = 16, AttributeHeader = 4, NLMSG_ERROR = 2, NLMSG_DONE = 3, FirstOwnType = 16;
    private const int NLM_F_CAPPED = 0x100, NLM_F_ACK_TLVS = 0x200;

    /// <summary>Guest bytes become host bytes.</summary>
    public static void ToHost(GuestAbi abi, int protocol, Span<byte> data) => Messages(new Swapper(abi, protocol, toHost: true), data);

    /// <summary>Host bytes become guest bytes.</summary>
    public static void ToGuest(GuestAbi abi, int protocol, Span<byte> data) => Messages(new Swapper(abi, protocol, toHost: false), data);

    private static void Messages(in Swapper swapper, Span<byte> data)
    {
        if (!swapper.Abi.BigEndian || swapper.Protocol == NETLINK_KOBJECT_UEVENT || IsCookie(swapper, data))
            return;
        while (data.Length >= HeaderSize)
        {
            int length = (int)Math.Min(swapper.U32(data, 0), (uint)data.Length);
            if (length < HeaderSize)
                return;
            Message(swapper, data[..length]);
            data = data[Math.Min(data.Length, length + 3 & ~3)..];
        }
    }

    // What mq_notify(2) sends with SIGEV_THREAD is no message but the guest's own bytes, and a last one that says why (ipc/mqueue.c).
    private static bool IsCookie(in Swapper swapper, ReadOnlySpan<byte> data)
    {
        const int NOTIFY_COOKIE_LEN = 32, NOTIFY_WOKENUP = 1, NOTIFY_REMOVED = 2;
        return !swapper.IsToHost && swapper.Protocol == NETLINK_ROUTE && data.Length == NOTIFY_COOKIE_LEN
            && (data[^1] is NOTIFY_WOKENUP or NOTIFY_REMOVED) && swapper.U32(data, 0) > NOTIFY_COOKIE_LEN;
    }

    private static void Message(in Swapper swapper, Span<byte> message)
    {
        int type = swapper.U16(message, 4), flags = swapper.U16(message, 6);
        swapper.Fields("ihhii"u8, message);
        Span<byte> payload = message[HeaderSize..];
        if (type == NLMSG_ERROR)
            Error(swapper, payload, flags);
        else if (type == NLMSG_DONE)
            swapper.Fields("i"u8, payload);
        else if (type >= FirstOwnType)
            Payload(swapper, type, payload);
    }

    // struct nlmsgerr: the error, the header of the request and, unless it was capped, its payload; then attributes about the error.
    private static void Error(in Swapper swapper, Span<byte> payload, int flags)
    {
        if (payload.Length < 4 + HeaderSize)
        {
            swapper.Fields("i"u8, payload);
            return;
        }

        swapper.Fields("i"u8, payload);
        Span<byte> request = payload[4..];
        int length = (flags & NLM_F_CAPPED) != 0 ? HeaderSize : (int)Math.Clamp(swapper.U32(request, 0), HeaderSize, (uint)request.Length);
        Message(swapper, request[..length]);
        if ((flags & NLM_F_ACK_TLVS) != 0)
            Attributes(swapper, request[Math.Min(request.Length, length + 3 & ~3)..], NetlinkGroup.ErrorDetail);
    }

    private static void Payload(in Swapper swapper, int type, Span<byte> payload)
    {
        NetlinkGroup group = NetlinkGroup.Unknown;
        ReadOnlySpan<byte> head = swapper.Protocol switch
        {
            NETLINK_ROUTE => NetlinkTypes.RouteHead(type, out group),
            NETLINK_SOCK_DIAG => NetlinkTypes.DiagHead(payload.Length > 0 ? payload[0] : 0, swapper.IsToHost, out group),
            NETLINK_GENERIC => NetlinkTypes.GenericHead(type, out group),
            NETLINK_NETFILTER => NetlinkTypes.NetfilterHead(out group),
            _ => default,
        };
        if (head.IsEmpty)
            return;
        swapper.Fields(head, payload);
        int size = StructCode.HostSize(head) + 3 & ~3;
        if (payload.Length > size)
            Attributes(swapper, payload[size..], group);
    }

    private static void Attributes(in Swapper swapper, Span<byte> data, NetlinkGroup group)
    {
        const int TypeMask = 0x3FFF, Nested = 0x8000;
        while (data.Length >= AttributeHeader)
        {
            int length = Math.Min((int)swapper.U16(data, 0), data.Length), type = swapper.U16(data, 2);
            if (length < AttributeHeader)
                return;
            swapper.Fields("hh"u8, data);
            Span<byte> value = data[AttributeHeader..length];
            ReadOnlySpan<byte> code = NetlinkTypes.Attribute(group, type & TypeMask, value.Length, out NetlinkGroup inner);
            if (inner == NetlinkGroup.Multipath)
                NextHops(swapper, value);
            else if (inner != NetlinkGroup.None)
                Attributes(swapper, value, inner);
            else if ((type & Nested) != 0)
                Attributes(swapper, value, group == NetlinkGroup.NetworkOrder ? group : NetlinkGroup.Unknown);
            else
                swapper.Fields(code, value);
            data = data[Math.Min(data.Length, length + 3 & ~3)..];
        }
    }

    // RTA_MULTIPATH: struct rtnexthop with attributes of a route behind each.
    private static void NextHops(in Swapper swapper, Span<byte> data)
    {
        const int Size = 8;
        while (data.Length >= Size)
        {
            int length = Math.Min((int)swapper.U16(data, 0), data.Length);
            if (length < Size)
                return;
            swapper.Fields("hbbi"u8, data);
            Attributes(swapper, data[Size..length], NetlinkGroup.Route);
            data = data[Math.Min(data.Length, length + 3 & ~3)..];
        }
    }

    /// <summary>Reads fields before they are swapped, whichever side they come from.</summary>
    private readonly struct Swapper(GuestAbi abi, int protocol, bool toHost)
    {
        public GuestAbi Abi { get; } = abi;

        public int Protocol { get; } = protocol;

        public bool IsToHost { get; } = toHost;

        public uint U32(ReadOnlySpan<byte> data, int at) => IsToHost ? Abi.U32(data, at) : BinaryPrimitives.ReadUInt32LittleEndian(data[at..]);

        public ushort U16(ReadOnlySpan<byte> data, int at) => IsToHost ? Abi.U16(data, at) : BinaryPrimitives.ReadUInt16LittleEndian(data[at..]);

        public void Fields(ReadOnlySpan<byte> code, Span<byte> data) => StructCode.SwapInPlace(code, Abi, data);
    }
}
