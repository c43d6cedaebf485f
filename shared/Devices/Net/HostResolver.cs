using System.Net;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>The host's name server.</summary>
internal static class HostResolver
{
    public const int Port = 53;

    /// <summary>The first one of /etc/resolv.conf; the host itself when there is none.</summary>
    public static HostEndpoint Find()
    {
        try
        {
            foreach (string line in File.ReadLines("/etc/resolv.conf"))
            {
                string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                if (words.Length >= 2 && words[0] == "nameserver" && IPAddress.TryParse(words[1], out IPAddress? address))
                    return HostEndpoint.Internet(address, Port);
            }
        }
        catch (IOException)
        {
            // as if it were empty
        }
        catch (UnauthorizedAccessException)
        {
            // as if it were empty
        }

        return HostEndpoint.Internet(IPAddress.Loopback, Port);
    }
}
