using Suite.Devices.Core;

namespace Suite.Devices.Pci;

/// <summary>
/// The PCI to ISA bridge of PIIX3 (Intel 82371SB data sheet, order number 290550), function 0 of slot 1: which ISA interrupts the four PCI
/// interrupt lines lead to, and the reset control register at port CF9h.
/// </summary>
public sealed class Piix3 : PciFunction
{
    private const int Lines = 4, Irqs = 16, PirqRoute = 0x60;
    private const byte RouteOff = 0x80;

    // Interrupts that a line cannot be led to (reserved in the data sheet): 0, 1, 2, 8 and 13.
    private const int Reserved = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 8 | 1 << 13;

    private readonly Action<int, bool> _setIrq;
    private readonly Action _reset;
    private readonly Register _levels, _resetType;
    private int _driven;

    /// <summary>A bridge.</summary>
    /// <param name="setIrq">Called when the PCI bus begins or ends to ask for an ISA interrupt (0 to 15).</param>
    /// <param name="reset">Called when the guest resets the machine.</param>
    public Piix3(Action<int, bool> setIrq, Action reset)
        : base("PIIX3", new PciIdentity(0x8086, 0x7000, 0x060100))
    {
        (_setIrq, _reset) = (setIrq, reset);
        _levels = State.KeptRegister("PIRQ levels", Lines);
        _resetType = State.Register("RCR", 8);
        SetConfig16(PciRegisters.Status, PciRegisters.StatusMediumDevsel);
        for (int offset = PciRegisters.HeaderEnd; offset < PciRegisters.Length; offset++)
            SetWritable(offset, 0xFF, 1);
        ReadOnlySpan<(int Offset, byte Value)> reset0 =
        [
            (0x4C, 0x4D), (0x4E, 0x03), (0x60, RouteOff), (0x61, RouteOff), (0x62, RouteOff), (0x63, RouteOff), (0x69, 0x02), (0x70, 0x80), (0x76, 0x0C),
            (0x77, 0x0C), (0x78, 0x02), (0xA0, 0x08), (0xA8, 0x0F),
        ];
        foreach ((int offset, byte value) in reset0)
            SetConfig8(offset, value);
        ResetControl = new ResetPort(this);
    }

    /// <summary>The register at port CF9h.</summary>
    public IBusDevice ResetControl { get; }

    /// <summary>One of the PCI bus's four lines changes.</summary>
    public void SetLine(int line, bool high)
    {
        _levels.Set(1u << line, high);
        Drive();
    }

    /// <summary>The ISA interrupt a PCI line leads to; null when it leads nowhere.</summary>
    public int? RouteOf(int line)
    {
        byte route = Config8(PirqRoute + line);
        int irq = route & (Irqs - 1);
        return (route & RouteOff) != 0 || (Reserved >> irq & 1) != 0 ? null : irq;
    }

    /// <inheritdoc/>
    protected override void OnConfigurationWritten(int offset, int size)
    {
        if (offset < PirqRoute + Lines && offset + size > PirqRoute)
            Drive();
    }

    /// <inheritdoc/>
    protected override void OnFunctionSettle() => Drive();

    private void Drive()
    {
        int wanted = 0;
        for (int line = 0; line < Lines; line++)
            if (_levels.Has(1u << line) && RouteOf(line) is { } irq)
                wanted |= 1 << irq;
        for (int changed = wanted ^ _driven; changed != 0; changed &= changed - 1)
        {
            int irq = int.TrailingZeroCount(changed);
            _driven ^= 1 << irq;
            _setIrq(irq, (wanted >> irq & 1) != 0);
        }
    }

    private sealed class ResetPort(Piix3 bridge) : IBusDevice
    {
        private const int HardReset = 2, Go = 4;

        public ulong Read(ulong offset, int size) => bridge._resetType.Value;

        public void Write(ulong offset, int size, ulong value)
        {
            bridge._resetType.Value = value & HardReset;
            if ((value & Go) != 0)
                bridge._reset();
        }
    }
}
