namespace Suite.Guest.X86.Cpu;

/// <summary>The value of <c>-cpu</c> cannot be used; the message is for the user and says what to write instead.</summary>
public sealed class CpuModelException(string message) : Exception(message);
