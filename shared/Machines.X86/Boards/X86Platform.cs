using Suite.Guest.X86.Machine;

namespace Suite.Machines.X86.Boards;

/// <summary>The board as a vCPU sees it, without the controllers the accelerator has itself.</summary>
internal sealed class X86Platform(Machine machine) : IX86Platform
{
    /// <summary>Set when the board is wired.</summary>
    public InterruptControllers? Interrupts { get; set; }

    /// <summary>The wire to IRQ 13.</summary>
    public Devices.Core.IrqLine? FpuError { get; set; }

    public uint In(ushort port, int size) => machine.Spaces.In(port, size);

    public void Out(ushort port, int size, uint value) => machine.Spaces.Out(port, size, value);

    public int AcknowledgeInterrupt(int vcpu)
    {
        lock (machine.Lock)
            return Interrupts?.Acknowledge(vcpu) ?? -1;
    }

    public bool TryReadMsr(int vcpu, uint msr, out ulong value)
    {
        value = 0;
        return false;
    }

    public bool TryWriteMsr(int vcpu, uint msr, ulong value) => false;

    public ulong ReadTaskPriority(int vcpu) => 0;

    public void WriteTaskPriority(int vcpu, ulong cr8)
    {
    }

    /// <summary>One tick a nanosecond: a clock of 1 GHz that stands still with the machine.</summary>
    public ulong ReadTsc() => (ulong)machine.Clock.Now;

    public void SetFpuError(bool level)
    {
        lock (machine.Lock)
            FpuError?.Set(level);
    }
}
