using System.Globalization;
using Suite.Host;
using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>Where reports go: standard error, or a file.</summary>
internal static unsafe class ReportSink
{
    private const int StandardError = 2, ModeOffset = 24, F_GETFL = 3, O_ACCMODE = 3, O_APPEND = 0x400, UserReadWrite = 0x1B6;
    private const uint S_IFMT = 0xF000, S_IFREG = 0x8000;

    /// <summary>Writes a report.</summary>
    /// <param name="path">A file to append to, %p for the process id; null for standard error, where a failure to open the file is told too.</param>
    /// <param name="text">The report.</param>
    public static void Write(string? path, string text)
    {
        if (path is not null)
        {
            string name = path.Replace("%p", Sys.Call(Nr.getpid).ToString(CultureInfo.InvariantCulture));
            long fd;
            fixed (byte* p = (byte[])[.. GuestText.ToBytes(name), 0])
                fd = Sys.Call(Nr.open, (long)p, Linux.O_WRONLY | Linux.O_CREAT | O_APPEND | Linux.O_CLOEXEC, UserReadWrite);
            if (!Sys.IsError(fd))
            {
                HostText.Write((int)fd, text);
                Sys.Call(Nr.close, fd);
                return;
            }

            text = $"cannot write the report to {name}: errno {-fd}\n{text}";
        }

        if (IsStream())
            HostText.WriteError(text);
    }

    // A program may have put a file of its own there that it reads and writes, such as a data base: that is no place for reports.
    private static bool IsStream()
    {
        byte* stat = stackalloc byte[144];
        if (Sys.Call(Nr.fstat, StandardError, (long)stat) != 0)
            return false;
        return (*(uint*)(stat + ModeOffset) & S_IFMT) != S_IFREG || (Sys.Call(Nr.fcntl, StandardError, F_GETFL) & O_ACCMODE) == Linux.O_WRONLY;
    }
}
