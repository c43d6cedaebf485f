namespace Suite.Guest.Ppc;

/// <summary>A CPU model that does not exist was asked for; the message is for the user.</summary>
public sealed class PpcModelException(string message) : Exception(message);
