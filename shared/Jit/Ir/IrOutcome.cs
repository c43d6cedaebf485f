using Suite.Jit.Runtime;

namespace Suite.Jit.Ir;

/// <summary>Why the interpretation of a block ended.</summary>
public enum IrEnd : byte
{
    /// <summary>Go on at <see cref="IrOutcome.Pc"/>.</summary>
    Next,

    /// <summary>A trap: <see cref="IrOutcome.Reason"/> and <see cref="IrOutcome.Argument"/>; Pc is where the thread stands.</summary>
    Trap,

    /// <summary>A memory access the guest may not make, by the instruction at Pc; registers as before that instruction.</summary>
    Fault,
}

/// <summary>How a block ended.</summary>
/// <param name="End">Which of the following count.</param>
/// <param name="Pc">Guest pc.</param>
/// <param name="Reason">For traps.</param>
/// <param name="Argument">For traps.</param>
/// <param name="FaultAddress">For faults.</param>
/// <param name="IsWrite">For faults: the access was a store.</param>
public readonly record struct IrOutcome(IrEnd End, ulong Pc, ExitReason Reason = default, uint Argument = 0, ulong FaultAddress = 0, bool IsWrite = false);
