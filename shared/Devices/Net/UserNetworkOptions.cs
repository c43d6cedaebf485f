using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>A port of the host that leads into the guest.</summary>
/// <param name="IsUdp">UDP; otherwise TCP.</param>
/// <param name="Listen">Where the host listens.</param>
/// <param name="GuestAddress">The guest's address; 0 for the first one DHCP gives.</param>
/// <param name="GuestPort">The guest's port.</param>
public readonly record struct HostForward(bool IsUdp, HostEndpoint Listen, uint GuestAddress, int GuestPort)
{
    /// <summary>Reads "[tcp|udp]:[address]:port-[address]:port".</summary>
    /// <exception cref="FormatException">With what is wrong and the syntax.</exception>
    public static HostForward Parse(string text)
    {
        FormatException Wrong(string why) => new($"hostfwd={text}: {why}: write [tcp|udp]:[HOSTADDRESS]:PORT-[GUESTADDRESS]:PORT, as in tcp::2222-:22");
        int colon = text.IndexOf(':'), dash = text.LastIndexOf('-');
        if (colon < 0 || dash < colon)
            throw Wrong("it has no colon, or no dash between host and guest");
        string protocol = text[..colon];
        if (protocol is not ("" or "tcp" or "udp"))
            throw Wrong($"the protocol '{protocol}' is neither tcp nor udp");
        (string hostAddress, int hostPort) = Split(text[(colon + 1)..dash], Wrong);
        (string guestAddress, int guestPort) = Split(text[(dash + 1)..], Wrong);
        IPAddress? host = IPAddress.Any;
        if (hostAddress.Length != 0 && !IPAddress.TryParse(hostAddress.Trim('[', ']'), out host))
            throw Wrong($"'{hostAddress}' is no address");
        uint guest = guestAddress.Length == 0 ? 0 : UserNetworkOptions.TryAddress(guestAddress, out uint value) ? value : throw Wrong($"'{guestAddress}' is no IPv4 address");
        return guestPort == 0 ? throw Wrong("the guest's port is missing") : new HostForward(protocol == "udp", HostEndpoint.Internet(host!, hostPort), guest, guestPort);
    }

    private static (string Address, int Port) Split(string text, Func<string, FormatException> wrong)
    {
        int colon = text.LastIndexOf(':');
        return colon >= 0 && ushort.TryParse(text.AsSpan(colon + 1), out ushort port) ? (text[..colon], port) : throw wrong($"'{text}' has no port");
    }
}

/// <summary>What can be set of a user-mode network; names as in `-netdev user,...`.</summary>
public sealed class UserNetworkOptions
{
    private const uint DefaultNetwork = 0x0A000200, DefaultMask = 0xFFFFFF00, HostNumber = 2, DnsNumber = 3, FirstGuestNumber = 15;

    private uint? _gateway, _dns, _firstGuest;

    /// <summary>net=: the network's address, in host byte order.</summary>
    public uint Network { get; set; } = DefaultNetwork;

    /// <summary>The network's mask.</summary>
    public uint Mask { get; set; } = DefaultMask;

    /// <summary>host=: the gateway, which leads to the host.</summary>
    public uint Gateway
    {
        get => _gateway ?? Network + HostNumber;
        set => _gateway = value;
    }

    /// <summary>dns=: the name server, which leads to the host's.</summary>
    public uint Dns
    {
        get => _dns ?? Network + DnsNumber;
        set => _dns = value;
    }

    /// <summary>dhcpstart=: the first of the addresses that are given away.</summary>
    public uint FirstGuest
    {
        get => _firstGuest ?? Network + FirstGuestNumber;
        set => _firstGuest = value;
    }

    /// <summary>hostname=: what the guest is told to be called.</summary>
    public string HostName { get; set; } = "";

    /// <summary>domainname=: the domain the guest is told.</summary>
    public string DomainName { get; set; } = "";

    /// <summary>bootfile=: what network boot loads.</summary>
    public string BootFile { get; set; } = "";

    /// <summary>tftp=: the folder whose files the gateway's TFTP server gives away; null for no server.</summary>
    public string? TftpRoot { get; set; }

    /// <summary>tftp-server-name=: what DHCP calls the server network boot loads from.</summary>
    public string TftpServerName { get; set; } = "";

    /// <summary>restrict=: nothing leads out; forwarded ports lead in.</summary>
    public bool IsRestricted { get; set; }

    /// <summary>hostfwd=, as often as wanted.</summary>
    public List<HostForward> Forwards { get; } = [];

    /// <summary>guestfwd=, as often as wanted.</summary>
    public List<GuestForward> GuestForwards { get; } = [];

    /// <summary>Sets an option by its name.</summary>
    /// <returns>False when there is no such option.</returns>
    /// <exception cref="FormatException">The value is malformed; with the cause.</exception>
    public bool TrySet(string name, string value)
    {
        switch (name)
        {
            case "net":
                SetNetwork(value);
                return true;
            case "host":
                Gateway = Inside(name, value);
                return true;
            case "dns":
                Dns = Inside(name, value);
                return true;
            case "dhcpstart":
                FirstGuest = Inside(name, value);
                return true;
            case "hostname":
                HostName = value;
                return true;
            case "domainname":
                DomainName = value;
                return true;
            case "bootfile":
                BootFile = value;
                return true;
            case "tftp":
                TftpRoot = Directory.Exists(value) ? value : throw new FormatException($"tftp={value}: there is no such folder");
                return true;
            case "tftp-server-name":
                TftpServerName = value;
                return true;
            case "restrict":
                IsRestricted = Switch(name, value);
                return true;
            case "hostfwd":
                Forwards.Add(HostForward.Parse(value));
                return true;
            case "guestfwd":
                GuestForwards.Add(GuestForward.Parse(value));
                return true;
            case "ipv4":
                return IsSwitch(name, value, true);
            case "ipv6":
                return IsSwitch(name, value, false);
            default:
                return false;
        }
    }

    internal static bool TryAddress(string text, out uint address)
    {
        address = 0;
        if (!IPAddress.TryParse(text, out IPAddress? parsed) || parsed.AddressFamily != AddressFamily.InterNetwork)
            return false;
        address = BinaryPrimitives.ReadUInt32BigEndian(parsed.GetAddressBytes());
        return true;
    }

    private static bool Switch(string name, string value) => value switch
    {
        "on" or "yes" or "y" or "true" => true,
        "off" or "no" or "n" or "false" => false,
        _ => throw new FormatException($"{name}={value}: say on or off"),
    };

    // A family of addresses that is there for good, or not at all.
    private static bool IsSwitch(string name, string value, bool possible) =>
        Switch(name, value) == possible ? true : throw new FormatException($"{name}={value} cannot be had: the network has IPv4 and no IPv6");

    private void SetNetwork(string value)
    {
        const int fewestBits = 8, mostBits = 27;
        int slash = value.IndexOf('/');
        string address = slash < 0 ? value : value[..slash], mask = slash < 0 ? "24" : value[(slash + 1)..];
        uint bits;
        if (int.TryParse(mask, out int length) && length is >= fewestBits and <= mostBits)
            bits = uint.MaxValue << (32 - length);
        else if (!TryAddress(mask, out bits) || (~bits & (~bits + 1)) != 0)
            throw new FormatException($"net={value}: the mask is no number from {fewestBits} to {mostBits}, and no mask as 255.255.255.0");
        if (!TryAddress(address, out uint network))
            throw new FormatException($"net={value}: write it as 10.0.2.0/24");
        (Network, Mask) = (network & bits, bits);
    }

    private uint Inside(string name, string value) =>
        !TryAddress(value, out uint address) ? throw new FormatException($"{name}={value}: no IPv4 address")
        : (address & Mask) != Network ? throw new FormatException($"{name}={value}: it lies outside the network; give net= first")
        : address;
}
