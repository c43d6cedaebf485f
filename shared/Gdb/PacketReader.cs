namespace Suite.Gdb;

/// <summary>What a byte of the debugger's completed.</summary>
public enum PacketEvent
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>A packet with a right checksum; <see cref="PacketReader.Payload"/> is valid until the next byte.</summary>
    Packet,

    /// <summary>A packet that is damaged or too long.</summary>
    Damaged,

    /// <summary>The other side has got what was sent.</summary>
    Acknowledged,

    /// <summary>The other side wants what was sent once more.</summary>
    Repeat,

    /// <summary>The interrupt character.</summary>
    Interrupt,
}

/// <summary>Takes packets apart (gdb manual, "Overview" of the remote protocol). What is between packets is ignored.</summary>
/// <param name="limit">Longest payload in bytes.</param>
public sealed class PacketReader(int limit)
{
    private const byte Start = (byte)'$', End = (byte)'#', Escape = (byte)'}', EscapeBit = 0x20, InterruptCharacter = 3;

    private readonly byte[] _payload = new byte[limit];
    private State _state;
    private int _length;
    private byte _sum, _told;

    private enum State
    {
        Between,
        Inside,
        Escaped,
        FirstDigit,
        SecondDigit,
    }

    /// <summary>Longest payload in bytes.</summary>
    public int Limit => _payload.Length;

    /// <summary>The packet, escapes resolved.</summary>
    public ReadOnlySpan<byte> Payload => _payload.AsSpan(0, Math.Min(_length, _payload.Length));

    /// <summary>Takes one byte.</summary>
    public PacketEvent Take(byte value)
    {
        switch (_state)
        {
            case State.Between:
                return TakeBetween(value);
            case State.Inside or State.Escaped:
                TakeInside(value);
                return PacketEvent.None;
            case State.FirstDigit:
                _told = value;
                _state = State.SecondDigit;
                return PacketEvent.None;
            default:
                _state = State.Between;
                bool right = Hex.Digit(_told) is >= 0 and var high && Hex.Digit(value) is >= 0 and var low && (high << 4 | low) == _sum;
                return right && _length <= _payload.Length ? PacketEvent.Packet : PacketEvent.Damaged;
        }
    }

    private PacketEvent TakeBetween(byte value)
    {
        switch (value)
        {
            case Start:
                Begin();
                return PacketEvent.None;
            case (byte)'+':
                return PacketEvent.Acknowledged;
            case (byte)'-':
                return PacketEvent.Repeat;
            case InterruptCharacter:
                return PacketEvent.Interrupt;
            default:
                return PacketEvent.None;
        }
    }

    private void TakeInside(byte value)
    {
        if (value == End && _state == State.Inside)
        {
            _state = State.FirstDigit;
            return;
        }

        if (value == Start)
        {
            Begin(); // the rest of the packet before got lost
            return;
        }

        _sum += value;
        if (_state == State.Inside && value == Escape)
        {
            _state = State.Escaped;
            return;
        }

        if (_length < _payload.Length)
            _payload[_length] = _state == State.Escaped ? (byte)(value ^ EscapeBit) : value;
        _length = Math.Min(_length + 1, _payload.Length + 1);
        _state = State.Inside;
    }

    private void Begin() => (_state, _length, _sum) = (State.Inside, 0, 0);
}
