namespace Suite.Jit.Ir;

/// <summary>A Put that is not done where it stands, because a later one overwrites it and only what is unlikely can see it.</summary>
/// <param name="Index">Where it stood.</param>
/// <param name="End">Where nobody can see it any more.</param>
/// <param name="Slot">What would be written.</param>
/// <param name="Kind">What with.</param>
/// <param name="A">First operand of that, a value.</param>
/// <param name="B">Second operand, or -1.</param>
public readonly record struct IrLatePut(int Index, int End, int Slot, IrLateKind Kind, int A, int B);
