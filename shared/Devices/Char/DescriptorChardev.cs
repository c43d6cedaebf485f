using Suite.Devices.Core;
using Suite.Devices.Net;
using Suite.Host;

namespace Suite.Devices.Char;

/// <summary>
/// A character back end over host descriptors. Input is read as fast as the receiver takes it. Output that the host does not take at once waits, and is
/// dropped when too much of it waits for too long.
/// </summary>
public abstract class DescriptorChardev : IChardev, IDisposable
{
    private const int MostUnsent = 256 << 10, Piece = 4096, PatienceMilliseconds = 200;
    private const short PollOut = 4;

    private readonly HostLoop _loop;
    private readonly ByteRing _unsent = new(MostUnsent);
    private readonly byte[] _piece = new byte[Piece];
    private ICharReceiver? _receiver;
    private HostWatch? _input, _output;
    private bool _isStuck;

    /// <summary>A back end without descriptors yet.</summary>
    protected DescriptorChardev(HostLoop loop) => _loop = loop;

    /// <inheritdoc/>
    public ICharReceiver? Receiver
    {
        get => _receiver;
        set
        {
            _receiver = value;
            ReceiverReady();
        }
    }

    /// <inheritdoc/>
    public virtual bool IsOpen => _output is not null;

    /// <summary>The thread that waits.</summary>
    protected HostLoop Loop => _loop;

    /// <summary>The descriptors are a socket: writing to one that is closed raises no signal.</summary>
    protected bool IsSocket { get; init; }

    /// <summary>A reader that is slow is waited for a little; otherwise what does not fit is dropped.</summary>
    protected bool IsPatient { get; init; } = true;

    /// <inheritdoc/>
    public virtual void Write(ReadOnlySpan<byte> bytes)
    {
        if (_output is null)
            return;
        if (_unsent.Count == 0)
            bytes = bytes[WriteSome(bytes)..];
        if (bytes.IsEmpty || _output is null)
            return;
        bytes = bytes[_unsent.Write(bytes)..];
        while (!bytes.IsEmpty && IsPatient && !_isStuck && WaitWritable(_output.Descriptor, PatienceMilliseconds))
        {
            Flush();
            bytes = bytes[_unsent.Write(bytes)..];
            if (_output is null)
                return;
        }

        _isStuck = !bytes.IsEmpty;
        _output.Events = HostEvents.Write;
    }

    /// <inheritdoc/>
    public void ReceiverReady()
    {
        if (_input is { Events: HostEvents.None } && _receiver is { Room: > 0 })
            _input.Events = HostEvents.Read;
    }

    /// <summary>Closes what was opened.</summary>
    public virtual void Dispose()
    {
        Flush();
        Detach();
        GC.SuppressFinalize(this);
    }

    /// <summary>Uses descriptors from now on.</summary>
    /// <param name="input">-1 for none.</param>
    /// <param name="output">-1 for none; may be the same one.</param>
    protected void Attach(int input, int output)
    {
        const int F_DUPFD_CLOEXEC = 1030;
        if (input >= 0 && input == output)
            output = (int)Sys.Call(Nr.fcntl, output, F_DUPFD_CLOEXEC, 0);
        _isStuck = false;
        if (output >= 0)
            _output = _loop.Watch(output, HostEvents.None, _ => Flush());
        if (input >= 0)
            _input = _loop.Watch(input, _receiver is { Room: > 0 } ? HostEvents.Read : HostEvents.None, _ => Arrive());
    }

    /// <summary>Uses them no longer, and closes those that are not the process's own streams.</summary>
    protected void Detach()
    {
        Close(ref _input);
        Close(ref _output);
        _unsent.Drop(_unsent.Count);
    }

    /// <summary>The other side has ended, or is broken.</summary>
    protected virtual void Ended() => Close(ref _input);

    /// <summary>Changes what arrived, in place, before the receiver gets it; the result is how much is left.</summary>
    protected virtual int Decode(Span<byte> bytes) => bytes.Length;

    /// <summary>Writes what is taken without waiting; how much that was. A broken output takes everything and is closed.</summary>
    protected virtual int WriteSome(ReadOnlySpan<byte> bytes)
    {
        const int atOnce = 512;
        int done = 0;
        while (done < bytes.Length && WaitWritable(_output!.Descriptor, 0))
        {
            ReadOnlySpan<byte> part = bytes[done..Math.Min(bytes.Length, done + atOnce)]; // so much fits where poll says that anything does
            long written = IsSocket ? HostSocket.Send(_output.Descriptor, part) : WriteTo(_output.Descriptor, part);
            if (written is -HostSocket.EAGAIN or -HostSocket.EINTR)
                break;
            if (written < 0)
            {
                Close(ref _output);
                _unsent.Drop(_unsent.Count);
                return bytes.Length;
            }

            done += (int)written;
        }

        return done;
    }

    private static unsafe long WriteTo(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            return Sys.Call(Nr.write, descriptor, (long)p, bytes.Length);
    }

    private static unsafe bool WaitWritable(int descriptor, int milliseconds)
    {
        long poll = (uint)descriptor | (long)PollOut << 32; // struct pollfd
        return Sys.Blocking(Nr.poll, (long)&poll, 1, milliseconds) > 0;
    }

    private void Flush()
    {
        while (_unsent.Count > 0 && _output is not null)
        {
            int written = WriteSome(_unsent.Readable());
            if (written == 0)
                return;
            _unsent.Drop(Math.Min(written, _unsent.Count));
        }

        _isStuck = false;
        if (_output is not null)
            _output.Events = HostEvents.None;
    }

    private unsafe void Arrive()
    {
        int room = Math.Min(_receiver?.Room ?? 0, Piece);
        if (room <= 0)
        {
            _input!.Events = HostEvents.None;
            return;
        }

        long read;
        fixed (byte* p = _piece)
            read = Sys.Call(Nr.read, _input!.Descriptor, (long)p, room);
        if (read is -HostSocket.EAGAIN or -HostSocket.EINTR)
            return;
        if (read <= 0)
        {
            Ended();
            return;
        }

        int length = Decode(_piece.AsSpan(0, (int)read));
        if (length > 0)
            _receiver!.Receive(_piece.AsSpan(0, length));
    }

    private static void Close(ref HostWatch? watch)
    {
        const int lastStandardStream = 2;
        if (watch is null)
            return;
        watch.Dispose();
        if (watch.Descriptor > lastStandardStream)
            Sys.Call(Nr.close, watch.Descriptor);
        watch = null;
    }
}
