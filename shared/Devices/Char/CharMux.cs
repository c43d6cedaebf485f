using System.Text;

namespace Suite.Devices.Char;

/// <summary>
/// Several devices on one host terminal: all write to it, one at a time reads. Ctrl-A and a letter switch between them, end the machine and so on.
/// </summary>
public sealed class CharMux : ICharReceiver
{
    private const byte Escape = 1;

    private readonly IChardev _host;
    private readonly bool _dropsWhenFull;
    private readonly List<Front> _fronts = [];
    private Front? _focus;
    private bool _isEscaped, _hasTimestamps, _isLineStart = true;
    private long _start;

    /// <summary>A switch before a back end.</summary>
    /// <param name="host">The back end.</param>
    /// <param name="dropsWhenFull">Somebody types: keys that the guest does not read are dropped, so that Ctrl-A is always heard. Otherwise they wait.</param>
    public CharMux(IChardev host, bool dropsWhenFull)
    {
        (_host, _dropsWhenFull) = (host, dropsWhenFull);
        host.Receiver = this;
    }

    /// <summary>Ctrl-A x.</summary>
    public Action? Quit { get; set; }

    /// <summary>Ctrl-A s: write changes of -snapshot disks back.</summary>
    public Action? Commit { get; set; }

    /// <summary>The key that comes before commands (`-echr`); Ctrl-A unless set.</summary>
    public byte EscapeKey { get; set; } = Escape;

    /// <inheritdoc/>
    public int Room => _dropsWhenFull ? Front.Capacity : _focus?.Free ?? 0;

    /// <summary>A further device's side. The first one has the keys until Ctrl-A c.</summary>
    public IChardev Add()
    {
        Front front = new(this);
        _fronts.Add(front);
        _focus ??= front;
        return front;
    }

    /// <summary>A device's side is used no more; the next one has the keys.</summary>
    public void Remove(IChardev end)
    {
        _fronts.RemoveAll(f => f == end);
        if (_focus == end)
            _focus = _fronts.FirstOrDefault();
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            if (_isEscaped)
            {
                _isEscaped = false;
                Command(b);
            }
            else if (b == EscapeKey)
            {
                _isEscaped = true;
            }
            else
            {
                _focus?.Take(b);
            }
        }

        _focus?.Forward();
    }

    /// <inheritdoc/>
    public void Opened()
    {
        foreach (Front front in _fronts)
            front.Receiver?.Opened();
    }

    /// <inheritdoc/>
    public void Closed()
    {
        foreach (Front front in _fronts)
            front.Receiver?.Closed();
    }

    private void Command(byte key)
    {
        if (key == EscapeKey)
        {
            _focus?.Take(key);
            return;
        }

        switch ((char)key)
        {
            case 'h' or '?':
                WriteText("\r\nC-a h    print this help\r\nC-a x    exit emulator\r\nC-a s    save disk data back to file (if -snapshot)\r\nC-a t    toggle console timestamps\r\n"
                    + "C-a b    send break (magic sysrq)\r\nC-a c    switch between console and monitor\r\nC-a C-a  sends C-a\r\n");
                break;
            case 'x':
                WriteText("QEMU: Terminated\r\n");
                Quit?.Invoke();
                break;
            case 's':
                Commit?.Invoke();
                break;
            case 'b':
                _focus?.Receiver?.Break();
                break;
            case 'c' when _focus is not null:
                _focus.Forward();
                _focus = _fronts[(_fronts.IndexOf(_focus) + 1) % _fronts.Count];
                _focus.Receiver?.Opened();
                break;
            case 't':
                (_hasTimestamps, _start, _isLineStart) = (!_hasTimestamps, Environment.TickCount64, true);
                break;
        }
    }

    private void WriteText(string text) => _host.Write(Encoding.ASCII.GetBytes(text));

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (!_hasTimestamps)
        {
            _host.Write(bytes);
            return;
        }

        foreach (byte b in bytes)
        {
            if (_isLineStart)
            {
                TimeSpan since = TimeSpan.FromMilliseconds(Environment.TickCount64 - _start);
                WriteText($"[{(int)since.TotalHours:D2}:{since.Minutes:D2}:{since.Seconds:D2}.{since.Milliseconds:D3}] ");
            }

            _isLineStart = b == '\n';
            _host.Write([b]);
        }
    }

    private sealed class Front(CharMux mux) : IChardev
    {
        public const int Capacity = 64;

        private readonly byte[] _waiting = new byte[Capacity];
        private int _count;

        public ICharReceiver? Receiver { get; set; }

        public bool IsOpen => mux._host.IsOpen;

        public int Free => Capacity - _count;

        public void Write(ReadOnlySpan<byte> bytes) => mux.Write(bytes);

        public void ReceiverReady()
        {
            Forward();
            if (this == mux._focus)
                mux._host.ReceiverReady();
        }

        public void Take(byte value)
        {
            if (_count < Capacity)
                _waiting[_count++] = value;
        }

        public void Forward()
        {
            int part = Math.Min(_count, Receiver?.Room ?? 0);
            if (part <= 0)
                return;
            Span<byte> bytes = stackalloc byte[Capacity];
            _waiting.AsSpan(0, part).CopyTo(bytes);
            _waiting.AsSpan(part, _count - part).CopyTo(_waiting);
            _count -= part;
            Receiver!.Receive(bytes[..part]);
        }
    }
}
