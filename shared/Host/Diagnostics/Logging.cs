using System.Globalization;
using Serilog;
using Serilog.Core;

namespace Suite.Host.Diagnostics;

/// <summary>Sets up the log, only when one was asked for: nothing of Serilog is touched otherwise (the whole tool starts in 1.5 ms).</summary>
public static class Logging
{
    /// <summary>Opens the log.</summary>
    /// <param name="items">What it shall contain; None means no log.</param>
    /// <param name="file">Its path, `%d` standing for the process id (with <see cref="LogItems.Tid"/>: the thread id), or "fd:" and the
    /// number of an open descriptor; null for standard error.</param>
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
        if (file is not null && TryDescriptor(file) is null)
            return new LogSink(items, id => LoggerOf(DescriptorSink.OpenFile(FileName(file, id), append)), Environment.ProcessId,
                perThread ? DescriptorSink.CurrentThreadId : null);
        DescriptorSink sink = file is null ? DescriptorSink.StandardError() : DescriptorSink.Inherited(TryDescriptor(file)!.Value);
        return new LogSink(items, _ => LoggerOf(sink), Environment.ProcessId, null) { Descriptor = sink.Descriptor };
    }

    private static int? TryDescriptor(string file) =>
        file.StartsWith("fd:", StringComparison.Ordinal) && int.TryParse(file.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static string FileName(string file, int id) => file.Replace("%d", id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static Logger LoggerOf(DescriptorSink sink) => new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(sink).CreateLogger();
}
