using System.Text;

namespace Suite.Host;

/// <summary>Text to the standard streams by write(2): the console classes are not worth their start-up time here.</summary>
public static unsafe class HostText
{
    public static void WriteOut(string text) => Write(1, text);

    public static void WriteError(string text) => Write(2, text);

    private static void Write(int fd, string text)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (rest.Length > 0)
        {
            long n;
            fixed (byte* p = rest)
                n = Sys.Call(Nr.write, fd, (long)p, rest.Length);
            if (n <= 0)
                return;
            rest = rest[(int)n..];
        }
    }
}
