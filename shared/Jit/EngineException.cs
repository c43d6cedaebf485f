namespace Suite.Jit;

/// <summary>The engine cannot work on this host; the message names the cause and the fix.</summary>
public sealed class EngineException(string message) : Exception(message);
