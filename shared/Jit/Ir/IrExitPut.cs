namespace Suite.Jit.Ir;

/// <summary>A Put on the way out of a block.</summary>
/// <param name="Exit">Index of the ExitIf.</param>
/// <param name="Slot">What is written.</param>
/// <param name="Value">With what.</param>
public readonly record struct IrExitPut(int Exit, int Slot, int Value);
