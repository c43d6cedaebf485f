using System.Net;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>An address of the guest's network whose connections lead to a socket of the host.</summary>
/// <param name="Address">The address, in host byte order.</param>
/// <param name="Port">Its TCP port.</param>
/// <param name="To">Where each connection goes.</param>
public readonly record struct GuestForward(uint Address, int Port, HostEndpoint To)
{
    /// <summary>Reads "tcp:ADDRESS:PORT-tcp:HOST:PORT" or "...-unix:PATH".</summary>
    /// <exception cref="FormatException">With what is wrong and the syntax.</exception>
    public static GuestForward Parse(string text)
    {
        FormatException Wrong(string why) => new($"guestfwd={text}: {why}: write tcp:ADDRESS:PORT-tcp:HOST:PORT or tcp:ADDRESS:PORT-unix:PATH, as in tcp:10.0.2.100:80-tcp:127.0.0.1:8080");
        int dash = text.IndexOf('-');
        string[] guest = dash < 0 ? [] : text[..dash].Split(':');
        if (guest is not ["tcp" or "", var name, var number])
            throw Wrong("it has no guest's side of a protocol, an address and a port");
        if (!UserNetworkOptions.TryAddress(name, out uint address) || !ushort.TryParse(number, out ushort port) || port == 0)
            throw Wrong($"'{name}:{number}' is no IPv4 address with a port");
        string to = text[(dash + 1)..];
        const string UnixPrefix = "unix:", TcpPrefix = "tcp:";
        if (to.StartsWith(UnixPrefix, StringComparison.Ordinal) && to.Length > UnixPrefix.Length)
            return new GuestForward(address, port, HostEndpoint.Unix(to[UnixPrefix.Length..]));
        int colon = to.LastIndexOf(':');
        if (!to.StartsWith(TcpPrefix, StringComparison.Ordinal) || colon < TcpPrefix.Length || !ushort.TryParse(to.AsSpan(colon + 1), out ushort toPort))
            throw Wrong($"'{to}' is neither a TCP nor a Unix socket of the host");
        string host = to[TcpPrefix.Length..colon];
        IPAddress? at = host is "" or "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? parsed) ? parsed : throw Wrong($"'{host}' is no address");
        return new GuestForward(address, port, HostEndpoint.Internet(at, toPort));
    }
}
