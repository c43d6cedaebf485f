using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Symbols;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>The profile of one process: starts with its threads, is written when it ends or executes another program.</summary>
internal sealed unsafe class Profiler(GuestProcess process, string tool, ProfileSettings settings)
{
    /// <summary>si_value of the timers' signals.</summary>
    public const ulong Cookie = 0x5154_5052_4F46_494C;

    private readonly List<ThreadProfile> _threads = [];
    private readonly Lock _lock = new();

    /// <summary>A thread begins; called by it.</summary>
    public void Begin(GuestThread t)
    {
        ThreadProfile profile = new(t, settings.Rate);
        t.Profile = profile;
        lock (_lock)
            _threads.Add(profile);
    }

    /// <summary>Writes the file, unless nothing was sampled. Called by a guest thread when the process ends or executes.</summary>
    public void Write()
    {
        lock (_lock)
            WriteAll();
    }

    private void WriteAll()
    {
        SyscallRow?[] rows = process.SyscallRows();
        ProfileData data = new() { Tool = tool, Program = process.Identity.Path, Rate = settings.Rate };
        foreach (ThreadProfile thread in _threads)
        {
            lock (thread.Gate)
            {
                ProfileNode<string> named = new();
                Rename(thread.Root, named, thread, rows);
                if (named.Sum() > 0)
                    data.Threads.Add((thread.Name, named));
            }
        }

        if (data.Threads.Count == 0 && !settings.IsFirst)
            return;
        string path = PathFor();
        string name = path.ToLowerInvariant();
        byte[] content = name.EndsWith(".json", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(Speedscope.Write(data))
            : name.EndsWith(".pb.gz", StringComparison.Ordinal) || name.EndsWith(".pb", StringComparison.Ordinal) ? Pprof.Write(data, isPacked: name.EndsWith(".gz", StringComparison.Ordinal))
            : name.EndsWith(".folded", StringComparison.Ordinal) || name.EndsWith(".txt", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(FoldedStacks.Write(data))
            : Encoding.UTF8.GetBytes(FlameGraph.Write(data));
        if (TryWrite(path, content) is { } trouble)
            ReportSink.Write(null, $"{tool}: -profile: {trouble}\n");
    }

    // Frames of one function are one, wherever in it they were.
    private static void Rename(ProfileNode<ulong> from, ProfileNode<string> to, ThreadProfile thread, SyscallRow?[] rows)
    {
        to.Self += from.Self;
        foreach ((ulong frame, ProfileNode<ulong> callee) in from.Callees)
            Rename(callee, to.Call(ProfileLabel.Text(frame, rows) ?? FunctionAt(frame, thread)), thread, rows);
    }

    private static string FunctionAt(ulong pc, ThreadProfile thread) =>
        thread.Modules.GetValueOrDefault(pc) is not { } module ? "[unknown]" : module.Find(pc)?.Name ?? $"[{module.Name}]";

    // FILE for the process the user started, FILE with pid and program before its extension for those it starts.
    private string PathFor()
    {
        string pid = Sys.Call(Nr.getpid).ToString(CultureInfo.InvariantCulture);
        if (settings.Path.Contains("%p", StringComparison.Ordinal))
            return settings.Path.Replace("%p", pid);
        if (settings.IsFirst)
            return settings.Path;
        string extension = settings.Path.EndsWith(".pb.gz", StringComparison.OrdinalIgnoreCase) ? settings.Path[^6..] : Path.GetExtension(settings.Path);
        return $"{settings.Path[..^extension.Length]}.{pid}-{Path.GetFileName(process.Identity.Path)}{extension}";
    }

    private static string? TryWrite(string path, byte[] content)
    {
        const int ReadWriteForAll = 0x1B6;
        long fd;
        fixed (byte* p = (byte[])[.. GuestText.ToBytes(path), 0])
            fd = Sys.Call(Nr.open, (long)p, Linux.O_WRONLY | Linux.O_CREAT | Linux.O_TRUNC | Linux.O_CLOEXEC, ReadWriteForAll);
        if (Sys.IsError(fd))
            return $"{path} cannot be written (errno {-fd})";
        bool isWhole = HostText.Write((int)fd, content);
        Sys.Call(Nr.close, fd);
        return isWhole ? null : $"{path} is not complete: the device is full";
    }
}
