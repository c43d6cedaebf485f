using Suite.Guest.X86.Machine;
using Suite.Jit.Memory;

namespace Suite.Machines.X86.Boot;

/// <summary>
/// A kernel that is started without firmware: the files have been read and checked; <see cref="Apply"/> puts them into memory and sets the
/// first vCPU's state, after each reset of the machine.
/// </summary>
public abstract class BootPlan
{
    /// <summary>What was recognised, for `-d` logs and `info`: "Linux 6.1 bzImage, 64-bit entry".</summary>
    public abstract string Description { get; }

    /// <summary>Reads the files and decides how they are started.</summary>
    /// <exception cref="BootException">A file cannot be read or used, or memory does not suffice.</exception>
    public static BootPlan Read(BootFiles files, BootMachine machine) => throw new BootException($"{files.Kernel}: not a kernel for a machine with {machine.Pc.RamBytes >> 20} MiB");

    /// <summary>Fills memory and sets the state of the first vCPU, which has been reset before. The other vCPUs wait for the kernel.</summary>
    public abstract unsafe void Apply(PhysicalMemory memory, X86Cpu* cpu);
}
