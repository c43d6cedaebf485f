using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Devices.Ide;

/// <summary>
/// The IDE function of PIIX3 (Intel 82371SB data sheet, order number 290550), function 1 of slot 1: two channels at the ports PCs have always
/// had them, and their bus masters in a BAR.
/// </summary>
public sealed class Piix3Ide : PciFunction, IBusDevice
{
    /// <summary>Channels.</summary>
    public const int Count = 2;

    private const int TimingPrimary = 0x40, TimingSecondary = 0x42, Decode = 0x8000;

    private readonly BusMaster[] _masters;
    private readonly BusRange[] _ranges;

    /// <summary>A controller without drives.</summary>
    /// <param name="io">The ports.</param>
    /// <param name="primary">IRQ 14.</param>
    /// <param name="secondary">IRQ 15.</param>
    public Piix3Ide(Bus io, IrqLine primary, IrqLine secondary)
        : base("PIIX3-IDE", new PciIdentity(0x8086, 0x7010, 0x010180))
    {
        Channels = [new IdeChannel(State, "ide0", primary), new IdeChannel(State, "ide1", secondary)];
        _masters = [new BusMaster(Channels[0], Dma, State, "ide0"), new BusMaster(Channels[1], Dma, State, "ide1")];
        SetConfig16(PciRegisters.Status, PciRegisters.StatusMediumDevsel | PciRegisters.StatusFastBackToBack);
        for (int offset = PciRegisters.HeaderEnd; offset < PciRegisters.Length; offset++)
            SetWritable(offset, 0xFF, 1);
        SetConfig16(TimingPrimary, Decode);
        SetConfig16(TimingSecondary, Decode);
        AddIoBar(4, 2 * BusMaster.Ports, this);
        _ranges =
        [
            io.Declare(Channels[0], "ide0", 8, widest: 4), io.Declare(Channels[0].ControlPort, "ide0", 1, widest: 1),
            io.Declare(Channels[1], "ide1", 8, widest: 4), io.Declare(Channels[1].ControlPort, "ide1", 1, widest: 1),
        ];
    }

    /// <summary>The two channels.</summary>
    public IReadOnlyList<IdeChannel> Channels { get; }

    ulong IBusDevice.Read(ulong offset, int size) => _masters[(int)offset / BusMaster.Ports].Read(offset % BusMaster.Ports, size);

    void IBusDevice.Write(ulong offset, int size, ulong value) => _masters[(int)offset / BusMaster.Ports].Write(offset % BusMaster.Ports, size, value);

    /// <inheritdoc/>
    protected override void OnFunctionReset()
    {
        foreach (IdeChannel channel in Channels)
            channel.Reset();
    }

    /// <inheritdoc/>
    protected override void OnFunctionSettle()
    {
        ReadOnlySpan<ulong> places = [0x1F0, 0x3F6, 0x170, 0x376];
        for (int i = 0; i < _ranges.Length; i++)
            if (!_ranges[i].IsMapped)
                _ranges[i].MapAt(places[i]);
        foreach (IdeChannel channel in Channels)
            channel.Settle();
    }
}
