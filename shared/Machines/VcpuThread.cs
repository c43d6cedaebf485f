namespace Suite.Machines;

/// <summary>A vCPU and the host thread that runs it.</summary>
/// <param name="vcpu">The vCPU.</param>
internal sealed class VcpuThread(IVcpu vcpu)
{
    public IVcpu Vcpu { get; } = vcpu;

    /// <summary>Ends a wait of the thread, be it parked or halted.</summary>
    public WakeEvent Wake { get; } = new();

    /// <summary>Under the machine's lock: the thread does not run guest code, and will not before it is told.</summary>
    public bool IsParked { get; set; } = true;

    /// <summary>Under the machine's lock: a debugger lets only others run.</summary>
    public bool IsHeld { get; set; }

    public Thread? Thread { get; set; }

    /// <summary>The host's number of the thread; 0 before it runs.</summary>
    public int ThreadId { get; set; }
}
