namespace Suite.Guest.X86.Machine;

/// <summary>Data a debugger watches.</summary>
/// <param name="Address">Linear.</param>
/// <param name="Length">Bytes.</param>
/// <param name="OnRead">Also reads.</param>
public readonly record struct Watchpoint(ulong Address, int Length, bool OnRead);
