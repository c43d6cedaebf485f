using Suite.Jit.Ir;

namespace Suite.Jit.Runtime;

/// <summary>
/// A piece of guest state that generated code has not written, at some places of a block (<see cref="IrLatePut"/>). A place that is named by one number is a
/// vector register, or, as the complement of its offset, in the state block.
/// </summary>
/// <param name="From">First host address it is for, as an offset from the region's base.</param>
/// <param name="To">Behind the last.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Target">Place of the slot.</param>
/// <param name="A">First operand: a constant, or its place.</param>
/// <param name="B">Place of the second operand.</param>
internal readonly record struct Recovery(uint From, uint To, IrLateKind Kind, int Target, int A, int B)
{
    /// <summary>Whether it is for a host address.</summary>
    public bool IsFor(uint offset) => offset >= From && offset < To;
}
