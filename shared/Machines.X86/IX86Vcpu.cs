using Suite.Guest.X86.Machine;

namespace Suite.Machines.X86;

/// <summary>An x86 vCPU under either accelerator. <see cref="State"/> is the common form of its state, for snapshots, debuggers and monitors.</summary>
public unsafe interface IX86Vcpu : IVcpu
{
    /// <summary>The state; current between <see cref="Fetch"/> and <see cref="Store"/>. Does not move.</summary>
    X86Cpu* State { get; }

    /// <summary>Bytes of the XSAVE image that <see cref="X86Cpu.Vectors"/> points to.</summary>
    int VectorBytes { get; }

    /// <summary>Makes <see cref="State"/> what the vCPU has. While it is parked.</summary>
    void Fetch();

    /// <summary>Gives the vCPU <see cref="State"/>. While it is parked.</summary>
    /// <param name="withTime">Also the time-stamp counter (after a snapshot was loaded).</param>
    void Store(bool withTime);

    /// <summary>What cpuid answers the guest.</summary>
    Guest.X86.Cpu.CpuidLeaf Cpuid(uint leaf, uint subleaf);

    /// <summary>Debugging from outside: single step and breakpoints. While it is parked.</summary>
    void SetDebug(in DebugRequest request);

    /// <summary>The watched address that stopped it last; null when it was something else.</summary>
    ulong? WatchHit => null;

    /// <summary>It waits for a start-up message, as application processors do after power-on. While it is parked.</summary>
    bool WaitsForStart { get; set; }

    /// <summary>INIT from another processor's APIC, or with SIPI's vector the start: for interrupt controllers in this process. From any thread, under the lock.</summary>
    /// <param name="startVector">Page number of the code; -1 for INIT.</param>
    void InitOrStart(int startVector);

    /// <summary>The A20 gate opens or closes; accelerators that cannot close it do nothing. Under the lock.</summary>
    void SetA20(bool open)
    {
    }
}

/// <summary>What a debugger wants of a vCPU.</summary>
/// <param name="SingleStep">Come back after one instruction.</param>
/// <param name="Breakpoints">Linear addresses of instructions.</param>
/// <param name="Watchpoints">Data.</param>
public readonly record struct DebugRequest(bool SingleStep, IReadOnlyList<ulong> Breakpoints, IReadOnlyList<Watchpoint> Watchpoints)
{
    /// <summary>No debugger.</summary>
    public static DebugRequest None { get; } = new(false, [], []);

    /// <summary>True when there is nothing to do.</summary>
    public bool IsEmpty => !SingleStep && Breakpoints.Count == 0 && Watchpoints.Count == 0;
}
