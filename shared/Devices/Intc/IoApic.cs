using Suite.Devices.Core;

namespace Suite.Devices.Intc;

/// <summary>
/// The 82093AA I/O APIC (Intel, order number 290566), version 20h, with 24 inputs: an index register at 0, a window at 10h, EOI at 40h.
/// </summary>
public sealed class IoApic : Device, IBusDevice
{
    /// <summary>Number of inputs.</summary>
    public const int Inputs = 24;

    /// <summary>Bytes of its range, and where it starts on a PC.</summary>
    public const ulong Length = 0x1000, UsualBase = 0xFEC00000;

    private const int Select = 0, Window = 0x10, Eoi = 0x40;
    private const int IdIndex = 0, VersionIndex = 1, ArbitrationIndex = 2, FirstEntry = 0x10;
    private const ulong Version = 0x20;
    private const ulong Masked = 1 << 16, Level = 1 << 15, RemoteIrr = 1 << 14, DeliveryStatus = 1 << 12, Logical = 1 << 11;
    private const int FixedMode = 0, LowestPriority = 1;

    private readonly IApicBus _apics;
    private readonly Register _select, _id, _levels, _pending;
    private readonly Register[] _entries;

    /// <summary>An I/O APIC that sends to local APICs.</summary>
    public IoApic(IApicBus apics)
        : base("ioapic")
    {
        _apics = apics;
        _select = State.Register("IOREGSEL", 8);
        _id = State.Register("IOAPICID", 4);
        _levels = State.KeptRegister("levels", Inputs);
        _pending = State.Register("edges seen", Inputs);
        _entries = State.RegisterArray("IOREDTBL", Inputs, 64, reset: Masked);
    }

    /// <summary>An input changes; its level is as the wire has it, whatever the entry's polarity says.</summary>
    public void SetInput(int input, bool high)
    {
        ulong bit = 1UL << input;
        bool rises = high && !_levels.Has(bit);
        _levels.Set(bit, high);
        if (rises && (_entries[input].Value & Level) == 0)
            _pending.Set(bit, true);
        Service(input);
    }

    /// <summary>A local APIC has ended a level-triggered interrupt.</summary>
    public void EndOfInterrupt(byte vector)
    {
        for (int i = 0; i < Inputs; i++)
        {
            if (!_entries[i].Has(RemoteIrr) || _entries[i].Byte != vector)
                continue;
            _entries[i].Set(RemoteIrr, false);
            Service(i);
        }
    }

    public ulong Read(ulong offset, int size) => offset switch
    {
        Select => _select.Value,
        Window => ReadIndexed(_select.Int),
        _ => 0,
    };

    public void Write(ulong offset, int size, ulong value)
    {
        switch (offset)
        {
            case Select:
                _select.Value = value;
                break;
            case Window:
                WriteIndexed(_select.Int, value);
                break;
            case Eoi:
                EndOfInterrupt((byte)value);
                break;
        }
    }

    private ulong ReadIndexed(int index)
    {
        const int IdShift = 24;
        switch (index)
        {
            case IdIndex or ArbitrationIndex:
                return _id.Value << IdShift;
            case VersionIndex:
                return Version | (Inputs - 1) << 16;
            case >= FirstEntry and < FirstEntry + 2 * Inputs:
                ulong entry = _entries[(index - FirstEntry) / 2].Value;
                return (index & 1) == 0 ? (uint)entry : entry >> 32;
            default:
                return 0;
        }
    }

    private void WriteIndexed(int index, ulong value)
    {
        const ulong ReadOnly = RemoteIrr | DeliveryStatus, WritableLow = 0x1FFFF & ~ReadOnly;
        if (index == IdIndex)
            _id.Value = value >> 24;
        if (index is < FirstEntry or >= FirstEntry + 2 * Inputs)
            return;
        int input = (index - FirstEntry) / 2;
        Register entry = _entries[input];
        if ((index & 1) != 0)
            entry.Value = (uint)entry.Value | (value & 0xFF000000) << 32;
        else
            entry.Value = (entry.Value & ~WritableLow) | (value & WritableLow);
        if (!entry.Has(Level))
            entry.Set(RemoteIrr, false); // becoming an edge forgets what was in service
        Service(input);
    }

    private void Service(int input)
    {
        Register entry = _entries[input];
        ulong bit = 1UL << input;
        if (entry.Has(Masked))
            return;
        bool isLevel = entry.Has(Level);
        if (isLevel ? !_levels.Has(bit) || entry.Has(RemoteIrr) : !_pending.Has(bit))
            return;
        _pending.Set(bit, false);
        int mode = (int)(entry.Value >> 8) & 7;
        if (isLevel && (mode is FixedMode or LowestPriority))
            entry.Set(RemoteIrr, true);
        _apics.Deliver(new ApicMessage((byte)(entry.Value >> 56), entry.Has(Logical), mode, entry.Byte, isLevel));
    }
}
