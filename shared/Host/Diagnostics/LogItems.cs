namespace Suite.Host.Diagnostics;

/// <summary>What a log may contain; the items of `-d`, with QEMU's names (<see cref="LogItemNames"/>).</summary>
[Flags]
public enum LogItems : uint
{
    /// <summary>Nothing: no log is made.</summary>
    None = 0,

    /// <summary>Guest instructions of each translated block.</summary>
    InAsm = 1 << 0,

    /// <summary>Host instructions generated for each block.</summary>
    OutAsm = 1 << 1,

    /// <summary>Intermediate form as translated; only where a target is compiled, not re-encoded.</summary>
    Op = 1 << 2,

    /// <summary>Intermediate form after all passes.</summary>
    OpOpt = 1 << 3,

    /// <summary>Intermediate form before indirect accesses are lowered.</summary>
    OpInd = 1 << 4,

    /// <summary>Exceptions, interrupts and signals.</summary>
    Int = 1 << 5,

    /// <summary>One line for each block that is entered.</summary>
    Exec = 1 << 6,

    /// <summary>General registers when a block is entered.</summary>
    Cpu = 1 << 7,

    /// <summary>Adds the floating-point registers to <see cref="Cpu"/>.</summary>
    Fpu = 1 << 8,

    /// <summary>Address translation.</summary>
    Mmu = 1 << 9,

    /// <summary>Far calls, returns and exceptions of protected mode.</summary>
    ProtectedCall = 1 << 10,

    /// <summary>State before a CPU is reset.</summary>
    CpuReset = 1 << 11,

    /// <summary>Functions the suite lacks and the guest asked for.</summary>
    Unimp = 1 << 12,

    /// <summary>Mistakes of the guest.</summary>
    GuestErrors = 1 << 13,

    /// <summary>The guest's memory map when it starts.</summary>
    Page = 1 << 14,

    /// <summary>Blocks are not chained, so that <see cref="Exec"/> and <see cref="Cpu"/> see each one.</summary>
    NoChain = 1 << 15,

    /// <summary>Output of plug-ins.</summary>
    Plugin = 1 << 16,

    /// <summary>System calls with arguments and results.</summary>
    Strace = 1 << 17,

    /// <summary>A file for each thread; the file name must contain %d.</summary>
    Tid = 1 << 18,

    /// <summary>Adds the vector registers to <see cref="Cpu"/>.</summary>
    Vpu = 1 << 19,
}
