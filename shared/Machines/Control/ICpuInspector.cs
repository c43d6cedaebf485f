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

    /// <summary>Of a core file of the machine: ELF's number of the architecture, and whether registers and addresses have 64 bits.</summary>
    (ushort Machine, bool Is64) CoreFormat { get; }

    /// <summary>A processor's notes in a core file.</summary>
    /// <param name="cpu">Which.</param>
    /// <param name="is64">As <see cref="CoreFormat"/> has it.</param>
    IReadOnlyList<CoreNote> CoreNotes(int cpu, bool is64);

    /// <summary>What is mapped by a processor's page tables, in order of virtual addresses; empty without paging.</summary>
    IReadOnlyList<MappedRange> Mappings(int cpu);

    /// <summary>A non-maskable interrupt on every processor.</summary>
    void InjectNmi();
}

/// <summary>A note of a core file.</summary>
/// <param name="Name">Who defines it: CORE, QEMU.</param>
/// <param name="Type">What it is, to them.</param>
/// <param name="Contents">Its bytes.</param>
public readonly record struct CoreNote(string Name, uint Type, byte[] Contents);

/// <summary>Virtual addresses that lie one behind the other physically too.</summary>
/// <param name="Virtual">First virtual address.</param>
/// <param name="Physical">Where it lies.</param>
/// <param name="Bytes">How many.</param>
public readonly record struct MappedRange(ulong Virtual, ulong Physical, ulong Bytes);
