namespace Suite.LinuxUser.Abi;

/// <summary>Sets of netlink attributes that share numbers.</summary>
internal enum NetlinkGroup : byte
{
    /// <summary>No attributes inside.</summary>
    None,
    Unknown,
    ErrorDetail,
    Link,
    LinkInfo,
    AddressFamilies,
    Inet,
    Inet6,
    Address,
    Route,
    Multipath,
    Neighbour,
    Rule,
    Traffic,
    InetDiag,
    UnixDiag,
    Controller,
    ControllerList,
    ControllerItem,

    /// <summary>Values in network order (netfilter).</summary>
    NetworkOrder,
}

/// <summary>Heads and attributes of netlink messages as struct codes (linux/rtnetlink.h, if_link.h, if_addr.h, neighbour.h, fib_rules.h, inet_diag.h, genetlink.h).</summary>
internal static class NetlinkTypes
{
    /// <summary>The struct an rtnetlink message starts with.</summary>
    public static ReadOnlySpan<byte> RouteHead(int type, out NetlinkGroup group)
    {
        group = type switch
        {
            < 20 or >= 108 and < 112 => NetlinkGroup.Link,
            < 24 => NetlinkGroup.Address,
            < 28 => NetlinkGroup.Route,
            < 32 => NetlinkGroup.Neighbour,
            < 36 => NetlinkGroup.Rule,
            < 52 => NetlinkGroup.Traffic,
            _ => NetlinkGroup.Unknown,
        };
        return group switch
        {
            NetlinkGroup.Link => "bbhiii"u8,
            NetlinkGroup.Address => "bbbbi"u8,
            NetlinkGroup.Route or NetlinkGroup.Rule => "b8i"u8,
            NetlinkGroup.Neighbour => "bbhihbb"u8,
            NetlinkGroup.Traffic => "bbhiiii"u8,
            _ => type switch
            {
                >= 64 and < 68 => "bbh"u8, // neighbour tables
                >= 80 and < 92 => "b"u8, // netconf, multicast databases, name spaces
                >= 92 and < 96 => "bbhii"u8, // statistics
                >= 104 and < 108 => "b4i"u8, // next hops
                _ => default,
            },
        };
    }

    /// <summary>The struct a sock_diag message starts with.</summary>
    public static ReadOnlySpan<byte> DiagHead(int family, bool isRequest, out NetlinkGroup group)
    {
        group = family == SocketAddress.AF_UNIX ? NetlinkGroup.UnixDiag : NetlinkGroup.InetDiag;
        if (family == SocketAddress.AF_UNIX)
            return isRequest ? "bbhiiiii"u8 : "b4iii"u8;
        return isRequest ? "b4innm8iii"u8 : "b4nnm8iiii5"u8;
    }

    /// <summary>struct genlmsghdr.</summary>
    public static ReadOnlySpan<byte> GenericHead(int type, out NetlinkGroup group)
    {
        const int GENL_ID_CTRL = 16;
        group = type == GENL_ID_CTRL ? NetlinkGroup.Controller : NetlinkGroup.Unknown;
        return "bbh"u8;
    }

    /// <summary>struct nfgenmsg.</summary>
    public static ReadOnlySpan<byte> NetfilterHead(out NetlinkGroup group)
    {
        group = NetlinkGroup.NetworkOrder;
        return "bbn"u8;
    }

    /// <summary>An attribute's value as a struct code, or the group of attributes inside it.</summary>
    public static ReadOnlySpan<byte> Attribute(NetlinkGroup group, int type, int length, out NetlinkGroup inner)
    {
        inner = NetlinkGroup.None;
        switch (group)
        {
            case NetlinkGroup.Link:
                return Link(type, length, out inner);
            case NetlinkGroup.LinkInfo:
                if (type is 2 or 5) // IFLA_INFO_DATA, IFLA_INFO_SLAVE_DATA
                    inner = NetlinkGroup.Unknown;
                return default;
            case NetlinkGroup.AddressFamilies:
                inner = type == SocketAddress.AF_INET6 ? NetlinkGroup.Inet6 : type == SocketAddress.AF_INET ? NetlinkGroup.Inet : NetlinkGroup.Unknown;
                return default;
            case NetlinkGroup.Inet:
                return "i256"u8; // IFLA_INET_CONF
            case NetlinkGroup.Inet6:
                return type switch
                {
                    1 or 2 or 5 or 9 => "i256"u8, // flags, IFLA_INET6_CONF, cache info, RA_MTU
                    3 or 6 => "q256"u8, // statistics
                    _ => default,
                };
            case NetlinkGroup.Address:
                return type is 6 or 8 or 9 or 10 ? "i4"u8 : default; // IFA_CACHEINFO, IFA_FLAGS, IFA_RT_PRIORITY, IFA_TARGET_NETNSID
            case NetlinkGroup.Route:
                return Route(type, length, out inner);
            case NetlinkGroup.Neighbour:
                return type switch
                {
                    1 or 2 or 6 => default, // NDA_DST, NDA_LLADDR, NDA_PORT
                    3 => "i4"u8, // NDA_CACHEINFO
                    _ => ByLength(length),
                };
            case NetlinkGroup.Rule:
                return type switch
                {
                    1 or 2 or 3 or 12 or 17 => default, // addresses, names, FRA_TUN_ID
                    20 => "ii"u8, // FRA_UID_RANGE
                    23 or 24 => "hh"u8, // port ranges
                    _ => ByLength(length),
                };
            case NetlinkGroup.Traffic:
                return type == 1 ? default : ByLength(length); // TCA_KIND
            case NetlinkGroup.InetDiag:
                return type switch
                {
                    2 => "b8i24q4i6q4i2q2i6hhi16"u8, // INET_DIAG_INFO: struct tcp_info
                    1 or 7 => "i16"u8, // memory
                    _ => type is 4 or 5 or 6 or 8 ? default : ByLength(length),
                };
            case NetlinkGroup.UnixDiag:
                return type is 0 or 6 ? default : "i4096"u8; // UNIX_DIAG_NAME, UNIX_DIAG_SHUTDOWN
            case NetlinkGroup.Controller:
                if (type is 6 or 7) // CTRL_ATTR_OPS, CTRL_ATTR_MCAST_GROUPS: arrays of nested attributes without the flag
                    inner = NetlinkGroup.ControllerList;
                return type == 2 ? default : ByLength(length);
            case NetlinkGroup.ControllerList:
                inner = NetlinkGroup.ControllerItem;
                return default;
            case NetlinkGroup.ControllerItem:
                return type == 1 && length != 4 ? default : ByLength(length); // CTRL_ATTR_MCAST_GRP_NAME
            case NetlinkGroup.ErrorDetail:
                return type == 2 ? "i"u8 : default; // NLMSGERR_ATTR_OFFS
            case NetlinkGroup.NetworkOrder:
                return default;
            default:
                return ByLength(length);
        }
    }

    private static ReadOnlySpan<byte> ByLength(int length) => length switch
    {
        2 => "h"u8,
        4 => "i"u8,
        8 => "q"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> Link(int type, int length, out NetlinkGroup inner)
    {
        inner = type switch
        {
            18 => NetlinkGroup.LinkInfo,
            26 => NetlinkGroup.AddressFamilies,
            43 or 52 => NetlinkGroup.Unknown, // IFLA_XDP; IFLA_PROP_LIST
            _ => NetlinkGroup.None,
        };
        return type switch
        {
            7 => "i64"u8, // IFLA_STATS
            14 => "qqqhbb"u8, // IFLA_MAP
            23 => "q64"u8, // IFLA_STATS64
            1 or 2 or 3 or 6 or 20 or 22 or 34 or 36 or 38 or 53 or 54 or 56 or 57 => default, // addresses and names
            _ => length == 4 ? "i"u8 : default,
        };
    }

    private static ReadOnlySpan<byte> Route(int type, int length, out NetlinkGroup inner)
    {
        inner = type switch
        {
            8 or 22 => NetlinkGroup.Unknown, // RTA_METRICS, RTA_ENCAP
            9 => NetlinkGroup.Multipath,
            _ => NetlinkGroup.None,
        };
        return type switch
        {
            1 or 2 or 5 or 7 or 19 or 28 or 29 => default, // addresses and ports
            12 => "i8"u8, // RTA_CACHEINFO
            17 => "q3"u8, // RTA_MFC_STATS
            18 => "h"u8, // RTA_VIA
            _ => ByLength(length),
        };
    }
}
