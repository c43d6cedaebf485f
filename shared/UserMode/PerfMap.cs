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
    private const int O_APPEND = 0x400, OwnerReadWrite = 0x180, TranslationsBetweenRefreshes = 256;

    private GuestProcess? _process;
    private ModuleMap? _map;
    private long _pid;
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
        if (_map is null)
            return;
        if (_map.MappingAt(pc) is null && --_untilRefresh <= 0)
        {
            _untilRefresh = TranslationsBetweenRefreshes;
            _map.Refresh(_process!.Memory.Snapshot());
        }

        string name = _map.Find(pc) is not { } module ? $"0x{pc:x}"
            : module.Find(pc) is { } symbol ? $"{symbol.Name}+0x{pc - symbol.Start:x} [{module.Name}]" : $"[{module.Name}]+0x{pc - module.Start:x}";
        Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(ulong)host:x} {hostLength:x} {name}\n")));
    }

    /// <inheritdoc/>
    public void Executing(ulong pc, byte* host) => next?.Executing(pc, host);

    // Opened for each line: a descriptor that stays could be closed by the guest and become one of its files. Blocks are translated by one thread at a time.
    private void Append(byte[] line)
    {
        long pid = Sys.Call(Nr.getpid);
        bool isFirst = pid != _pid;
        byte[] path = Path(pid);
        fixed (byte* p = path, text = line)
        {
            if (isFirst)
                Sys.Call(Nr.unlink, (long)p);
            long fd = Sys.Call(Nr.open, (long)p, Linux.O_WRONLY | Linux.O_CREAT | O_APPEND | Linux.O_NOFOLLOW | Linux.O_CLOEXEC, OwnerReadWrite);
            if (Sys.IsError(fd))
                return;
            if (isFirst && _pid != 0 && HostProcess.ReadText(Path(_pid)) is { } inherited)
                fixed (byte* old = inherited)
                    Sys.Call(Nr.write, fd, (long)old, inherited.Length);
            Sys.Call(Nr.write, fd, (long)text, line.Length);
            Sys.Call(Nr.close, fd);
        }

        _pid = pid;
    }

    private static byte[] Path(long pid) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/tmp/perf-{pid}.map\0"));
}
