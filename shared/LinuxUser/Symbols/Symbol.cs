namespace Suite.LinuxUser.Symbols;

/// <summary>A function's name and where it starts.</summary>
/// <param name="Name">As in the symbol table, not demangled.</param>
/// <param name="Start">Guest address of its first byte.</param>
/// <param name="Size">Bytes it has; 0 when the table does not say.</param>
public readonly record struct Symbol(string Name, ulong Start, ulong Size);
