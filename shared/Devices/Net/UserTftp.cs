using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Suite.Devices.Core;

namespace Suite.Devices.Net;

/// <summary>
/// The TFTP server of a user-mode network, at its gateway: reads of the files below one folder (RFC 1350, with the options of RFC 2347 to 2349 for the size of blocks, the
/// time to wait and the length of a file). A client that hears nothing asks again, so nothing is sent twice unasked.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="root">The folder; a guest does not get out of it by "..".</param>
internal sealed class UserTftp(UserNetwork network, string root) : IDisposable
{
    public const int ServerPort = 69;

    private const int UdpBytes = 8, HeaderBytes = 4, UsualBlock = 512, LeastBlock = 8, MostBlock = UserNetwork.LargestPayload - UdpBytes - HeaderBytes, MostSessions = 16;
    private const long Idle = 30 * VirtualClock.Second;
    private const ushort ReadRequest = 1, WriteRequest = 2, Data = 3, Acknowledge = 4, Error = 5, Options = 6;
    private const ushort NotFound = 1, AccessViolation = 2, IllegalOperation = 4, RefusedOptions = 8;

    private readonly List<Session> _sessions = [];

    /// <summary>A datagram to the server's port.</summary>
    /// <param name="from">The guest.</param>
    /// <param name="to">The address it was sent to, which the answers come from.</param>
    /// <param name="packet">With its UDP header.</param>
    public void Receive(uint from, uint to, ReadOnlySpan<byte> packet)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        if (length < UdpBytes + HeaderBytes || length > packet.Length)
            return;
        Peer peer = new(from, to, BinaryPrimitives.ReadUInt16BigEndian(packet));
        ReadOnlySpan<byte> message = packet[UdpBytes..length];
        switch (BinaryPrimitives.ReadUInt16BigEndian(message))
        {
            case ReadRequest:
                Begin(peer, message[2..]);
                break;
            case WriteRequest:
                SendError(peer, AccessViolation, "files can only be read here");
                break;
            case Acknowledge when Find(peer) is { } session:
                Continue(session, BinaryPrimitives.ReadUInt16BigEndian(message[2..]));
                break;
            case Error when Find(peer) is { } session:
                End(session);
                break;
        }
    }

    public void Dispose()
    {
        while (_sessions.Count > 0)
            End(_sessions[^1]);
    }

    // name, mode, and pairs of options and values, each with a 0 behind it.
    private void Begin(Peer peer, ReadOnlySpan<byte> request)
    {
        if (Find(peer) is { } before)
            End(before); // its first answer was lost
        List<string> words = [];
        while (request.IndexOf((byte)0) is >= 0 and var end && words.Count < 16)
        {
            words.Add(Encoding.Latin1.GetString(request[..end]));
            request = request[(end + 1)..];
        }

        if (words.Count < 2 || !words[1].Equals("octet", StringComparison.OrdinalIgnoreCase))
        {
            SendError(peer, IllegalOperation, "only whole bytes (mode octet) are offered");
            return;
        }

        if (Open(words[0]) is not { } file)
        {
            SendError(peer, NotFound, "there is no such file");
            return;
        }

        RemoveIdle();
        Session session = new(peer, file) { LastUsed = network.Clock.Now };
        _sessions.Add(session);
        StringBuilder answers = new();
        for (int i = 2; i + 1 < words.Count; i += 2)
            if (!Negotiate(session, words[i].ToLowerInvariant(), words[i + 1], answers))
            {
                SendError(peer, RefusedOptions, $"'{words[i + 1]}' is no value of {words[i]}");
                End(session);
                return;
            }

        if (answers.Length == 0)
        {
            SendBlock(session, 1);
            return;
        }

        Span<byte> message = network.Payload[UdpBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(message, Options);
        Send(peer, 2 + Encoding.Latin1.GetBytes(answers.ToString(), message[2..]));
    }

    // Options that are not known are left out of the answer.
    private static bool Negotiate(Session session, string option, string value, StringBuilder answers)
    {
        if (option is not ("blksize" or "tsize" or "timeout"))
            return true;
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            return false;
        switch (option)
        {
            case "blksize":
                if (number < LeastBlock)
                    return false;
                number = session.BlockBytes = (int)Math.Min(number, MostBlock);
                break;
            case "tsize":
                number = session.Length;
                break;
        }

        answers.Append(CultureInfo.InvariantCulture, $"{option}\0{number}\0");
        return true;
    }

    private void Continue(Session session, ushort acknowledged)
    {
        // Block numbers wrap around: which one is meant follows from the last.
        long block = session.Last + (short)(acknowledged - (ushort)session.Last);
        if (block < 0 || block > session.Last)
            return;
        if (block == session.Blocks)
            End(session);
        else
            SendBlock(session, block + 1);
    }

    private void SendBlock(Session session, long number)
    {
        session.LastUsed = network.Clock.Now;
        session.Last = number;
        Span<byte> message = network.Payload[UdpBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(message, Data);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], (ushort)number);
        int count;
        try
        {
            count = RandomAccess.Read(session.File, message.Slice(HeaderBytes, session.BlockBytes), (number - 1) * session.BlockBytes);
        }
        catch (IOException)
        {
            SendError(session.Peer, 0, "the file cannot be read");
            End(session);
            return;
        }

        Send(session.Peer, HeaderBytes + count);
    }

    private void SendError(Peer peer, ushort code, string text)
    {
        Span<byte> message = network.Payload[UdpBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(message, Error);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], code);
        int length = HeaderBytes + Encoding.Latin1.GetBytes(text.AsSpan(0, Math.Min(text.Length, 200)), message[HeaderBytes..]);
        message[length] = 0;
        Send(peer, length + 1);
    }

    private void Send(Peer peer, int length)
    {
        Span<byte> packet = network.Payload[..(UdpBytes + length)];
        BinaryPrimitives.WriteUInt16BigEndian(packet, ServerPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], peer.Port);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], 0);
        ushort sum = UserNetwork.Checksum(peer.Server, peer.Guest, UserNetwork.Udp, packet);
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], sum == 0 ? (ushort)0xFFFF : sum);
        network.Transmit(peer.Server, peer.Guest, UserNetwork.Udp, packet.Length);
    }

    private SafeFileHandle? Open(string name)
    {
        string relative = name.TrimStart('/');
        if (relative.Length == 0 || relative.Contains('\0', StringComparison.Ordinal) || Array.IndexOf(relative.Split('/', '\\'), "..") >= 0)
            return null;
        string path = Path.Combine(root, relative);
        try
        {
            return File.Exists(path) ? File.OpenHandle(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private Session? Find(Peer peer) => _sessions.Find(s => s.Peer == peer);

    // Also the one unused longest, when there are too many.
    private void RemoveIdle()
    {
        long now = network.Clock.Now;
        foreach (Session session in _sessions.FindAll(s => now - s.LastUsed > Idle))
            End(session);
        if (_sessions.Count >= MostSessions)
            End(_sessions.MinBy(static s => s.LastUsed)!);
    }

    private void End(Session session)
    {
        _sessions.Remove(session);
        session.File.Dispose();
    }

    private readonly record struct Peer(uint Guest, uint Server, ushort Port);

    private sealed class Session(Peer peer, SafeFileHandle file)
    {
        public Peer Peer => peer;

        public SafeFileHandle File => file;

        public long Length { get; } = RandomAccess.GetLength(file);

        public int BlockBytes { get; set; } = UsualBlock;

        /// <summary>The last block is shorter than the others, and may be empty.</summary>
        public long Blocks => Length / BlockBytes + 1;

        /// <summary>The block sent last.</summary>
        public long Last { get; set; }

        public long LastUsed { get; set; }
    }
}
