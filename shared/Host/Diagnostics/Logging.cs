using System.Globalization;
using Serilog;
using Serilog.Core;

namespace Suite.Host.Diagnostics;

/// <summary>Sets up the log, only when one was asked for: nothing of Serilog is touched otherwise (the whole tool starts in 1.5 ms).</summary>
public static class Logging
{
    /// <summary>Opens the log.</summary>
    /// <param name="items">What it shall contain; None means no log.</param>
    /// <param name="file">Its path, `%d` standing for the process id (with <see cref="LogItems.Tid"/>: the thread id); null for standard error.</param>
    /// <param name="append">Keeps what the file contains: for an emulator that a guest's exec started anew.</param>
    /// <returns>Null when no log was asked for.</returns>
    /// <exception cref="IOException">The file cannot be opened, or <see cref="LogItems.Tid"/> is given without a `%d` in the name.</exception>
    public static LogSink? Create(LogItems items, string? file, bool append = false)
    {
        if (items == LogItems.None)
            return null;
        bool perThread = (items & LogItems.Tid) != 0;
        if (perThread && file?.Contains("%d", StringComparison.Ordinal) != true)
            throw new IOException("a log for each thread ('tid') needs a file name with '%d' (-D)");
        return new LogSink(items, id => Open(file, id, append), Environment.ProcessId, perThread ? DescriptorSink.CurrentThreadId : null);
    }

    private static Logger Open(string? file, int id, bool append)
    {
        DescriptorSink sink = file is null
            ? DescriptorSink.StandardError()
            : DescriptorSink.OpenFile(file.Replace("%d", id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), append);
        return new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(sink).CreateLogger();
    }
}
