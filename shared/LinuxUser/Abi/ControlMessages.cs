using System.Buffers.Binary;
using static Suite.LinuxUser.Abi.SocketOption;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// Ancillary data of sendmsg(2) and recvmsg(2): struct cmsghdr has 12 bytes and 4-byte alignment in the guest, 16 and 8 on the host;
/// payloads are converted by level and type.
/// </summary>
public static class ControlMessages
{
    private const int GuestHeader = 12, HostHeader = 16;
    public const int SCM_RIGHTS = 1;

    /// <summary>A host buffer in which everything fits that fits in a guest buffer of this length.</summary>
    public static int HostRoom(int guestLength) => guestLength * 2 + HostHeader;

    /// <summary>Converts what a guest sends. Negative result: -EINVAL for a malformed header, as the kernel says; else the host length.</summary>
    public static int ToHost(GuestAbi abi, ReadOnlySpan<byte> guest, Span<byte> host)
    {
        int h = 0;
        while (guest.Length >= GuestHeader)
        {
            uint length = abi.U32(guest);
            if (length < GuestHeader || length > (uint)guest.Length)
                return -Errno.EINVAL;
            int level = abi.I32(guest, 4), type = abi.I32(guest, 8);
            ReadOnlySpan<byte> payload = guest[GuestHeader..(int)length];
            ReadOnlySpan<byte> code = Code(level, type, payload.Length, true);
            int size = Grown(payload.Length, StructCode.GuestSize(code, abi), StructCode.HostSize(code));
            Span<byte> to = host.Slice(h, HostHeader + size);
            to.Clear();
            BinaryPrimitives.WriteUInt64LittleEndian(to, (ulong)(HostHeader + size));
            BinaryPrimitives.WriteInt32LittleEndian(to[8..], level);
            BinaryPrimitives.WriteInt32LittleEndian(to[12..], type);
            StructCode.ToHost(code, abi, payload, to[HostHeader..]);
            h += HostHeader + (size + 7 & ~7);
            guest = guest[Math.Min(guest.Length, (int)(length + 3 & ~3u))..];
        }

        return h;
    }

    /// <summary>Converts what the host received.</summary>
    /// <param name="abi">The guest.</param>
    /// <param name="host">The host's control data, as long as the kernel says.</param>
    /// <param name="guest">The guest's buffer.</param>
    /// <param name="truncated">True when something did not fit (MSG_CTRUNC).</param>
    /// <param name="lost">Gets descriptors that were received but did not fit; they are to be closed.</param>
    /// <returns>Bytes used of the guest's buffer.</returns>
    public static int ToGuest(GuestAbi abi, ReadOnlySpan<byte> host, Span<byte> guest, out bool truncated, List<int> lost)
    {
        int g = 0;
        truncated = false;
        while (host.Length >= HostHeader)
        {
            int length = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(host), (ulong)host.Length);
            if (length < HostHeader)
                break;
            int level = BinaryPrimitives.ReadInt32LittleEndian(host[8..]), type = BinaryPrimitives.ReadInt32LittleEndian(host[12..]);
            ReadOnlySpan<byte> payload = host[HostHeader..length];
            ReadOnlySpan<byte> code = Code(level, type, payload.Length, false);
            int size = Grown(payload.Length, StructCode.HostSize(code), StructCode.GuestSize(code, abi));
            bool rights = level == SOL_SOCKET && type == SCM_RIGHTS;
            int room = Math.Max(0, guest.Length - g - GuestHeader), kept = Math.Min(size, rights ? room & ~3 : room);
            truncated |= kept < size || guest.Length - g < GuestHeader;
            if (rights)
                for (int at = kept; at + 4 <= payload.Length; at += 4)
                    lost.Add(BinaryPrimitives.ReadInt32LittleEndian(payload[at..]));
            if (guest.Length - g >= GuestHeader && (kept > 0 || size == 0))
            {
                Span<byte> to = guest.Slice(g, GuestHeader + kept);
                abi.Put32(to, 0, (uint)(GuestHeader + kept));
                abi.Put32(to, 4, (uint)level);
                abi.Put32(to, 8, (uint)type);
                StructCode.ToGuest(code, abi, payload, to[GuestHeader..]);
                g = Math.Min(guest.Length, g + GuestHeader + (kept + 3 & ~3));
            }

            host = host[Math.Min(host.Length, length + 7 & ~7)..];
        }

        return g;
    }

    // A payload of the struct's size becomes the other side's size; anything else (arrays, cut short, or longer) keeps its length.
    private static int Grown(int length, int from, int to) => length == from ? to : length;

    private static ReadOnlySpan<byte> Code(int level, int type, int length, bool sent) => level switch
    {
        SOL_SOCKET => Socket(type),
        SOL_IP => Internet(type, length),
        SOL_IPV6 => Internet6(type),
        SOL_UDP => type == 103 ? "h"u8 : "i"u8, // UDP_SEGMENT; UDP_GRO
        SOL_PACKET => "iiihhhh"u8, // PACKET_AUXDATA
        SOL_ALG => type == 2 ? "ib4096"u8 : "i"u8, // ALG_SET_IV; ALG_SET_OP, ALG_SET_AEAD_ASSOCLEN
        SOL_NETLINK => "i"u8, // NETLINK_PKTINFO
        _ => length == 4 && !sent ? "i"u8 : "b65536"u8,
    };

    private static ReadOnlySpan<byte> Socket(int type) => type switch
    {
        SCM_RIGHTS => "i256"u8,
        2 => "iii"u8, // SCM_CREDENTIALS
        3 => "b4096"u8, // SCM_SECURITY
        29 or 35 => "ll"u8, // SCM_TIMESTAMP, SCM_TIMESTAMPNS
        37 => "(ll)3"u8, // SCM_TIMESTAMPING
        54 => "b65536"u8, // SCM_TIMESTAMPING_OPT_STATS
        58 => "iiii"u8, // SCM_TIMESTAMPING_PKTINFO
        61 => "q"u8, // SCM_TXTIME
        63 or 64 => "qq"u8, // SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_NEW
        65 => "q6"u8, // SO_TIMESTAMPING_NEW
        _ => "i"u8,
    };

    private static ReadOnlySpan<byte> Internet(int type, int length) => type switch
    {
        1 => length == 1 ? "b"u8 : "i"u8, // IP_TOS: a byte when received, an int when sent
        6 or 7 => "b40"u8, // IP_RECVOPTS, IP_RETOPTS
        8 => "imm"u8, // IP_PKTINFO
        11 => "ib4iihnmb8"u8, // IP_RECVERR: sock_extended_err and sockaddr_in
        20 => "hnmb8"u8, // IP_RECVORIGDSTADDR
        _ => "i"u8,
    };

    private static ReadOnlySpan<byte> Internet6(int type) => type switch
    {
        11 => "m"u8, // IPV6_FLOWINFO
        25 => "ib4iihnmb16i"u8, // IPV6_RECVERR: sock_extended_err and sockaddr_in6
        50 => "b16i"u8, // IPV6_PKTINFO
        54 or 55 or 57 or 59 or 4 or 5 => "b4096"u8, // hop-by-hop, routing and destination options
        61 => "(hnmb16i)i"u8, // IPV6_PATHMTU
        74 => "hnmb16i"u8, // IPV6_RECVORIGDSTADDR
        _ => "i"u8,
    };
}
