using System.Runtime.InteropServices;
using System.Text;
using Serilog.Core;
using Serilog.Events;

namespace Suite.Host.Diagnostics;

/// <summary>
/// A Serilog sink that writes each event's message as a line to a file descriptor, with one write(2) and no buffer.
/// Serilog's file sink does not fit: it takes the lowest free descriptor, which the guest would see missing, and keeps its own file position, so that
/// a process and its forked children would overwrite each other's lines.
/// </summary>
internal sealed partial class DescriptorSink : ILogEventSink, IDisposable
{
    // Host values, include/uapi/asm-generic/fcntl.h.
    private const int WriteOnly = 1, Create = 0x40, Truncate = 0x200, AppendOnly = 0x400, CloseOnExec = 0x80000;
    private const int DuplicateCloseOnExec = 1030, SetDescriptorFlags = 2;
    private const int Interrupted = 4;

    // Out of the way of guests, which are given the lowest free number; below the usual limit of 1024.
    private const int HighDescriptor = 1000;

    private readonly int _descriptor;
    private readonly bool _owned;

    private DescriptorSink(int descriptor, bool owned)
    {
        _descriptor = descriptor;
        _owned = owned;
    }

    /// <summary>The descriptor lines go to.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Lines to what is the process's standard error now: many programs close theirs before they end.</summary>
    public static DescriptorSink StandardError()
    {
        int high = LibCFcntl(2, DuplicateCloseOnExec, HighDescriptor);
        return high < 0 ? new DescriptorSink(2, owned: false) : new DescriptorSink(high, owned: true);
    }

    /// <summary>Lines to a descriptor the tool was started with, which is closed to what it starts.</summary>
    /// <exception cref="IOException">It is not open.</exception>
    public static DescriptorSink Inherited(int descriptor)
    {
        if (LibCFcntl(descriptor, SetDescriptorFlags, 1) < 0)
            throw new IOException($"cannot write the log to descriptor {descriptor}: it is not open");
        return new DescriptorSink(descriptor, owned: true);
    }

    /// <summary>Lines to the end of a file, which is made if need be and emptied unless <paramref name="append"/>.</summary>
    /// <exception cref="IOException">The file cannot be opened for writing.</exception>
    public static DescriptorSink OpenFile(string path, bool append)
    {
        int low = LibCOpen(path, WriteOnly | Create | AppendOnly | CloseOnExec | (append ? 0 : Truncate), 0x1B6 /* rw for all, less umask */);
        if (low < 0)
            throw new IOException($"cannot write the log file '{path}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        int high = LibCFcntl(low, DuplicateCloseOnExec, HighDescriptor);
        if (high < 0)
            return new DescriptorSink(low, owned: true);
        _ = LibCClose(low);
        return new DescriptorSink(high, owned: true);
    }

    /// <summary>The kernel's id of the calling thread.</summary>
    public static int CurrentThreadId() => LibCGetThreadId();

    /// <inheritdoc/>
    public unsafe void Emit(LogEvent logEvent)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(logEvent.RenderMessage() + "\n");
        fixed (byte* start = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                nint count = LibCWrite(_descriptor, start + done, (nuint)(bytes.Length - done));
                if (count > 0)
                    done += (int)count;
                else if (Marshal.GetLastPInvokeError() != Interrupted)
                    return; // A log that cannot be written must not stop the guest.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_owned)
            _ = LibCClose(_descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LibCOpen(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int LibCFcntl(int descriptor, int command, long argument);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint LibCWrite(int descriptor, byte* start, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int LibCClose(int descriptor);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int LibCGetThreadId();
}
