namespace Suite.Devices.Core;

/// <summary>A piece of a device's state with its name, width and value after reset. Bits above the width do not exist.</summary>
public sealed class Register
{
    private readonly ulong _mask;
    private ulong _value;

    internal Register(string name, int bits, ulong reset)
    {
        (Name, Bits, ResetValue) = (name, bits, reset);
        _mask = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
        _value = reset;
    }

    /// <summary>The data sheet's name.</summary>
    public string Name { get; }

    /// <summary>Width.</summary>
    public int Bits { get; }

    /// <summary>Value after reset.</summary>
    public ulong ResetValue { get; }

    /// <summary>The value.</summary>
    public ulong Value
    {
        get => _value;
        set => _value = value & _mask;
    }

    /// <summary>The low byte.</summary>
    public byte Byte => (byte)_value;

    /// <summary>The value as a number.</summary>
    public int Int => (int)_value;

    /// <summary>The value as a flag.</summary>
    public bool IsSet
    {
        get => _value != 0;
        set => Value = value ? 1UL : 0;
    }

    /// <summary>True when any bit of the mask is set.</summary>
    public bool Has(ulong mask) => (_value & mask) != 0;

    /// <summary>Sets or clears the bits of the mask.</summary>
    public void Set(ulong mask, bool on) => Value = on ? _value | mask : _value & ~mask;
}
