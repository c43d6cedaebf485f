using Suite.Devices.Intc;
using Suite.Devices.Misc;
using Suite.Guest.X86.Machine;

namespace Suite.Machines.X86.Boards;

/// <summary>The board as a vCPU sees it, without the controllers the accelerator has itself.</summary>
internal sealed class X86Platform(Machine machine) : IX86Platform
{
    /// <summary>Set when the board is wired.</summary>
    public InterruptControllers? Interrupts { get; set; }

    /// <summary>Set when the board is wired.</summary>
    public FpuErrorLatch? FpuErrors { get; set; }

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
        if (Apic(vcpu) is not { } apic)
            return false;
        lock (machine.Lock)
            return apic.TryReadMsr(msr, out value);
    }

    public bool TryWriteMsr(int vcpu, uint msr, ulong value)
    {
        if (Apic(vcpu) is not { } apic)
            return false;
        lock (machine.Lock)
            return apic.TryWriteMsr(msr, value);
    }

    public ulong ReadTaskPriority(int vcpu)
    {
        if (Apic(vcpu) is not { } apic)
            return 0;
        lock (machine.Lock)
            return apic.TaskPriority;
    }

    public void WriteTaskPriority(int vcpu, ulong cr8)
    {
        if (Apic(vcpu) is not { } apic)
            return;
        lock (machine.Lock)
            apic.TaskPriority = cr8;
    }

    /// <summary>Ticks a second of <see cref="ReadTsc"/>.</summary>
    public const int TscHertz = 1_000_000_000;

    /// <summary>One tick a nanosecond: a clock of 1 GHz that stands still with the machine.</summary>
    public ulong ReadTsc() => (ulong)machine.Clock.Now;

    public void SetFpuError(bool level)
    {
        lock (machine.Lock)
            FpuErrors?.SetError(level);
    }

    public bool IgnoresFpuErrors => FpuErrors is { IsIgnored: true };

    private LocalApic? Apic(int vcpu) => Interrupts?.Apics?.Apics[vcpu];
}
