using Suite.Devices.Core;

namespace Suite.Devices.Char;

/// <summary>
/// A PC's printer port (IBM PC/AT Technical Reference, "Printer Adapter"): data, status and control. What is strobed goes to the host at once; the
/// printer is always ready.
/// </summary>
public sealed class ParallelPort : Device, IBusDevice
{
    private const int Data = 0, Status = 1, Control = 2;
    private const ulong Strobe = 1, InterruptEnable = 0x10, Direction = 0x20, ControlUnused = 0xC0;
    private const ulong Ready = 0xD8; // not busy, no acknowledge now, selected, no error

    private readonly IrqLine _irq;
    private readonly IChardev? _printer;
    private readonly Register _data, _control;

    /// <summary>A port.</summary>
    /// <param name="name">"parallel0" and so on.</param>
    /// <param name="irq">IRQ 7.</param>
    /// <param name="printer">The other end; null for nothing.</param>
    public ParallelPort(string name, IrqLine irq, IChardev? printer)
        : base(name)
    {
        (_irq, _printer) = (irq, printer);
        _data = State.Register("data", 8);
        _control = State.Register("control", 6, reset: 0x0C);
    }

    public ulong Read(ulong offset, int size) => (int)offset switch
    {
        Data => _control.Has(Direction) ? 0xFF : _data.Value,
        Status => Ready,
        Control => _control.Value | ControlUnused,
        _ => 0xFF,
    };

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == Data)
        {
            _data.Value = value;
        }
        else if (offset == Control)
        {
            bool strobed = _control.Has(Strobe);
            _control.Value = value;
            if (_control.Has(Strobe) && !strobed)
                _printer?.Write([_data.Byte]);
            else if (strobed && !_control.Has(Strobe) && _control.Has(InterruptEnable))
                _irq.Pulse(); // the printer acknowledges
        }
    }
}
