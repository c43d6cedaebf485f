using Suite.Host;

namespace Suite.UserMode.Debugging;

/// <summary>The process's memory whatever its protection (proc(5), /proc/PID/mem), as a debugger reads and writes it.</summary>
internal static unsafe class OwnMemory
{
    /// <summary>Reads bytes of one page.</summary>
    public static bool Read(ulong address, Span<byte> into)
    {
        fixed (byte* p = into)
            return Transfer(Nr.pread64, address, p, into.Length);
    }

    /// <summary>Writes bytes of one page. Fails where the mapping is shared and its file read-only.</summary>
    public static bool Write(ulong address, ReadOnlySpan<byte> data)
    {
        fixed (byte* p = data)
            return Transfer(Nr.pwrite64, address, p, data.Length);
    }

    private static bool Transfer(int call, ulong address, byte* bytes, int count)
    {
        fixed (byte* path = "/proc/self/mem\0"u8)
        {
            long fd = Sys.Call(Nr.open, (long)path, Linux.O_RDWR | Linux.O_CLOEXEC);
            if (Sys.IsError(fd))
                return false;
            long done = Sys.Call(call, fd, (long)bytes, count, (long)address);
            Sys.Call(Nr.close, fd);
            return done == count;
        }
    }
}
