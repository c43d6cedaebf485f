using System.Runtime.InteropServices;

namespace Suite.Host;

/// <summary>What the host's kernel told this process when it started.</summary>
public static unsafe class HostProcess
{
    /// <summary>An entry of the auxiliary vector (AT_*), 0 when absent.</summary>
    public static ulong AuxValue(uint tag) => LibC.getauxval(tag);

    /// <summary>The environment as bytes, in order, as execve passed it.</summary>
    public static byte[][] Environment()
    {
        List<byte[]> strings = [];
        for (byte** at = LibC.Environment(); *at != null; at++)
            strings.Add(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(*at).ToArray());
        return [.. strings];
    }

    /// <summary>The arguments as bytes, argv[0] included; null when /proc is not there.</summary>
    public static byte[][]? Arguments() => ReadStrings("/proc/self/cmdline\0"u8);

    /// <summary>True when a thread of this process sleeps, or cannot be looked at.</summary>
    public static bool IsAsleep(int tid)
    {
        byte[] path = System.Text.Encoding.ASCII.GetBytes($"/proc/self/task/{tid}/stat\0");
        Span<byte> stat = stackalloc byte[128];
        fixed (byte* p = path, into = stat)
        {
            long fd = Sys.Call(Nr.open, (long)p, Linux.O_RDONLY | Linux.O_CLOEXEC);
            if (Sys.IsError(fd))
                return true;
            long n = Sys.Call(Nr.read, fd, (long)into, stat.Length);
            Sys.Call(Nr.close, fd);
            int name = n > 0 ? stat[..(int)n].LastIndexOf((byte)')') : -1;
            return name < 0 || name + 2 >= n || stat[name + 2] == (byte)'S';
        }
    }

    /// <summary>The contents of a file of /proc or /sys; null when it cannot be read.</summary>
    /// <param name="path">With a NUL at its end.</param>
    public static byte[]? ReadText(ReadOnlySpan<byte> path)
    {
        long fd;
        fixed (byte* p = path)
            fd = Sys.Call(Nr.open, (long)p, Linux.O_RDONLY | Linux.O_CLOEXEC);
        if (Sys.IsError(fd))
            return null;
        byte[] buffer = new byte[16384];
        int length = 0;
        while (true)
        {
            long n;
            fixed (byte* p = buffer)
                n = Sys.Call(Nr.read, fd, (long)(p + length), buffer.Length - length);
            if (n <= 0)
                break;
            length += (int)n;
            if (length == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }

        Sys.Call(Nr.close, fd);
        return buffer[..length];
    }

    private static byte[][]? ReadStrings(ReadOnlySpan<byte> path)
    {
        if (ReadText(path) is not { } text)
            return null;
        List<byte[]> strings = [];
        ReadOnlySpan<byte> rest = text;
        for (int end = rest.IndexOf((byte)0); end >= 0; end = rest.IndexOf((byte)0))
        {
            strings.Add(rest[..end].ToArray());
            rest = rest[(end + 1)..];
        }

        return [.. strings];
    }
}
