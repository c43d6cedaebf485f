using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.Jit;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Symbols;

namespace Suite.UserMode;

/// <summary>
/// -perf-map: /tmp/perf-PID.map, in which Linux perf finds names for generated code (tools/perf/Documentation/jit-interface.txt): a line for each
/// block as it is translated. A forked child goes on with a copy of its own.
/// </summary>
internal sealed unsafe class PerfMap(ITranslationListener? next) : ITranslationListener
{
    private const int O_APPEND = 0x400, OwnerReadWrite = 0x180, CopyAtOnce = 1 << 30, TranslationsBetweenRefreshes = 256;

    private GuestProcess? _process;
    private ModuleMap? _map;
    private long _pid, _fd = -1;
    private int _untilRefresh;

    /// <summary>The process exists: its mappings give the names.</summary>
    public void Attach(GuestProcess process)
    {
        _process = process;
        _map = new ModuleMap(process);
    }

    /// <inheritdoc/>
    public void Translated(ulong pc, ReadOnlySpan<byte> guest, byte* host, int hostLength)
    {
        next?.Translated(pc, guest, host, hostLength);
        if (_map is null || !Opens())
            return;
        if (_map.MappingAt(pc) is null && --_untilRefresh <= 0)
        {
            _untilRefresh = TranslationsBetweenRefreshes;
            _map.Refresh(_process!.Memory.Snapshot());
        }

        string name = _map.Find(pc) is not { } module ? $"0x{pc:x}"
            : module.Find(pc) is { } symbol ? $"{symbol.Name}+0x{pc - symbol.Start:x} [{module.Name}]" : $"[{module.Name}]+0x{pc - module.Start:x}";
        byte[] line = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(ulong)host:x} {hostLength:x} {name}\n"));
        fixed (byte* p = line)
            Sys.Call(Nr.write, _fd, (long)p, line.Length);
    }

    /// <inheritdoc/>
    public void Executing(ulong pc, byte* host) => next?.Executing(pc, host);

    // Blocks are translated by one thread at a time.
    private bool Opens()
    {
        long pid = Sys.Call(Nr.getpid);
        if (pid == _pid)
            return _fd >= 0;
        (long old, _pid) = (_fd, pid);
        byte[] path = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/tmp/perf-{pid}.map\0"));
        fixed (byte* p = path)
        {
            Sys.Call(Nr.unlink, (long)p);
            _fd = Sys.Call(Nr.open, (long)p, Linux.O_RDWR | Linux.O_CREAT | O_APPEND | Linux.O_NOFOLLOW | Linux.O_CLOEXEC, OwnerReadWrite);
        }

        // Out of the guest's way.
        const int F_DUPFD_CLOEXEC = 1030, High = 61;
        if (_fd >= 0 && Sys.Call(Nr.fcntl, _fd, F_DUPFD_CLOEXEC, High) is >= 0 and var high)
        {
            Sys.Call(Nr.close, _fd);
            _fd = high;
        }

        if (old >= 0)
        {
            Copy(old);
            Sys.Call(Nr.close, old);
        }

        return _fd >= 0;
    }

    private void Copy(long old)
    {
        byte[] buffer = new byte[1 << 16];
        fixed (byte* p = buffer)
            for (long at = 0, got; at < CopyAtOnce && (got = Sys.Call(Nr.pread64, old, (long)p, buffer.Length, at)) > 0; at += got)
                Sys.Call(Nr.write, _fd, (long)p, got);
    }
}
