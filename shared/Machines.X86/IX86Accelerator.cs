using Suite.Devices.Core;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Jit.Memory;

namespace Suite.Machines.X86;

/// <summary>What makes x86 vCPUs.</summary>
public interface IX86Accelerator : IAccelerator
{
    /// <summary>Interrupt controllers the accelerator has itself; the board provides the others.</summary>
    IrqChipMode IrqChip { get; }

    /// <summary>The most vCPUs a machine can have.</summary>
    int MostVcpus { get; }

    /// <summary>Ticks a second of the vCPUs' time-stamp counters; null when the guest has a way of its own to learn it (kvmclock).</summary>
    int? TscHertz { get; }

    /// <summary>Makes a vCPU; not running.</summary>
    /// <param name="index">From 0; also its APIC id.</param>
    /// <param name="topology">How many there will be, and how they are arranged.</param>
    /// <param name="model">What cpuid answers.</param>
    /// <param name="platform">The board's side: ports, and the interrupt controllers the accelerator has not.</param>
    IX86Vcpu CreateVcpu(int index, CpuTopology topology, CpuModel model, IX86Platform platform);

    /// <summary>A log of the writes to a block of the machine's memory; null where there is none at little cost.</summary>
    IWriteLog? LogWrites(RamBlock block) => null;
}
