using System.Text;

namespace Suite.Host;

/// <summary>Text by write(2), to the standard streams above all: the console classes are not worth their start-up time here.</summary>
public static unsafe class HostText
{
    public static void WriteOut(string text) => Write(1, text);

    public static void WriteError(string text) => Write(2, text);

    /// <summary>Writes text in UTF-8. False when not all of it could be written.</summary>
    public static bool Write(int fd, string text) => Write(fd, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes bytes. False when not all of them could be written.</summary>
    public static bool Write(int fd, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            long n;
            fixed (byte* p = bytes)
                n = Sys.Blocking(Nr.write, fd, (long)p, bytes.Length);
            if (n <= 0)
                return false;
            bytes = bytes[(int)n..];
        }

        return true;
    }
}
