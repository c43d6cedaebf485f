using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>
/// A TCP connection of the guest, whose other end is a socket of the host. It ends only when both directions are done, each by itself; errors of
/// either side reset the other. What waits is bounded by the two rings: the sockets' and the guest's flow control do the rest.
/// </summary>
internal sealed class TcpConnection
{
    private const int ToGuestBytes = 256 << 10, ToHostBytes = 128 << 10, WindowShift = 3, MostTries = 10, DuplicatesBeforeResend = 3;
    private const long FirstTimeout = VirtualClock.Second, LongestTimeout = 16 * VirtualClock.Second, AckDelay = VirtualClock.Second / 50, Linger = 2 * VirtualClock.Second;
    private const long Never = long.MaxValue;

    private readonly UserTcp _owner;
    private readonly int _socket;
    private readonly HostWatch _watch;
    private readonly ByteRing _toGuest = new(ToGuestBytes), _toHost = new(ToHostBytes);
    private State _state;

    // Sequence numbers: the first that is not acknowledged, the next to send, and the highest sent so far.
    private uint _unacknowledged, _next, _highest, _expected;
    private uint _advertised; // right edge of the window last told
    private long _peerWindow;
    private int _peerShift, _ourShift, _mss, _tries, _duplicates, _ackOwed;
    private long _timeout = FirstTimeout, _resendAt = Never, _ackAt = Never, _endAt = Never;
    private bool _isHostDone, _isGuestDone, _isFinAcknowledged;

    /// <summary>The guest connects: its SYN was received, and the host's socket is connecting.</summary>
    public TcpConnection(UserTcp owner, in TcpKey key, int socket, in TcpSegment syn)
        : this(owner, key, socket, State.Connecting)
    {
        TakeOptions(syn);
        _expected = syn.Sequence + 1;
        _watch.Events = HostEvents.Write;
    }

    /// <summary>A program of the host connects to a forwarded port.</summary>
    public TcpConnection(UserTcp owner, in TcpKey key, int socket)
        : this(owner, key, socket, State.SynSent) => _ourShift = WindowShift;

    private TcpConnection(UserTcp owner, in TcpKey key, int socket, State state)
    {
        (_owner, Key, _socket, _state) = (owner, key, socket, state);
        _unacknowledged = _next = _highest = owner.NextSequence;
        _watch = owner.Network.Loop.Watch(socket, HostEvents.None, OnHost);
    }

    private enum State
    {
        /// <summary>The host's socket is not connected yet; the guest waits for its answer.</summary>
        Connecting,

        /// <summary>SYN and ACK were sent.</summary>
        SynReceived,

        /// <summary>SYN was sent.</summary>
        SynSent,

        Established,

        /// <summary>Both directions are done; what is still on its way is answered.</summary>
        Lingering,

        Gone,
    }

    public TcpKey Key { get; }

    /// <summary>When it wants <see cref="Expire"/>.</summary>
    public long Deadline => Math.Min(Math.Min(_resendAt, _ackAt), _endAt);

    private long Now => _owner.Network.Clock.Now;

    private bool IsSynPending => _state is State.SynReceived or State.SynSent && _unacknowledged == _next;

    public string Describe() =>
        $"TCP[{_state}] {UserNetwork.Text(Key.Guest)}:{Key.GuestPort} -> {UserNetwork.Text(Key.Remote)}:{Key.RemotePort} to guest {_toGuest.Count} to host {_toHost.Count}";

    /// <summary>True for the first segment of a new connection between the same ports: the guest has forgotten the old one.</summary>
    public bool IsReplacedBy(in TcpSegment segment) =>
        segment.Has(TcpFlags.Syn) && !segment.Has(TcpFlags.Acknowledge) && _state != State.SynSent && segment.Sequence + 1 != _expected;

    /// <summary>A segment from the guest.</summary>
    public void Receive(in TcpSegment segment)
    {
        if (_state == State.SynSent)
        {
            ReceiveInSynSent(segment);
            return;
        }

        if (segment.Has(TcpFlags.Reset))
        {
            if (segment.Sequence - _expected <= (uint)ToHostBytes)
                Abort(tellGuest: false);
            return;
        }

        if (segment.Has(TcpFlags.Syn))
        {
            // Sent again because the answer takes long, or was lost.
            if (_state == State.SynReceived)
                Resend();
            return;
        }

        if (!segment.Has(TcpFlags.Acknowledge) || _state == State.Connecting)
            return;
        TakeAcknowledgement(segment);
        if (_state is State.Gone or State.SynReceived)
            return;
        TakePayload(segment);
        if (_state == State.Gone)
            return;
        Output();
        EndWhenDone();
    }

    /// <summary>Sends what the window and the card have room for.</summary>
    public void Output()
    {
        if (_state is State.Connecting or State.Gone)
            return;
        if (IsSynPending)
        {
            SendSyn();
            return;
        }

        if (_state is State.SynReceived or State.SynSent)
            return;
        while (true)
        {
            int inFlight = (int)(_next - _unacknowledged), unsent = _toGuest.Count - inFlight;
            int size = (int)Math.Min(Math.Min(unsent, _mss), Math.Max(_peerWindow - inFlight, 0));
            bool isFin = _isHostDone && unsent >= 0 && size == unsent && !_isFinAcknowledged;
            if (size <= 0 && !isFin || size < unsent && size < _mss && inFlight > 0)
                break;
            if (!_owner.Network.CanTransmit)
            {
                _owner.Stall(this);
                break;
            }

            TcpFlags flags = TcpFlags.Acknowledge | (size == unsent && size > 0 ? TcpFlags.Push : 0) | (isFin ? TcpFlags.Fin : 0);
            if (size > 0)
                _toGuest.Peek(inFlight, _owner.Network.Payload.Slice(UserTcp.PayloadAt(flags), size));
            Send(_next, flags, size);
            _next += (uint)size + (isFin ? 1u : 0);
            if ((int)(_next - _highest) > 0)
                _highest = _next;
            if (isFin)
                break;
        }

        if (_next == _unacknowledged && _toGuest.Count == 0)
            _resendAt = Never;
        else if (_resendAt == Never)
            StartTimer();
    }

    /// <summary>Its deadline has come.</summary>
    public void Expire(long now)
    {
        if (_endAt <= now)
        {
            Close(withReset: false);
            return;
        }

        if (_ackAt <= now)
            Acknowledge();
        if (_resendAt > now)
            return;
        if (!_owner.Network.CanTransmit)
        {
            StartTimer(); // the guest takes nothing now, which is no loss
            return;
        }

        if (++_tries > MostTries)
        {
            Abort(tellGuest: true);
            return;
        }

        _timeout = Math.Min(_timeout * 2, LongestTimeout);
        if (_peerWindow == 0 && _toGuest.Count > 0 && _state == State.Established)
        {
            Probe();
            _tries = Math.Min(_tries, MostTries / 2); // a guest that does not read may do so as long as it answers
        }
        else
        {
            Resend();
        }

        StartTimer();
    }

    /// <summary>Ends it at once, both ways.</summary>
    public void Abort(bool tellGuest)
    {
        if (_state == State.Gone)
            return;
        if (tellGuest)
            _owner.Transmit(Key, _next, _expected, TcpFlags.Reset | TcpFlags.Acknowledge, 0, 0);
        Close(withReset: true);
    }

    private void ReceiveInSynSent(in TcpSegment segment)
    {
        bool acknowledges = segment.Has(TcpFlags.Acknowledge) && segment.Acknowledged == _next && _next != _unacknowledged;
        if (segment.Has(TcpFlags.Reset))
        {
            if (acknowledges)
                Abort(tellGuest: false);
            return;
        }

        if (!acknowledges || !segment.Has(TcpFlags.Syn))
            return;
        TakeOptions(segment);
        _expected = segment.Sequence + 1;
        _peerWindow = segment.Window;
        Establish();
        Acknowledge();
    }

    private void Establish()
    {
        _unacknowledged = _next;
        (_state, _resendAt, _tries, _timeout) = (State.Established, Never, 0, FirstTimeout);
        WatchHost();
    }

    private void TakeOptions(in TcpSegment syn)
    {
        _mss = Math.Min(syn.Mss, UserNetwork.LargestPayload - TcpSegment.HeaderBytes);
        (_peerShift, _ourShift) = syn.Shift >= 0 ? (syn.Shift, WindowShift) : (0, 0);
    }

    private void TakeAcknowledgement(in TcpSegment segment)
    {
        uint acknowledged = segment.Acknowledged - _unacknowledged;
        if (acknowledged > _highest - _unacknowledged)
        {
            if ((int)acknowledged > 0)
                Acknowledge(); // of what was never sent
            return;
        }

        if (_state == State.SynReceived)
        {
            if (acknowledged == 0)
                return;
            Establish();
            _peerWindow = (long)segment.Window << _peerShift;
            return;
        }

        long window = (long)segment.Window << _peerShift;
        if (acknowledged == 0)
        {
            bool isDuplicate = segment.Payload.IsEmpty && window == _peerWindow && _next != _unacknowledged && !segment.Has(TcpFlags.Fin);
            _duplicates = isDuplicate ? _duplicates + 1 : 0;
            if (_peerWindow == 0 && window > 0)
                _next = _unacknowledged; // what probed the closed window was not taken
            _peerWindow = window;
            if (_duplicates == DuplicatesBeforeResend)
                Resend();
            return;
        }

        int data = (int)Math.Min(acknowledged, (uint)_toGuest.Count);
        _toGuest.Drop(data);
        if (acknowledged > (uint)data)
            _isFinAcknowledged = true;
        _unacknowledged = segment.Acknowledged;
        if ((int)(_next - _unacknowledged) < 0)
            _next = _unacknowledged;
        (_duplicates, _tries, _timeout, _peerWindow) = (0, 0, FirstTimeout, window);
        _resendAt = Never;
        WatchHost();
    }

    private void TakePayload(in TcpSegment segment)
    {
        ReadOnlySpan<byte> payload = segment.Payload;
        uint before = _expected - segment.Sequence; // what we have of it already
        if (before > int.MaxValue || before > (uint)payload.Length || _isGuestDone)
        {
            if (segment.Length > 0)
                Acknowledge(); // something is missing before it, or it is old
            return;
        }

        payload = payload[(int)before..];
        if (payload.Length > 0)
        {
            int taken = Forward(payload);
            if (taken < 0)
            {
                Abort(tellGuest: true);
                return;
            }

            _expected += (uint)taken;
            _ackOwed++;
            if (taken < payload.Length)
            {
                Acknowledge();
                return;
            }
        }

        if (segment.Has(TcpFlags.Fin))
        {
            _isGuestDone = true;
            _expected++;
            if (_toHost.Count == 0)
                HostSocket.ShutdownSend(_socket);
            Acknowledge();
            return;
        }

        const int every = 2;
        if (_ackOwed >= every || (segment.Has(TcpFlags.Push) && _ackOwed > 0))
        {
            Acknowledge();
        }
        else if (_ackOwed > 0 && _ackAt == Never)
        {
            _ackAt = Now + AckDelay;
            _owner.Arm(_ackAt);
        }
    }

    // To the socket if it takes it, else into the ring. How many bytes; negative when the socket is broken.
    private int Forward(ReadOnlySpan<byte> payload)
    {
        int sent = 0;
        if (_toHost.Count == 0)
        {
            sent = HostSocket.Send(_socket, payload);
            if (sent is -HostSocket.EAGAIN or -HostSocket.EINTR)
                sent = 0;
            if (sent < 0)
                return sent;
        }

        if (sent < payload.Length)
            sent += _toHost.Write(payload[sent..]);
        WatchHost();
        return sent;
    }

    private void OnHost(HostEvents events)
    {
        if (_state == State.Connecting)
        {
            FinishConnect();
            return;
        }

        if ((events & (HostEvents.Write | HostEvents.Error | HostEvents.HangUp)) != 0 && _toHost.Count > 0 && !Flush())
        {
            Abort(tellGuest: true);
            return;
        }

        if ((events & (HostEvents.Read | HostEvents.Error | HostEvents.HangUp)) != 0 && !_isHostDone && !ReadHost())
        {
            Abort(tellGuest: true);
            return;
        }

        if (_state == State.Gone)
            return;
        WatchHost();
        Output();
        EndWhenDone();
    }

    private void FinishConnect()
    {
        if (HostSocket.Error(_socket) != 0)
        {
            _owner.Transmit(Key, 0, _expected, TcpFlags.Reset | TcpFlags.Acknowledge, 0, 0);
            Close(withReset: false);
            return;
        }

        _state = State.SynReceived;
        _watch.Events = HostEvents.None;
        Output();
    }

    private bool Flush()
    {
        bool wasNarrow = _advertised - _expected < (uint)_mss * 2;
        while (_toHost.Count > 0)
        {
            int sent = HostSocket.Send(_socket, _toHost.Readable());
            if (sent is -HostSocket.EAGAIN or -HostSocket.EINTR)
                break;
            if (sent < 0)
                return false;
            _toHost.Drop(sent);
        }

        if (_isGuestDone && _toHost.Count == 0)
            HostSocket.ShutdownSend(_socket);
        if (wasNarrow && _toHost.Free >= _mss * 2)
            Acknowledge(); // the guest may send again
        return true;
    }

    private bool ReadHost()
    {
        while (_toGuest.Free > 0)
        {
            int read = HostSocket.Receive(_socket, _toGuest.Writable());
            if (read == 0)
            {
                _isHostDone = true;
                return true;
            }

            if (read is -HostSocket.EAGAIN or -HostSocket.EINTR)
                return true;
            if (read < 0)
                return false;
            _toGuest.Wrote(read);
            if (!_owner.Network.CanTransmit || _toGuest.Count - (int)(_next - _unacknowledged) > ToGuestBytes / 4)
                return true; // let it go out first
        }

        return true;
    }

    private void WatchHost()
    {
        if (_state is State.Connecting or State.Gone)
            return;
        HostEvents wanted = HostEvents.None;
        if (!_isHostDone && _toGuest.Free > 0 && _state == State.Established)
            wanted |= HostEvents.Read;
        if (_toHost.Count > 0)
            wanted |= HostEvents.Write;
        _watch.Events = wanted;
    }

    private void SendSyn()
    {
        if (!_owner.Network.CanTransmit)
        {
            _owner.Stall(this);
            return;
        }

        bool isAnswer = _state == State.SynReceived;
        int window = Math.Min(ToHostBytes, ushort.MaxValue); // never scaled in a SYN
        _advertised = _expected + (uint)window;
        _owner.Transmit(Key, _next, isAnswer ? _expected : 0, TcpFlags.Syn | (isAnswer ? TcpFlags.Acknowledge : 0), window, 0, _ourShift > 0 ? _ourShift : -1);
        _next++;
        _highest = _next;
        StartTimer();
    }

    private void Send(uint sequence, TcpFlags flags, int payload)
    {
        int window = Math.Min(_toHost.Free, ushort.MaxValue << _ourShift) >> _ourShift;
        _advertised = _expected + ((uint)window << _ourShift);
        (_ackOwed, _ackAt) = (0, Never);
        _owner.Transmit(Key, sequence, _expected, flags, window, payload);
    }

    private void Acknowledge() => Send(_next, TcpFlags.Acknowledge, 0);

    private void Resend()
    {
        _next = _unacknowledged;
        Output();
    }

    // One byte beyond the closed window, which the guest answers with its window.
    private void Probe()
    {
        _toGuest.Peek(0, _owner.Network.Payload.Slice(UserTcp.PayloadAt(TcpFlags.Acknowledge), 1));
        Send(_unacknowledged, TcpFlags.Acknowledge, 1);
        if (_next == _unacknowledged)
            _next++;
        if ((int)(_next - _highest) > 0)
            _highest = _next;
    }

    private void StartTimer()
    {
        _resendAt = Now + _timeout;
        _owner.Arm(_resendAt);
    }

    private void EndWhenDone()
    {
        if (_state != State.Established || !_isGuestDone || !_isFinAcknowledged || _toHost.Count > 0)
            return;
        _state = State.Lingering;
        (_resendAt, _endAt) = (Never, Now + Linger);
        _owner.Arm(_endAt);
        _watch.Events = HostEvents.None;
    }

    private void Close(bool withReset)
    {
        _state = State.Gone;
        (_resendAt, _ackAt, _endAt) = (Never, Never, Never);
        _watch.Dispose();
        HostSocket.Close(_socket, withReset);
        _owner.Remove(this);
    }
}
