using Suite.Jit.Runtime;

namespace Suite.Jit;

/// <summary>Where <see cref="IColdRunner.Run"/> stopped; <see cref="VcpuState.Pc"/> is the next instruction.</summary>
public enum ColdEnd
{
    /// <summary>At an address that <see cref="ColdCode.MayEnter"/> refused.</summary>
    Refused,

    /// <summary>At an instruction that only generated code can execute, or that faults.</summary>
    NeedsCode,

    /// <summary>Behind a system call.</summary>
    SystemCall,
}

/// <summary>
/// The engine's first tier: executes plain guest code at once, without translating it. Code that runs once or twice, as most of a program's start does,
/// costs far less that way. What it cannot do it leaves to generated code, with the state as it is before the instruction.
/// </summary>
public unsafe interface IColdRunner
{
    /// <summary>Executes from <see cref="VcpuState.Pc"/> on, asking <paramref name="code"/> before each branch it takes.</summary>
    ColdEnd Run(VcpuState* s, ColdCode code);
}
