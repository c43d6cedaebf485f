using Suite.Devices.Core;

namespace Suite.Devices.Net;

/// <summary>Fragments of IP packets until they are whole (RFC 815); a few packets at a time, for a few seconds.</summary>
internal sealed class IpReassembly(VirtualClock clock)
{
    private const int MostPackets = 8, LargestPacket = 65535;
    private const long Lifetime = 15 * VirtualClock.Second;

    private readonly List<Packet> _packets = [];
    private byte[] _whole = [];

    /// <summary>Adds a fragment. True when its packet is whole, which then replaces it.</summary>
    /// <param name="key">What the fragments of a packet have in common.</param>
    /// <param name="offset">Where it belongs.</param>
    /// <param name="isLast">Nothing follows it.</param>
    /// <param name="payload">The fragment; the packet.</param>
    public bool TryComplete((uint From, uint To, ushort Id, byte Protocol) key, int offset, bool isLast, ref ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty || offset + payload.Length > LargestPacket || !isLast && payload.Length % 8 != 0)
            return false;
        long now = clock.Now;
        _packets.RemoveAll(p => p.Deadline < now);
        Packet? packet = _packets.Find(p => p.Key == key);
        if (packet is null)
        {
            if (_packets.Count == MostPackets)
                _packets.RemoveAt(0);
            packet = new Packet(key, now + Lifetime);
            _packets.Add(packet);
        }

        if (!packet.TryAdd(offset, isLast, payload))
            return false;
        _packets.Remove(packet);
        _whole = packet.Bytes;
        payload = _whole.AsSpan(0, packet.Length);
        return true;
    }

    private sealed class Packet((uint From, uint To, ushort Id, byte Protocol) key, long deadline)
    {
        private readonly bool[] _has = new bool[LargestPacket / 8 + 1];
        private int _missing = int.MaxValue, _present;

        public (uint From, uint To, ushort Id, byte Protocol) Key => key;

        public long Deadline => deadline;

        public byte[] Bytes { get; } = new byte[LargestPacket + 8];

        public int Length { get; private set; }

        // What comes twice counts once; the newer bytes stay.
        public bool TryAdd(int offset, bool isLast, ReadOnlySpan<byte> payload)
        {
            payload.CopyTo(Bytes.AsSpan(offset));
            for (int block = offset / 8; block * 8 < offset + payload.Length; block++)
            {
                if (!_has[block])
                    _present++;
                _has[block] = true;
            }

            if (isLast)
            {
                Length = offset + payload.Length;
                _missing = (Length + 7) / 8;
            }

            return _present >= _missing && Array.IndexOf(_has, false) * 8 >= Length;
        }
    }
}
