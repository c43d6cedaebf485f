namespace Suite.Machines.X86;

/// <summary>kernel-irqchip=: which interrupt controllers the accelerator has itself.</summary>
public enum IrqChipMode
{
    /// <summary>None: all are devices of this process.</summary>
    Off,

    /// <summary>Local APICs; PIC and I/O APIC are devices of this process.</summary>
    Split,

    /// <summary>All, and the interval timer.</summary>
    On,
}
