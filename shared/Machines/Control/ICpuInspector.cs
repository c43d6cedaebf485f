namespace Suite.Machines.Control;

/// <summary>What monitors and debuggers show of processors. Called while no vCPU runs, under the machine's lock.</summary>
public interface ICpuInspector
{
    /// <summary>Name of the architecture in QMP: "x86_64".</summary>
    string Architecture { get; }

    /// <summary>The text of `info registers`.</summary>
    string Registers(int cpu);

    /// <summary>A register by its name in the manual ("rip", "eax", "cr3", "cs", "cs.base"), or "pc"; null when there is none of that name.</summary>
    ulong? Register(int cpu, string name);

    /// <summary>Where the next instruction is: a linear address.</summary>
    ulong ProgramCounter(int cpu);

    /// <summary>True while it waits for an interrupt.</summary>
    bool IsHalted(int cpu);

    /// <summary>Where a virtual address lies physically; false when it is not mapped.</summary>
    bool TryTranslate(int cpu, ulong address, out ulong physical);

    /// <summary>The text of `info tlb`: each mapped page.</summary>
    string PageTable(int cpu);

    /// <summary>The text of `info mem`: mapped ranges with their rights.</summary>
    string MappedRanges(int cpu);

    /// <summary>The text of `info lapic`.</summary>
    string LocalApic(int cpu);

    /// <summary>The text of `info pic`.</summary>
    string InterruptControllers();

    /// <summary>Instructions at an address, a line each; for x/i.</summary>
    string Disassemble(int cpu, ulong address, int count, bool isPhysical);

    /// <summary>A non-maskable interrupt on every processor.</summary>
    void InjectNmi();
}
