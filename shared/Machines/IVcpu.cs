namespace Suite.Machines;

/// <summary>Why a vCPU came back.</summary>
public enum VcpuExit
{
    /// <summary><see cref="IVcpu.Kick"/> was called, or there is nothing particular: look at what is asked of the vCPU and run on.</summary>
    Kicked,

    /// <summary>It waits for an interrupt (hlt), and the accelerator has not waited by itself: the machine waits for <see cref="IVcpu.HasWork"/> or a kick.</summary>
    Halted,

    /// <summary>It cannot go on (triple fault): the machine resets or stops.</summary>
    Shutdown,

    /// <summary>A breakpoint, watchpoint or single step of a debugger.</summary>
    Debug,

    /// <summary>It has executed <see cref="IVcpu.InstructionLimit"/> instructions.</summary>
    Deadline,

    /// <summary>The accelerator failed; the message is in <see cref="IVcpu.Failure"/>.</summary>
    Failed,
}

/// <summary>
/// One processor under an accelerator. All members but <see cref="Kick"/>, <see cref="SetInterrupt"/>, <see cref="RaiseNmi"/> and <see cref="HasWork"/> are called
/// on its own thread, or while that thread is parked.
/// </summary>
public interface IVcpu : IDisposable
{
    /// <summary>From 0.</summary>
    int Index { get; }

    /// <summary>What went wrong, after <see cref="VcpuExit.Failed"/>.</summary>
    string? Failure { get; }

    /// <summary>True when a halted vCPU would go on: an interrupt it accepts or an NMI waits, or it is not halted.</summary>
    bool HasWork { get; }

    /// <summary>Called once, on the thread that will run it.</summary>
    void Attach()
    {
    }

    /// <summary>Runs guest code until something needs the machine. Device accesses are made through callbacks meanwhile, which take the machine's lock.</summary>
    VcpuExit Run();

    /// <summary>Makes <see cref="Run"/> return soon, now or when it is next called. From any thread.</summary>
    void Kick();

    /// <summary>The level of the interrupt pin (from the local APIC, or from the PIC where there is none); for accelerators without interrupt controllers of their own. From any thread.</summary>
    void SetInterrupt(bool level);

    /// <summary>A non-maskable interrupt. From any thread.</summary>
    void RaiseNmi();

    /// <summary>State as after power-on.</summary>
    void Reset();

    /// <summary>Instructions executed so far, where they are counted (-icount); exact on its own thread.</summary>
    long Instructions => 0;

    /// <summary>So many instructions may be executed before <see cref="Run"/> comes back with <see cref="VcpuExit.Deadline"/>. From any thread.</summary>
    long InstructionLimit
    {
        set
        {
        }
    }
}
