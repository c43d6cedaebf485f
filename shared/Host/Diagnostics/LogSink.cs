using System.Collections.Concurrent;
using Serilog;
using Serilog.Core;

namespace Suite.Host.Diagnostics;

/// <summary>
/// Where log lines go: standard error or a file. Any thread may write; a line (or a text of several lines) reaches the file in one piece, also
/// between a process and its forked children.
/// </summary>
public sealed class LogSink : IDisposable
{
    private readonly Func<int>? _threadId;
    private readonly Func<int, Logger> _open;
    private readonly Logger? _single;
    private readonly ConcurrentDictionary<int, Logger> _byThread = new();

    internal LogSink(LogItems items, Func<int, Logger> open, int processId, Func<int>? threadId)
    {
        Items = items;
        _open = open;
        _threadId = threadId;
        // Opened at once, so that a file that cannot be written is an error at the start.
        Logger first = open(threadId is null ? processId : threadId());
        if (threadId is null)
            _single = first;
        else
            _byThread[threadId()] = first;
    }

    /// <summary>The items asked for.</summary>
    public LogItems Items { get; }

    /// <summary>The descriptor lines go to, when it is not a file of the log's own: a program the guest executes goes on writing there. Else null.</summary>
    public int? Descriptor { get; init; }

    /// <summary>True when any of these items was asked for. Ask before building a text.</summary>
    public bool On(LogItems items) => (Items & items) != 0;

    /// <summary>Writes one line; the line end is added.</summary>
    public void Line(string text)
    {
        ILogger logger = _single ?? _byThread.GetOrAdd(_threadId!(), _open);
        logger.Information("{Line:l}", text);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _single?.Dispose();
        foreach (Logger logger in _byThread.Values)
            logger.Dispose();
        _byThread.Clear();
    }
}
