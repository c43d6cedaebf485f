namespace Suite.LinuxUser.Abi;

/// <summary>Socket options: their numbers on PowerPC, and the type of their values (asm/socket.h, linux/in.h, in6.h, tcp.h, if_packet.h ...).</summary>
public static class SocketOption
{
    public const int SOL_SOCKET = 1, SO_PEERNAME = 28, SO_ATTACH_FILTER = 26, SO_ATTACH_REUSEPORT_CBPF = 51;
    public const int SOL_IP = 0, SOL_TCP = 6, SOL_UDP = 17, SOL_IPV6 = 41, SOL_ICMPV6 = 58, SOL_CAN_RAW = 101, SOL_RAW = 255, SOL_PACKET = 263,
        SOL_NETLINK = 270, SOL_ALG = 279, SOL_TLS = 282, SOL_VSOCK = 287;
    public const int TCP_INFO = 11, PACKET_FANOUT_DATA = 22;

    /// <summary>The host's number of a guest's option. PowerPC numbers six options of SOL_SOCKET its own way.</summary>
    public static int ToHost(GuestAbi abi, int level, int option) => !abi.BigEndian || level != SOL_SOCKET ? option : option switch
    {
        16 => 18, // SO_RCVLOWAT
        17 => 19, // SO_SNDLOWAT
        18 => 20, // SO_RCVTIMEO_OLD
        19 => 21, // SO_SNDTIMEO_OLD
        20 => 16, // SO_PASSCRED
        21 => 17, // SO_PEERCRED
        _ => option,
    };

    /// <summary>True for options whose value is a struct sock_fprog: a length and a pointer to instructions.</summary>
    public static bool IsFilter(int level, int option) =>
        (level == SOL_SOCKET && option is SO_ATTACH_FILTER or SO_ATTACH_REUSEPORT_CBPF) || (level == SOL_PACKET && option == PACKET_FANOUT_DATA);

    /// <summary>
    /// Options whose effect is memory in the host's layout (packet rings, iptables tables): a 32-bit guest would misread it, so it is told that
    /// they do not exist.
    /// </summary>
    public static bool IsRefused(GuestAbi abi, int level, int option) => level switch
    {
        SOL_IP or SOL_IPV6 => option is >= 64 and <= 71 && !(level == SOL_IPV6 && option is >= 66 and <= 70),
        SOL_PACKET => abi.BigEndian && option is 5 or 13,
        _ => false,
    };

    /// <summary>The value as a struct code, by the host's option number. Arrays have a count larger than any value.</summary>
    public static ReadOnlySpan<byte> Code(int level, int option, int length) => level switch
    {
        SOL_SOCKET => Socket(option),
        SOL_IP => Internet(option),
        SOL_IPV6 => Internet6(option),
        SOL_TCP => Tcp(option),
        SOL_ICMPV6 => "i8"u8,
        SOL_CAN_RAW or SOL_NETLINK => "i1024"u8,
        SOL_PACKET => option is 1 or 2 ? "ihhb8"u8 : "i64"u8,
        SOL_ALG => "b1024"u8,
        SOL_TLS => option is 1 or 2 ? "hhb1024"u8 : "i"u8,
        SOL_VSOCK or SocketAddress.AF_VSOCK => option switch
        {
            0 or 1 or 2 => "q"u8,
            6 => "ll"u8,
            8 => "qq"u8,
            _ => "i"u8,
        },
        _ => length == 4 ? "i"u8 : "b4096"u8,
    };

    private static ReadOnlySpan<byte> Socket(int option) => option switch
    {
        13 => "ii"u8, // SO_LINGER
        17 => "iii"u8, // SO_PEERCRED
        20 or 21 => "ll"u8, // SO_RCVTIMEO_OLD, SO_SNDTIMEO_OLD
        66 or 67 => "qq"u8, // SO_RCVTIMEO_NEW, SO_SNDTIMEO_NEW
        25 or 31 => "b4096"u8, // SO_BINDTODEVICE, SO_PEERSEC
        26 => "(hbbi)4096"u8, // SO_GET_FILTER
        SO_PEERNAME => "s"u8,
        37 or 61 => "ii"u8, // SO_TIMESTAMPING, SO_TXTIME
        55 or 59 => "i65536"u8, // SO_MEMINFO, SO_PEERGROUPS
        57 or 71 => "q"u8, // SO_COOKIE, SO_NETNS_COOKIE
        _ => "i"u8,
    };

    private static ReadOnlySpan<byte> Internet(int option) => option switch
    {
        4 => "b40"u8, // IP_OPTIONS
        32 or 35 or 36 => "mmi"u8, // IP_MULTICAST_IF, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP
        37 or 38 or 39 or 40 => "mmm"u8, // IP_UNBLOCK_SOURCE .. IP_DROP_SOURCE_MEMBERSHIP
        41 => "mmiim1024"u8, // IP_MSFILTER
        _ => Multicast(option),
    };

    private static ReadOnlySpan<byte> Internet6(int option) => option switch
    {
        20 or 21 or 27 or 28 => "b16i"u8, // IPV6_ADD_MEMBERSHIP, IPV6_DROP_MEMBERSHIP, IPV6_JOIN_ANYCAST, IPV6_LEAVE_ANYCAST
        32 => "b16mbbhhhi"u8, // IPV6_FLOWLABEL_MGR
        50 => "b16i"u8, // IPV6_PKTINFO
        54 or 55 or 57 or 59 => "b4096"u8, // IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR, IPV6_DSTOPTS
        61 => "(hnmb16i)i"u8, // IPV6_PATHMTU
        _ => Multicast(option),
    };

    // RFC 3678, the same numbers for both protocols.
    private static ReadOnlySpan<byte> Multicast(int option) => option switch
    {
        42 or 45 => "is"u8, // MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP
        43 or 44 or 46 or 47 => "iss"u8, // MCAST_BLOCK_SOURCE .. MCAST_LEAVE_SOURCE_GROUP
        48 => "isiis64"u8, // MCAST_MSFILTER
        _ => "i"u8,
    };

    private static ReadOnlySpan<byte> Tcp(int option) => option switch
    {
        TCP_INFO => "b8i24q4i6q4i2q2i6hhi16"u8,
        13 or 28 or 31 or 33 => "b4096"u8, // TCP_CONGESTION, TCP_SAVED_SYN, TCP_ULP, TCP_FASTOPEN_KEY
        14 => "sbbhib80"u8, // TCP_MD5SIG
        22 or 26 or 29 => "i64"u8, // TCP_REPAIR_OPTIONS, TCP_CC_INFO, TCP_REPAIR_WINDOW
        32 => "sbbhib80"u8, // TCP_MD5SIG_EXT
        35 => "qiiiiqiiqqii"u8, // TCP_ZEROCOPY_RECEIVE
        _ => "i"u8,
    };

    /// <summary>The bit fields of struct tcp_info, which a big-endian compiler counts from the other end of a byte (bytes 6 and 7).</summary>
    public static void TurnTcpInfoBits(GuestAbi abi, Span<byte> guest)
    {
        if (!abi.BigEndian || guest.Length < 8)
            return;
        guest[6] = (byte)(guest[6] << 4 | guest[6] >> 4);
        guest[7] = (byte)((guest[7] & 1) << 7 | (guest[7] >> 1 & 3) << 5);
    }
}
