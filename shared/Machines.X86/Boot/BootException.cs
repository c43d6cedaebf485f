namespace Suite.Machines.X86.Boot;

/// <summary>A kernel, initial RAM disk or device tree cannot be used; the message names the file, the cause and what to do.</summary>
public sealed class BootException(string message) : Exception(message);
