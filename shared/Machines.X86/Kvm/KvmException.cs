namespace Suite.Machines.X86.Kvm;

/// <summary>KVM cannot be used, or not in the way asked for; the message says why and what to do.</summary>
public sealed class KvmException(string message) : Exception(message);
