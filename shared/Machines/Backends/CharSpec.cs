using Suite.Machines.Options;

namespace Suite.Machines.Backends;

/// <summary>The short forms of -serial, -monitor and the like as the long form of -chardev: "tcp:host:port,server" is backend=socket,host=,port=,server=on.</summary>
public static class CharSpec
{
    /// <summary>Kinds that -chardev knows.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["stdio", "null", "file", "pipe", "pty", "socket", "serial", "parallel", "ringbuf", "vc", "msmouse"];

    /// <summary>The text of -chardev help.</summary>
    public static string Help() => $"Available chardev backend types:\n{string.Concat(Kinds.Select(k => $"  {k}\n"))}";

    /// <summary>The long form; null for "none".</summary>
    /// <param name="what">The option, for messages.</param>
    /// <param name="text">Its value.</param>
    /// <exception cref="OptionException">It is no back end.</exception>
    public static KeyValues? Expand(string what, string text)
    {
        int colon = text.IndexOf(':');
        string head = colon < 0 ? text.Split(',')[0] : text[..colon], rest = colon < 0 ? text[head.Length..].TrimStart(',') : text[(colon + 1)..];
        switch (head)
        {
            case "none":
                return null;
            case "stdio" or "null" or "pty" or "vc" or "msmouse":
                KeyValues simple = KeyValues.Parse(what, rest.Length > 0 && colon < 0 ? rest : "");
                simple.Default("backend", head);
                return simple;
            case "file" or "pipe":
                return Parsed(what, "path", rest, head);
            case "chardev":
                return KeyValues.Of(what, ("backend", "chardev"), ("id", rest));
            case "mon":
                KeyValues inner = Expand(what, rest) ?? throw new OptionException($"{what} {text}: a monitor needs another end than none");
                inner.Default("mux", "on");
                inner.Default("monitor", "on");
                return inner;
            case "unix":
                return Parsed(what, "path", rest, "socket");
            case "tcp" or "telnet":
                return Tcp(what, rest, head == "telnet");
            case var path when path.StartsWith("/dev/", StringComparison.Ordinal):
                return KeyValues.Of(what, ("backend", path.StartsWith("/dev/parport", StringComparison.Ordinal) ? "parallel" : "serial"), ("path", text));
            default:
                throw OptionException.Unknown($"{what}: back end", head, ["stdio", "pty", "file:", "pipe:", "tcp:", "telnet:", "unix:", "null", "none", "mon:stdio", "chardev:ID", "/dev/...", "vc"]);
        }
    }

    private static KeyValues Parsed(string what, string first, string rest, string backend)
    {
        KeyValues result = KeyValues.Parse(what, rest, first);
        result.Default("backend", backend);
        return result;
    }

    private static KeyValues Tcp(string what, string rest, bool isTelnet)
    {
        KeyValues given = KeyValues.Parse(what, rest, "place");
        string place = given.Need("place");
        int colon = place.LastIndexOf(':');
        if (colon < 0)
            throw new OptionException($"{what}: '{place}' lacks a port", "tcp:HOST:PORT, as in tcp:localhost:4444,server,nowait");
        KeyValues result = KeyValues.Of(what, ("backend", "socket"), ("host", place[..colon]), ("port", place[(colon + 1)..]));
        foreach ((string key, string value) in given.Items)
            if (key != "place")
                result.Default(key, value);
        if (isTelnet)
            result.Default("telnet", "on");
        return result;
    }
}
