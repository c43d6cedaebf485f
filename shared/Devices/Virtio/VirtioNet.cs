using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Devices.Net;

namespace Suite.Devices.Virtio;

/// <summary>
/// A network card (Virtio 1.2, section 5.1) with merged receive buffers, checksums filled in for the driver, TCP segments larger than a frame where the
/// back end takes them, and a control queue.
/// </summary>
public sealed class VirtioNet : VirtioDevice, INetReceiver
{
    private const ulong FeatureChecksum = 1, FeatureMac = 1 << 5, FeatureSegments4 = 1 << 11, FeatureMerge = 1 << 15, FeatureStatus = 1 << 16, FeatureControl = 1 << 17,
        FeatureControlReceive = 1 << 18, FeatureControlMac = 1 << 23;

    private const int Receiving = 0, Sending = 1, Control = 2;
    private const int MacBytes = 6, LargestFrame = 65550, HeaderBytes = 12, LegacyHeaderBytes = 10;
    private const byte NeedsChecksum = 1, LinkUp = 1;

    private readonly INetBackend _backend;
    private readonly byte[] _hardwareMac;
    private readonly List<VirtioChain> _merged = [];
    private byte[] _received = [], _sent = []; // apart, since the other end may answer while it is sent to
    private byte[] _mac = null!;
    private Register _link = null!, _isPromiscuous = null!, _hasTable = null!;

    /// <summary>A card.</summary>
    /// <param name="backend">The other end of the cable.</param>
    /// <param name="mac">Its address, 6 bytes.</param>
    public VirtioNet(INetBackend backend, ReadOnlySpan<byte> mac)
        : base("virtio-net", id: 1, queues: 3, queueSize: 256)
    {
        (_backend, _hardwareMac) = (backend, mac.ToArray());
        backend.Receiver = this;
    }

    /// <inheritdoc/>
    public override int ConfigBytes => 8;

    /// <inheritdoc/>
    public bool CanReceive => IsRunning && _link.IsSet && Queues[Receiving].HasAvailable;

    /// <inheritdoc/>
    protected override ulong OwnFeatures =>
        FeatureChecksum | FeatureMac | FeatureMerge | FeatureStatus | FeatureControl | FeatureControlReceive | FeatureControlMac
        | (_backend.TakesLargeSegments ? FeatureSegments4 : 0);

    private int Header => IsModern || (Features & FeatureMerge) != 0 ? HeaderBytes : LegacyHeaderBytes;

    /// <summary>Plugs the cable in or out (`set_link`).</summary>
    public void SetLink(bool up)
    {
        _link.IsSet = up;
        ConfigChanged();
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> frame)
    {
        VirtioQueue queue = Queues[Receiving];
        if (!CanReceive || frame.Length is < MacBytes or > LargestFrame || !IsForUs(frame))
            return;
        int header = Header;
        long need = header + frame.Length, room = 0;
        bool canMerge = (Features & FeatureMerge) != 0;
        while (room < need && (canMerge || _merged.Count == 0) && queue.TryPop(out VirtioChain chain))
        {
            _merged.Add(chain);
            room += chain.WritableBytes;
        }

        if (room < need)
        {
            for (int i = _merged.Count - 1; i >= 0; i--)
                queue.Unpop(_merged[i]);
        }
        else
        {
            if (_received.Length < need)
                _received = new byte[need];
            Span<byte> bytes = _received.AsSpan(0, (int)need);
            bytes[..header].Clear();
            if (header == HeaderBytes)
                BinaryPrimitives.WriteUInt16LittleEndian(bytes[LegacyHeaderBytes..], (ushort)_merged.Count);
            frame.CopyTo(bytes[header..]);
            for (int i = 0; i < _merged.Count; i++)
            {
                Span<byte> part = bytes[..(int)Math.Min(bytes.Length, _merged[i].WritableBytes)];
                _merged[i].TryWrite(0, part);
                bytes = bytes[part.Length..];
                queue.PushAhead(_merged[i], (uint)part.Length, i);
            }

            queue.PublishUsed(_merged.Count);
            queue.Signal();
        }

        _merged.Clear();
    }

    /// <inheritdoc/>
    protected internal override void Notified(VirtioQueue queue)
    {
        if (queue.Index == Receiving)
        {
            _backend.ReceiverReady();
            return;
        }

        bool any = false;
        while (queue.TryPop(out VirtioChain chain))
        {
            uint written = 0;
            if (queue.Index == Sending)
                Send(chain);
            else
                written = chain.TryWrite(0, [Execute(chain)]) ? 1U : 0;
            queue.Push(chain, written);
            any = true;
        }

        if (any)
            queue.Signal();
    }

    /// <inheritdoc/>
    protected internal override void Settled() => _backend.ReceiverReady();

    /// <inheritdoc/>
    protected override void Stopped()
    {
        _hardwareMac.CopyTo(_mac, 0);
        (_isPromiscuous.IsSet, _hasTable.IsSet) = (false, false);
    }

    /// <inheritdoc/>
    protected override void FillConfig(Span<byte> config)
    {
        _mac.CopyTo(config);
        config[MacBytes] = _link.IsSet ? LinkUp : (byte)0;
    }

    /// <inheritdoc/>
    protected override void WriteConfig(int offset, int size, ulong value)
    {
        if (IsModern)
            return; // read-only; legacy drivers set their address here
        for (int i = 0; i < size && offset + i < MacBytes; i++)
            _mac[offset + i] = (byte)(value >> (8 * i));
    }

    /// <inheritdoc/>
    protected override void Declare(DeviceState state)
    {
        _mac = state.KeptBytes("mac", MacBytes);
        _hardwareMac.CopyTo(_mac, 0);
        _link = state.KeptRegister("link", 1, LinkUp);
        _isPromiscuous = state.Register("promiscuous", 1);
        _hasTable = state.Register("has more addresses", 1);
    }

    private void Send(VirtioChain chain)
    {
        int header = Header;
        if (chain.ReadableBytes <= header || chain.ReadableBytes - header > LargestFrame)
            return;
        if (_sent.Length < chain.ReadableBytes)
            _sent = new byte[chain.ReadableBytes];
        Span<byte> bytes = _sent.AsSpan(0, (int)chain.ReadableBytes);
        if (!chain.TryRead(0, bytes))
            return;
        Span<byte> frame = bytes[header..];
        if ((bytes[0] & NeedsChecksum) != 0)
            FillChecksum(frame, BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]));
        if (_link.IsSet)
            _backend.Send(frame);
    }

    // The field holds the sum of the pseudo header already.
    private static void FillChecksum(Span<byte> frame, int start, int offset)
    {
        if (start + offset + 2 > frame.Length)
            return;
        ushort sum = InternetChecksum.Of(frame[start..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[(start + offset)..], sum == 0 ? (ushort)0xFFFF : sum);
    }

    // The control queue (5.1.6.5): class, command, data; the answer is a byte.
    private byte Execute(VirtioChain chain)
    {
        const byte Ok = 0, Failed = 1, ReceiveMode = 0, MacAddress = 1, TableSet = 0, AddressSet = 1, Promiscuous = 0, LastMode = 5;
        Span<byte> command = stackalloc byte[2];
        if (!chain.TryRead(0, command))
            return Failed;
        Span<byte> data = stackalloc byte[MacBytes];
        switch (command[0], command[1])
        {
            case (ReceiveMode, <= LastMode) when chain.TryRead(2, data[..1]):
                if (command[1] == Promiscuous)
                    _isPromiscuous.IsSet = data[0] != 0;
                return Ok;
            case (MacAddress, TableSet) when chain.TryRead(2, data[..4]):
                _hasTable.IsSet = BinaryPrimitives.ReadUInt32LittleEndian(data) != 0;
                return Ok;
            case (MacAddress, AddressSet) when chain.TryRead(2, data):
                data.CopyTo(_mac);
                return Ok;
            default:
                return Failed;
        }
    }

    private bool IsForUs(ReadOnlySpan<byte> frame)
    {
        const byte Group = 1;
        bool filters = (Features & FeatureControlReceive) != 0 && !_isPromiscuous.IsSet && !_hasTable.IsSet;
        return !filters || (frame[0] & Group) != 0 || frame[..MacBytes].SequenceEqual(_mac);
    }
}
