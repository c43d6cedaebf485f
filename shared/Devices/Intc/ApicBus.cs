using Suite.Devices.Core;

namespace Suite.Devices.Intc;

/// <summary>
/// What connects the local APICs of a machine with each other, its I/O APICs, the PIC and the devices that send messages (Intel SDM volume 3,
/// chapter 11, "Advanced programmable interrupt controller").
/// </summary>
/// <param name="acknowledgePic">The processor takes an interrupt of the PIC: its vector. Null on a machine without one.</param>
public sealed class ApicBus(Func<byte>? acknowledgePic = null) : IApicBus
{
    internal const int Fixed = 0, LowestPriority = 1, Smi = 2, NmiMode = 4, InitMode = 5, StartUpMode = 6, ExtInt = 7;

    private const int Ids = 256;
    private const byte All = 0xFF;

    private readonly LocalApic?[] _byId = new LocalApic?[Ids];
    private LocalApic[] _apics = [];
    private IoApic[] _ioApics = [];

    /// <summary>The local APICs, in the order of their processors.</summary>
    public IReadOnlyList<LocalApic> Apics => _apics;

    /// <summary>The level of the PIC's output, which every local APIC has at its pin LINT0.</summary>
    public bool PicLevel { get; private set; }

    /// <summary>Connects an I/O APIC: it hears which interrupts have been served.</summary>
    public void Connect(IoApic ioApic) => _ioApics = [.. _ioApics, ioApic];

    /// <summary>The PIC's output changes.</summary>
    public void SetPic(bool high)
    {
        PicLevel = high;
        foreach (LocalApic apic in _apics)
            apic.Lint0Changed();
    }

    /// <summary>The pin LINT1 of every local APIC is pulsed: a PC's NMI.</summary>
    public void RaiseNmi()
    {
        foreach (LocalApic apic in _apics)
            apic.PulseLint1();
    }

    /// <inheritdoc/>
    public void Deliver(in ApicMessage message) =>
        Send(message.Destination, message.Destination == All, message.IsLogical, message.Mode, message.Vector, message.IsLevel);

    /// <summary>Delivers a message-signalled interrupt: what a device writes to FEExxxxxh. Others are nothing.</summary>
    public void SendMessage(ulong address, uint data)
    {
        const ulong start = 0xFEE00000, mask = ~0xFFFFFUL;
        const uint logical = 4, level = 0x8000;
        if ((address & mask) == start)
            Deliver(new ApicMessage((byte)(address >> 12), (address & logical) != 0, (int)(data >> 8) & 7, (byte)data, (data & level) != 0));
    }

    internal bool HasPic => acknowledgePic is not null;

    internal void Connect(LocalApic apic)
    {
        _apics = [.. _apics, apic];
        _byId[apic.Id] = apic;
    }

    internal void MoveId(byte from, byte to, LocalApic apic)
    {
        if (_byId[from] == apic)
            _byId[from] = null;
        _byId[to] = apic;
    }

    internal int AcknowledgePic() => acknowledgePic?.Invoke() ?? -1;

    internal void EndOfInterrupt(byte vector)
    {
        foreach (IoApic ioApic in _ioApics)
            ioApic.EndOfInterrupt(vector);
    }

    internal void Send(uint destination, bool toAll, bool isLogical, int mode, byte vector, bool isLevel)
    {
        if (mode == ExtInt)
        {
            if (!PicLevel || acknowledgePic is null)
                return;
            (mode, vector) = (Fixed, acknowledgePic());
        }

        if (mode == LowestPriority)
        {
            LocalApic? best = null;
            foreach (LocalApic apic in _apics)
                if (apic.TakesInterrupts && (toAll || apic.Matches(destination, isLogical)) && (best is null || apic.ProcessorPriority < best.ProcessorPriority))
                    best = apic;
            best?.Receive(Fixed, vector, isLevel);
        }
        else if (!toAll && !isLogical)
        {
            if (destination < Ids)
                _byId[destination]?.Receive(mode, vector, isLevel);
        }
        else
        {
            foreach (LocalApic apic in _apics)
                if (toAll || apic.Matches(destination, isLogical))
                    apic.Receive(mode, vector, isLevel);
        }
    }

    internal void SendToAllBut(LocalApic sender, int mode, byte vector, bool isLevel)
    {
        foreach (LocalApic apic in _apics)
            if (apic != sender)
                apic.Receive(mode, vector, isLevel);
    }
}
