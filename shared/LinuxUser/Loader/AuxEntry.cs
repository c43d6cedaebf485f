namespace Suite.LinuxUser.Loader;

/// <summary>One entry of the auxiliary vector.</summary>
/// <param name="Tag">An <see cref="AuxTag"/>.</param>
/// <param name="Value">Number or guest address.</param>
public readonly record struct AuxEntry(uint Tag, ulong Value);
