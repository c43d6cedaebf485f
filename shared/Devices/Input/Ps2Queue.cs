using Suite.Devices.Core;

namespace Suite.Devices.Input;

/// <summary>Bytes on their way from a PS/2 device to its controller, oldest first. When it is full the newest are lost.</summary>
internal sealed class Ps2Queue(DeviceState state, string name)
{
    private const int Capacity = 64;

    private readonly byte[] _bytes = state.Bytes($"{name} queue", Capacity);
    private readonly Register _first = state.Register($"{name} queue start", 6), _count = state.Register($"{name} queue length", 7);

    public bool IsEmpty => _count.Int == 0;

    /// <summary>True when so many bytes fit.</summary>
    public bool HasRoom(int bytes) => _count.Int + bytes <= Capacity;

    public void Clear() => (_first.Value, _count.Value) = (0, 0);

    public void Add(byte value)
    {
        if (!HasRoom(1))
            return;
        _bytes[(_first.Int + _count.Int) % Capacity] = value;
        _count.Value++;
    }

    public byte Take()
    {
        byte value = _bytes[_first.Int];
        _first.Value++;
        _count.Value--;
        return value;
    }
}
