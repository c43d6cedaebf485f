using Suite.Devices.Core;

namespace Suite.Devices.Intc;

/// <summary>A PC's two interrupt controllers: the second one's output is the first one's input 2. Ports 20h, A0h, 4D0h.</summary>
public sealed class PicPair
{
    private const int CascadeInput = 2, Inputs = 8;

    // IRQ 0, 1, 2, 8 and 13 are always edges (PIIX3 data sheet, ELCR1 and ELCR2).
    private const byte MasterLevelMask = 0xF8, SlaveLevelMask = 0xDE;

    /// <summary>A pair whose output goes to the CPU, or the local APIC's LINT0.</summary>
    public PicPair(IrqLine output)
    {
        Master = new Pic8259("pic0", output);
        Slave = new Pic8259("pic1", new IrqLine(high => Master.SetInput(CascadeInput, high)));
    }

    public Pic8259 Master { get; }

    public Pic8259 Slave { get; }

    /// <summary>The ports.</summary>
    public void Attach(Bus io)
    {
        io.Attach(Master, Master.Name, 0x20, 2);
        io.Attach(Slave, Slave.Name, 0xA0, 2);
        io.Attach(new EdgeLevelPorts(this), "elcr", 0x4D0, 2);
    }

    /// <summary>An ISA interrupt changes.</summary>
    /// <param name="irq">0 to 15.</param>
    /// <param name="high">Its level.</param>
    public void SetInput(int irq, bool high)
    {
        if (irq < Inputs)
            Master.SetInput(irq, high);
        else
            Slave.SetInput(irq - Inputs, high);
    }

    /// <summary>The CPU takes an interrupt; the result is its vector.</summary>
    public byte Acknowledge()
    {
        byte vector = Master.Acknowledge(out int input);
        return input == CascadeInput ? Slave.Acknowledge(out _) : vector;
    }

    private sealed class EdgeLevelPorts(PicPair pair) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => offset == 0 ? pair.Master.EdgeLevel : pair.Slave.EdgeLevel;

        public void Write(ulong offset, int size, ulong value)
        {
            if (offset == 0)
                pair.Master.EdgeLevel = (byte)(value & MasterLevelMask);
            else
                pair.Slave.EdgeLevel = (byte)(value & SlaveLevelMask);
        }
    }
}
