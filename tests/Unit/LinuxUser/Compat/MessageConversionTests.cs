using Suite.LinuxUser.Abi;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>Addresses, ancillary data and netlink messages of a big-endian guest.</summary>
public sealed class MessageConversionTests
{
    private static GuestAbi Ppc => GuestAbi.Ppc;

    [Theory]
    [InlineData("0002 1F90 7F000001 0000000000000000", "0200 1F90 7F000001 0000000000000000")] // port and address stay in network order
    [InlineData("0001 2F746D70", "0100 2F746D70")]
    [InlineData("0010 0000 00000102 80000000", "1000 0000 02010000 00000080")] // netlink: process and groups
    [InlineData("0011 0800 00000003 0001 04 06 AABBCCDDEEFF0000", "1100 0800 03000000 0100 04 06 AABBCCDDEEFF0000")] // packet: protocol in network order
    [InlineData("0028 0000 00000400 00000002 00000000", "2800 0000 00040000 02000000 00000000")]
    [InlineData("00", "00")]
    public void Addresses(string guest, string host)
    {
        byte[] data = Hex(guest);
        SocketAddress.ToHost(Ppc, data);
        Assert.Equal(Hex(host), data);
        SocketAddress.ToGuest(Ppc, data);
        Assert.Equal(Hex(guest), data);
    }

    [Fact]
    public void Control_messages_change_header_and_payload()
    {
        byte[] guest = Hex("00000014 00000001 00000001 00000005 00000006" // SCM_RIGHTS: 5, 6
            + "00000014 00000001 0000001D 00000003 00000004" // SCM_TIMESTAMP
            + "0000000D 00000000 00000001 10 000000"); // IP_TOS of one byte
        byte[] host = new byte[ControlMessages.HostRoom(guest.Length)];
        int length = ControlMessages.ToHost(Ppc, guest, host);
        Assert.Equal(Hex("1800000000000000 01000000 01000000 05000000 06000000"
            + "2000000000000000 01000000 1D000000 0300000000000000 0400000000000000"
            + "1100000000000000 00000000 01000000 10 00000000000000"), host[..length]);
        byte[] back = new byte[guest.Length];
        List<int> lost = [];
        Assert.Equal(guest.Length, ControlMessages.ToGuest(Ppc, host.AsSpan(0, length), back, out bool truncated, lost));
        Assert.False(truncated);
        Assert.Empty(lost);
        Assert.Equal(guest, back);
    }

    [Fact]
    public void Descriptors_that_do_not_fit_are_given_back_to_be_closed()
    {
        byte[] host = Hex("1C00000000000000 01000000 01000000 05000000 06000000 07000000");
        List<int> lost = [];
        byte[] guest = new byte[18];
        int used = ControlMessages.ToGuest(GuestAbi.I386, host, guest, out bool truncated, lost);
        Assert.True(truncated);
        Assert.Equal([6, 7], lost);
        Assert.Equal(Hex("10000000 01000000 01000000 05000000"), guest[..used]);
    }

    [Theory]
    [InlineData("0000000B 00000001 00000001")] // shorter than its own header
    [InlineData("00000020 00000001 00000001")] // longer than the buffer
    public void Malformed_control_messages_are_refused(string guest) => Assert.Equal(-Errno.EINVAL, ControlMessages.ToHost(Ppc, Hex(guest), new byte[64]));

    [Fact]
    public void Netlink_requests_and_answers()
    {
        // RTM_GETADDR as getifaddrs sends it, and with only the family behind the header.
        string request = "00000014 0016 0301 00000001 00000000 00000000", swapped = "14000000 1600 0103 01000000 00000000 00000000";
        byte[] data = Hex(request);
        NetlinkMessages.ToHost(Ppc, NetlinkMessages.NETLINK_ROUTE, data);
        Assert.Equal(Hex(swapped), data);

        // RTM_NEWLINK: ifinfomsg, IFLA_IFNAME "lo", IFLA_MTU, IFLA_ADDRESS of 4 bytes stays, IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_FLAGS } }.
        string link = "48000000 1000 0200 01000000 05000000  00 00 0403 01000000 49000100 00000000"
            + "0700 0300 6C6F0000  0800 0400 00000100  0800 0100 01020304  1000 1A00 0C00 0A00 0800 0100 01000000";
        string turned = "00000048 0010 0002 00000001 00000005  00 00 0304 00000001 00010049 00000000"
            + "0007 0003 6C6F0000  0008 0004 00010000  0008 0001 01020304  0010 001A 000C 000A 0008 0001 00000001";
        data = Hex(link);
        NetlinkMessages.ToGuest(Ppc, NetlinkMessages.NETLINK_ROUTE, data);
        Assert.Equal(Hex(turned), data);
        NetlinkMessages.ToHost(Ppc, NetlinkMessages.NETLINK_ROUTE, data);
        Assert.Equal(Hex(link), data);

        // NLMSG_ERROR with the request's header, NLMSG_DONE.
        data = Hex("24000000 0200 0000 01000000 05000000  EDFFFFFF 14000000 1600 0500 01000000 00000000" + "14000000 0300 0200 01000000 05000000 00000000");
        NetlinkMessages.ToGuest(Ppc, NetlinkMessages.NETLINK_ROUTE, data);
        Assert.Equal(Hex("00000024 0002 0000 00000001 00000005  FFFFFFED 00000014 0016 0005 00000001 00000000" + "00000014 0003 0002 00000001 00000005 00000000"), data);
    }

    [Fact]
    public void Hostile_netlink_lengths_stay_inside()
    {
        Random random = new(7);
        byte[] data = new byte[96];
        for (int i = 0; i < 20000; i++)
        {
            random.NextBytes(data);
            Span<byte> part = data.AsSpan(0, random.Next(data.Length));
            if (part.Length >= 8)
                (part[0], part[1], part[2], part[4]) = (0, 0, 0, (byte)random.Next(2));
            NetlinkMessages.ToHost(Ppc, random.Next(17), part);
            NetlinkMessages.ToGuest(Ppc, random.Next(17), part);
        }
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", ""));
}
