using Suite.Devices.Core;

namespace Suite.Devices.Misc;

/// <summary>
/// How a PC hears of x87 exceptions from processors that do not raise #MF: FERR# makes IRQ 13; a write to port F0h takes the interrupt away and asserts IGNNE#, until the
/// exceptions are gone (82371SB data sheet, "coprocessor error register").
/// </summary>
public sealed class FpuErrorLatch : Device, IBusDevice
{
    /// <summary>Its port.</summary>
    public const ulong Port = 0xF0;

    private readonly Register _error, _ignored;
    private readonly IrqLine _irq;

    /// <summary>A latch that drives a line.</summary>
    /// <param name="irq">IRQ 13.</param>
    public FpuErrorLatch(IrqLine irq)
        : base("fpu-error")
    {
        _irq = irq;
        _error = State.Register("FERR#", 1);
        _ignored = State.Register("IGNNE#", 1);
    }

    /// <summary>IGNNE#.</summary>
    public bool IsIgnored => _ignored.IsSet;

    /// <summary>FERR#.</summary>
    public void SetError(bool level)
    {
        if (level == _error.IsSet)
            return;
        (_error.IsSet, _ignored.IsSet) = (level, false);
        _irq.Set(level);
    }

    public ulong Read(ulong offset, int size) => 0xFF;

    public void Write(ulong offset, int size, ulong value)
    {
        if (!_error.IsSet)
            return;
        _irq.Set(false);
        _ignored.IsSet = true;
    }

    /// <inheritdoc/>
    protected override void Settle() => _irq.Set(_error.IsSet && !_ignored.IsSet);
}
