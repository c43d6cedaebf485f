using System.Buffers.Binary;
using System.Text;

namespace Suite.Devices.Net;

/// <summary>The DHCP server of a user-mode network (RFC 2131, 2132; BOOTP requests too): sixteen addresses, given by hardware address.</summary>
internal sealed class UserDhcp(UserNetwork network)
{
    public const int ServerPort = 67;

    private const int ClientPort = 68, OptionsStart = 240, MessageBytes = 548, MostLeases = 16, UdpBytes = 8;
    private const uint Cookie = 0x63825363, LeaseSeconds = 86400;
    private const byte BootRequest = 1, BootReply = 2;
    private const byte Discover = 1, Offer = 2, Request = 3, Decline = 4, Acknowledge = 5, Refuse = 6, Release = 7, Inform = 8;

    private const byte OptionMask = 1, OptionRouter = 3, OptionDns = 6, OptionHostName = 12, OptionDomain = 15, OptionRequested = 50, OptionLease = 51,
        OptionType = 53, OptionServer = 54, OptionTftpServer = 66, OptionBootFile = 67, OptionEnd = 255;

    private readonly List<byte[]> _leases = [];

    /// <summary>A message from a client.</summary>
    /// <param name="mac">The sender's hardware address.</param>
    /// <param name="message">What follows the UDP header.</param>
    public void Receive(ReadOnlySpan<byte> mac, ReadOnlySpan<byte> message)
    {
        if (message.Length < OptionsStart || message[0] != BootRequest || BinaryPrimitives.ReadUInt32BigEndian(message[236..]) != Cookie)
            return;
        byte type = 0;
        uint requested = 0, server = 0;
        ReadOptions(message[OptionsStart..], ref type, ref requested, ref server);
        if (server != 0 && server != network.Options.Gateway)
            return; // it chose another server
        uint address = AddressOf(message.Slice(28, UserNetwork.MacBytes)), current = BinaryPrimitives.ReadUInt32BigEndian(message[12..]);
        switch (type)
        {
            case 0 or Discover when address != 0:
                Answer(message, mac, type == 0 ? (byte)0 : Offer, address);
                break;
            case Request when address != 0 && (requested == address || current == address):
                Answer(message, mac, Acknowledge, address);
                break;
            case Request:
                Answer(message, mac, Refuse, 0);
                break;
            case Inform:
                Answer(message, mac, Acknowledge, 0);
                break;
            case Decline or Release:
                break; // the address stays this client's
        }
    }

    private static void ReadOptions(ReadOnlySpan<byte> options, ref byte type, ref uint requested, ref uint server)
    {
        for (int at = 0; at < options.Length && options[at] != OptionEnd;)
        {
            if (options[at] == 0)
            {
                at++;
                continue;
            }

            if (at + 1 >= options.Length || at + 2 + options[at + 1] > options.Length)
                return;
            ReadOnlySpan<byte> value = options.Slice(at + 2, options[at + 1]);
            switch (options[at])
            {
                case OptionType when value.Length >= 1:
                    type = value[0];
                    break;
                case OptionRequested when value.Length >= 4:
                    requested = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case OptionServer when value.Length >= 4:
                    server = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
            }

            at += 2 + value.Length;
        }
    }

    // A client gets the same address each time; 0 when all are taken.
    private uint AddressOf(ReadOnlySpan<byte> mac)
    {
        for (int i = 0; i < _leases.Count; i++)
            if (mac.SequenceEqual(_leases[i]))
                return network.Options.FirstGuest + (uint)i;
        if (_leases.Count == MostLeases)
            return 0;
        _leases.Add(mac.ToArray());
        return network.Options.FirstGuest + (uint)_leases.Count - 1;
    }

    private void Answer(ReadOnlySpan<byte> request, ReadOnlySpan<byte> mac, byte type, uint address)
    {
        UserNetworkOptions options = network.Options;
        Span<byte> packet = network.Payload[..(UdpBytes + MessageBytes)], reply = packet[UdpBytes..];
        packet.Clear();
        (reply[0], reply[1], reply[2]) = (BootReply, 1, UserNetwork.MacBytes);
        request.Slice(4, 4).CopyTo(reply[4..]); // transaction
        request.Slice(10, 6).CopyTo(reply[10..]); // flags, client's address
        BinaryPrimitives.WriteUInt32BigEndian(reply[16..], address);
        BinaryPrimitives.WriteUInt32BigEndian(reply[20..], options.Gateway);
        request.Slice(28, 16).CopyTo(reply[28..]);
        Put(reply.Slice(108, 127), options.BootFile);
        BinaryPrimitives.WriteUInt32BigEndian(reply[236..], Cookie);
        int at = OptionsStart;
        if (type != 0)
            PutOption(reply, ref at, OptionType, [type]);
        PutOption(reply, ref at, OptionServer, options.Gateway);
        if (type != Refuse)
        {
            PutOption(reply, ref at, OptionMask, options.Mask);
            if (!options.IsRestricted)
            {
                PutOption(reply, ref at, OptionRouter, options.Gateway);
                PutOption(reply, ref at, OptionDns, options.Dns);
            }

            if (address != 0)
                PutOption(reply, ref at, OptionLease, LeaseSeconds);
            PutText(reply, ref at, OptionHostName, options.HostName);
            PutText(reply, ref at, OptionDomain, options.DomainName);
            PutText(reply, ref at, OptionTftpServer, options.TftpServerName);
            PutText(reply, ref at, OptionBootFile, options.BootFile);
        }

        reply[at] = OptionEnd;
        if (address != 0)
            network.Learn(address, mac);
        BinaryPrimitives.WriteUInt16BigEndian(packet, ServerPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], ClientPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)packet.Length);
        uint current = BinaryPrimitives.ReadUInt32BigEndian(request[12..]);
        uint to = current != 0 && type != Refuse ? current : uint.MaxValue;
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], UserNetwork.Checksum(options.Gateway, to, UserNetwork.Udp, packet));
        network.Transmit(options.Gateway, to, UserNetwork.Udp, packet.Length);
    }

    private static void PutOption(Span<byte> reply, ref int at, byte option, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        PutOption(reply, ref at, option, bytes);
    }

    private static void PutOption(Span<byte> reply, ref int at, byte option, ReadOnlySpan<byte> value)
    {
        (reply[at], reply[at + 1]) = (option, (byte)value.Length);
        value.CopyTo(reply[(at + 2)..]);
        at += 2 + value.Length;
    }

    private static void PutText(Span<byte> reply, ref int at, byte option, string text)
    {
        const int longest = 63;
        if (text.Length == 0)
            return;
        Span<byte> bytes = stackalloc byte[longest];
        bytes.Clear();
        Put(bytes, text);
        PutOption(reply, ref at, option, bytes[..Math.Min(text.Length, longest)]);
    }

    private static void Put(Span<byte> into, string text) => Encoding.ASCII.GetBytes(text.AsSpan(0, Math.Min(text.Length, into.Length)), into);
}
