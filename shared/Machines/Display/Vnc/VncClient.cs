using System.Buffers.Binary;
using System.Text;
using Suite.Devices.Core;
using Suite.Devices.Display;
using Suite.Host;

namespace Suite.Machines.Display.Vnc;

/// <summary>A connection to a VNC client. What it sends is hostile: lengths are bounded, and nonsense ends the connection.</summary>
internal sealed class VncClient
{
    private const int DesktopSize = -223, ExtendedKeys = -258;
    private const int SecurityNone = 1, SecurityPassword = 2;
    private const int LargestMessage = 1 << 18, LargestCutText = 1 << 20, MostUnsent = 1 << 20, LargestBacklog = 128 << 20;

    private readonly VncServer _server;
    private readonly int _socket;
    private readonly HostWatch _watch;
    private readonly VncOutput _output = new();
    private readonly VncEncoder _encoder = new();
    private readonly VncPixelFormat _format = new();
    private readonly TileMap _dirty = new();
    private readonly List<Area> _areas = [];
    private readonly byte[] _challenge = new byte[VncPassword.ChallengeBytes];
    private byte[] _input = new byte[4096];
    private int _have, _sent, _skip, _minor, _encoding = VncEncoder.Raw, _width, _height;
    private int _pointerX = -1, _pointerY, _buttons;
    private bool _wantsUpdate, _canResize, _mustResize, _mustAnnounceKeys, _isClosed;
    private Phase _phase = Phase.Version;

    public VncClient(VncServer server, int socket, HostEndpoint peer)
    {
        (_server, _socket, Peer) = (server, socket, peer);
        HostSocket.SetNoDelay(socket);
        _watch = server.Loop.Watch(socket, HostEvents.Read, OnSocket);
        _output.Bytes("RFB 003.008\n"u8);
        Flush();
    }

    private enum Phase
    {
        Version,
        Security,
        Password,
        Initialisation,
        Running,
    }

    public HostEndpoint Peer { get; }

    /// <summary>It has asked for an update, and none is on its way.</summary>
    public bool IsWaiting => _wantsUpdate && _phase == Phase.Running && _output.Length - _sent < MostUnsent;

    public void Close()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _watch.Dispose();
        HostSocket.Close(_socket);
        _encoder.Dispose();
        _server.Remove(this);
    }

    /// <summary>The picture has another size.</summary>
    public void Resized()
    {
        if (_phase != Phase.Running)
            return;
        _mustResize = _canResize;
        if (_canResize)
            (_width, _height) = (_server.Surface.Width, _server.Surface.Height);
        _dirty.Resize(_width, _height);
        _dirty.MarkAll();
    }

    /// <summary>A part of the picture changed.</summary>
    public void Changed(Area area)
    {
        if (_phase == Phase.Running)
            _dirty.Mark(area);
    }

    /// <summary>Sends what changed, if it was asked for.</summary>
    public void Update()
    {
        if (!IsWaiting || (_dirty.IsEmpty && !_mustResize && !_mustAnnounceKeys))
            return;
        _wantsUpdate = false;
        _output.Byte(0);
        _output.Byte(0);
        int countAt = _output.Length, count = 0;
        _output.Word(0);
        if (_mustResize)
        {
            AppendPseudo(_width, _height, DesktopSize);
            count++;
            _mustResize = false;
        }

        if (_mustAnnounceKeys)
        {
            AppendPseudo(0, 0, ExtendedKeys);
            count++;
            _mustAnnounceKeys = false;
        }

        _dirty.Take(_areas);
        Surface surface = _server.Surface;
        foreach (Area area in _areas)
        {
            Area seen = area with { Width = Math.Min(area.Width, surface.Width - area.X), Height = Math.Min(area.Height, surface.Height - area.Y) };
            if (seen.Width <= 0 || seen.Height <= 0)
                continue; // the picture became smaller than what the client shows
            _encoder.Encode(surface, seen, _encoding, _format, _output);
            count++;
        }

        _output.PatchWord(countAt, count);
        Flush();
    }

    private void AppendPseudo(int width, int height, int encoding)
    {
        _output.Long(0);
        _output.Word(width);
        _output.Word(height);
        _output.Long(encoding);
    }

    private void OnSocket(HostEvents events)
    {
        if ((events & HostEvents.Write) != 0)
            Flush();
        if (_isClosed || (events & ~HostEvents.Write) == 0)
            return;
        if (_have == _input.Length)
            Array.Resize(ref _input, _input.Length * 2);
        int read = HostSocket.Receive(_socket, _input.AsSpan(_have));
        if (read is -HostSocket.EAGAIN or -HostSocket.EINTR)
            return;
        if (read <= 0)
        {
            Close();
            return;
        }

        _have += read;
        int used = 0;
        while (!_isClosed)
        {
            int skipped = Math.Min(_skip, _have - used);
            (_skip, used) = (_skip - skipped, used + skipped);
            int taken = _skip > 0 ? 0 : Handle(_input.AsSpan(used, _have - used));
            if (taken == 0)
                break;
            used += taken;
        }

        if (_isClosed)
            return;
        _input.AsSpan(used, _have - used).CopyTo(_input);
        _have -= used;
        if (_have > LargestMessage || _output.Length - _sent > LargestBacklog)
            Close();
        else
            Flush();
    }

    // How many bytes it took; 0 when the message is not complete.
    private int Handle(ReadOnlySpan<byte> input)
    {
        switch (_phase)
        {
            case Phase.Version:
                return HandleVersion(input);
            case Phase.Security when input.Length >= 1:
                ChooseSecurity(input[0]);
                return 1;
            case Phase.Password when input.Length >= VncPassword.ChallengeBytes:
                CheckPassword(input[..VncPassword.ChallengeBytes]);
                return VncPassword.ChallengeBytes;
            case Phase.Initialisation when input.Length >= 1:
                Initialise(isShared: input[0] != 0);
                return 1;
            case Phase.Running when input.Length >= 1:
                return HandleMessage(input);
            default:
                return 0;
        }
    }

    private int HandleVersion(ReadOnlySpan<byte> input)
    {
        const int versionBytes = 12;
        if (input.Length < versionBytes)
            return 0;
        if (!input.StartsWith("RFB 003."u8) || !int.TryParse(input.Slice(8, 3), out int minor))
        {
            Close();
            return 0;
        }

        // What is unknown counts as 3.3 (RFC 6143, appendix A).
        _minor = minor >= 8 ? 8 : minor == 7 ? 7 : 3;
        int type = _server.Password is null ? SecurityNone : SecurityPassword;
        if (_minor == 3)
        {
            _output.Long(type);
            StartSecurity(type);
        }
        else
        {
            _output.Byte(1);
            _output.Byte((byte)type);
            _phase = Phase.Security;
        }

        return versionBytes;
    }

    private void ChooseSecurity(int type)
    {
        if (type != (_server.Password is null ? SecurityNone : SecurityPassword))
            Refuse("this security type was not offered");
        else
            StartSecurity(type);
    }

    private void StartSecurity(int type)
    {
        if (type == SecurityPassword)
        {
            RandomNumbers(_challenge);
            _output.Bytes(_challenge);
            _phase = Phase.Password;
            return;
        }

        if (_minor >= 8)
            _output.Long(0);
        _phase = Phase.Initialisation;
    }

    private void CheckPassword(ReadOnlySpan<byte> response)
    {
        if (_server.Password is not { Length: > 0 } password || !VncPassword.IsRight(password, _challenge, response))
        {
            Refuse("Authentication failed");
            return;
        }

        _output.Long(0);
        _phase = Phase.Initialisation;
    }

    private void Refuse(string reason)
    {
        _output.Long(1);
        if (_minor >= 8)
        {
            _output.Long(reason.Length);
            _output.Bytes(Encoding.ASCII.GetBytes(reason));
        }

        Flush();
        Close();
    }

    private void Initialise(bool isShared)
    {
        if (!isShared)
            _server.CloseOthers(this);
        _server.Render();
        (_width, _height) = (_server.Surface.Width, _server.Surface.Height);
        _dirty.Resize(_width, _height);
        _output.Word(_width);
        _output.Word(_height);
        _format.Write(_output.Take(VncPixelFormat.Bytes));
        byte[] name = Encoding.UTF8.GetBytes(_server.Name);
        _output.Long(name.Length);
        _output.Bytes(name);
        _phase = Phase.Running;
    }

    private int HandleMessage(ReadOnlySpan<byte> input)
    {
        const byte setPixelFormat = 0, setEncodings = 2, updateRequest = 3, keyEvent = 4, pointerEvent = 5, cutText = 6, qemu = 255;
        int length = input[0] switch
        {
            setPixelFormat => 20,
            setEncodings => input.Length < 4 ? 4 : 4 + 4 * BinaryPrimitives.ReadUInt16BigEndian(input[2..]),
            updateRequest => 10,
            keyEvent => 8,
            pointerEvent => 6,
            cutText => 8,
            qemu => input.Length < 2 ? 2 : input[1] == 0 ? 12 : 4,
            _ => -1,
        };
        if (length < 0)
        {
            Close();
            return 0;
        }

        if (input.Length < length)
            return 0;
        switch (input[0])
        {
            case setPixelFormat:
                if (!_format.TryRead(input[4..]))
                    Close();
                else if (_format.HasColourMap)
                    AppendColourMap();
                break;
            case setEncodings:
                SetEncodings(input[4..length]);
                break;
            case updateRequest:
                Request(input[1] != 0, new Area(Word(input, 2), Word(input, 4), Word(input, 6), Word(input, 8)));
                break;
            case keyEvent:
                Press(Keyboard.FromKeySym(BinaryPrimitives.ReadUInt32BigEndian(input[4..])), input[1] != 0);
                break;
            case pointerEvent:
                Point(input[1], Word(input, 2), Word(input, 4));
                break;
            case cutText:
                uint text = BinaryPrimitives.ReadUInt32BigEndian(input[4..]);
                if (text > LargestCutText)
                    Close();
                else
                    _skip = (int)text; // the guest has no clipboard
                break;
            case qemu when input[1] == 0:
                uint code = BinaryPrimitives.ReadUInt32BigEndian(input[8..]);
                Press(code != 0 ? Keyboard.FromSet1(code) : Keyboard.FromKeySym(BinaryPrimitives.ReadUInt32BigEndian(input[4..])), Word(input, 2) != 0);
                break;
            case qemu:
                const int audioFormat = 2, audioFormatBytes = 6;
                _skip = Word(input, 2) == audioFormat ? audioFormatBytes : 0; // there is no sound
                break;
        }

        return length;
    }

    private static int Word(ReadOnlySpan<byte> input, int at) => BinaryPrimitives.ReadUInt16BigEndian(input[at..]);

    private void SetEncodings(ReadOnlySpan<byte> list)
    {
        int chosen = -1;
        _canResize = false;
        for (int i = 0; i < list.Length; i += 4)
        {
            int encoding = BinaryPrimitives.ReadInt32BigEndian(list[i..]);
            if (encoding is VncEncoder.Raw or VncEncoder.Hextile or VncEncoder.Zrle && chosen < 0)
                chosen = encoding;
            else if (encoding == DesktopSize)
                _canResize = true;
            else if (encoding == ExtendedKeys)
                _mustAnnounceKeys = true;
        }

        _encoding = Math.Max(chosen, VncEncoder.Raw);
    }

    private void Request(bool isIncremental, Area area)
    {
        if (!isIncremental)
        {
            _dirty.Mark(area);
            if (_canResize && (_width != _server.Surface.Width || _height != _server.Surface.Height))
                Resized();
        }

        _wantsUpdate = true;
        _server.Wanted();
    }

    private void AppendColourMap()
    {
        const int colours = 256;
        _output.Byte(1);
        _output.Byte(0);
        _output.Word(0);
        _output.Word(colours);
        for (int i = 0; i < colours; i++)
        {
            _output.Word((i & 7) * 0xFFFF / 7);
            _output.Word((i >> 3 & 7) * 0xFFFF / 7);
            _output.Word((i >> 6) * 0xFFFF / 3);
        }
    }

    private void Press(Ps2Key? key, bool isPressed)
    {
        if (key is { } found)
            _server.Input.Key(found.Code, found.IsExtended, isPressed);
    }

    // A PS/2 mouse tells how far it moved; buttons 4 and 5 of the protocol are the wheel.
    private void Point(int mask, int x, int y)
    {
        const int wheelUp = 8, wheelDown = 16;
        int buttons = (mask & 1) | (mask & 4) >> 1 | (mask & 2) << 1;
        int wheel = (mask & wheelUp) != 0 ? -1 : (mask & wheelDown) != 0 ? 1 : 0;
        (int dx, int dy) = _pointerX < 0 ? (0, 0) : (x - _pointerX, y - _pointerY);
        (_pointerX, _pointerY) = (x, y);
        if (dx == 0 && dy == 0 && wheel == 0 && buttons == _buttons)
            return;
        _buttons = buttons;
        _server.Input.Mouse(dx, dy, wheel, buttons);
    }

    private void Flush()
    {
        while (!_isClosed && _sent < _output.Length)
        {
            int sent = HostSocket.Send(_socket, _output.Written[_sent..]);
            if (sent is -HostSocket.EAGAIN or -HostSocket.EINTR)
                break;
            if (sent < 0)
            {
                Close();
                return;
            }

            _sent += sent;
        }

        if (_isClosed)
            return;
        bool isAll = _sent == _output.Length;
        if (isAll)
        {
            _output.Clear();
            _sent = 0;
        }

        _watch.Events = isAll ? HostEvents.Read : HostEvents.Read | HostEvents.Write;
    }

    private static unsafe void RandomNumbers(Span<byte> into)
    {
        fixed (byte* p = into)
            Sys.Call(Nr.getrandom, (long)p, into.Length, 0);
    }
}
