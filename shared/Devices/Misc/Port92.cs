using Suite.Devices.Core;

namespace Suite.Devices.Misc;

/// <summary>The system control port of the PS/2 at 92h: A20 in bit 1, and bit 0, whose rising resets the processor.</summary>
public sealed class Port92 : Device, IBusDevice
{
    private const int ResetBit = 1, A20Bit = 2;

    private readonly Action<bool> _setA20;
    private readonly Action _resetCpu;
    private readonly Register _value;

    /// <summary>A port.</summary>
    /// <param name="setA20">Called when the guest opens or closes address line 20; whoever does that last, this or the keyboard controller, has it.</param>
    /// <param name="resetCpu">Called when it resets.</param>
    public Port92(Action<bool> setA20, Action resetCpu)
        : base("port92")
    {
        (_setA20, _resetCpu) = (setA20, resetCpu);
        _value = State.Register("value", 8, reset: A20Bit);
    }

    /// <summary>Port 92h.</summary>
    public void Attach(Bus io) => io.Attach(this, Name, 0x92, 1);

    public ulong Read(ulong offset, int size) => _value.Value;

    public void Write(ulong offset, int size, ulong value)
    {
        bool resets = (value & ResetBit) != 0 && !_value.Has(ResetBit);
        _value.Value = value;
        _setA20((value & A20Bit) != 0);
        if (resets)
            _resetCpu();
    }
}
