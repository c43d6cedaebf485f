using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Suite.Cli;

/// <summary>-g: where the debugger connects, and whether the program waits for it.</summary>
/// <param name="Port">TCP port; null when <paramref name="Path"/> is given. 0 takes a free one.</param>
/// <param name="Path">Path of a unix socket, %d in it not yet replaced by the process id.</param>
/// <param name="Waits">The program's first instruction waits for the debugger.</param>
public sealed record GdbEndpoint(ushort? Port, string? Path, bool Waits)
{
    /// <summary>Reads PORT|PATH[,wait=on|off][,suspend=y|n].</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out GdbEndpoint? endpoint, [NotNullWhen(false)] out string? error)
    {
        (endpoint, error) = (null, null);
        string[] parts = text.Split(',');
        bool waits = true;
        foreach (string part in parts.AsSpan(1))
        {
            switch (part)
            {
                case "wait=on" or "suspend=y":
                    waits = true;
                    break;
                case "wait=off" or "suspend=n":
                    waits = false;
                    break;
                default:
                    error = $"'{part}' is not known: after the port or path come wait=on or wait=off (suspend=y, suspend=n)";
                    return false;
            }
        }

        string place = parts[0];
        if (place.Length == 0)
        {
            error = "there is neither a port nor a path";
            return false;
        }

        if (!place.All(char.IsAsciiDigit))
        {
            endpoint = new GdbEndpoint(null, place, waits);
            return true;
        }

        if (!ushort.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            error = $"{place} is not a TCP port";
            return false;
        }

        endpoint = new GdbEndpoint(port, null, waits);
        return true;
    }
}
