using System.Buffers.Binary;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// Socket addresses of a big-endian guest. Their layout is the host's; the family and fields kept in host order are swapped where they
/// lie, ports and Internet addresses are in network order on both sides.
/// </summary>
public static class SocketAddress
{
    /// <summary>Largest address of any family (sizeof(struct sockaddr_storage)).</summary>
    public const int Largest = 128;

    public const int AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, AF_PACKET = 17, AF_CAN = 29, AF_TIPC = 30, AF_BLUETOOTH = 31,
        AF_ALG = 38, AF_VSOCK = 40, AF_QIPCRTR = 42, AF_XDP = 44;

    /// <summary>Guest bytes become host bytes.</summary>
    public static void ToHost(GuestAbi abi, Span<byte> address)
    {
        if (address.Length >= 2)
            StructCode.SwapInPlace(Code(abi.U16(address)), abi, address);
    }

    /// <summary>Host bytes become guest bytes.</summary>
    public static void ToGuest(GuestAbi abi, Span<byte> address)
    {
        if (address.Length >= 2)
            StructCode.SwapInPlace(Code(BinaryPrimitives.ReadUInt16LittleEndian(address)), abi, address);
    }

    // Fields of <linux/in6.h>, netlink.h, if_packet.h, can.h, tipc.h, if_alg.h, vm_sockets.h, qrtr.h, if_xdp.h.
    private static ReadOnlySpan<byte> Code(int family) => family switch
    {
        AF_INET6 => "hnmb16i"u8,
        AF_NETLINK => "hhii"u8,
        AF_PACKET => "hnihbbb8"u8,
        AF_CAN => "hiii"u8,
        AF_TIPC => "hbbiii"u8,
        AF_ALG => "hb14iib64"u8,
        AF_VSOCK => "hhiibb3"u8,
        AF_QIPCRTR => "hii"u8,
        AF_XDP => "hhiii"u8,
        _ => "h"u8,
    };
}
