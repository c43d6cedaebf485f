namespace Suite.LinuxUser.Seccomp;

/// <summary>One instruction of classic BPF (struct sock_filter).</summary>
/// <param name="Code">Class, size or operation, mode or source.</param>
/// <param name="IfTrue">Instructions to skip when a condition holds.</param>
/// <param name="IfFalse">Instructions to skip when it does not.</param>
/// <param name="K">The constant.</param>
public readonly record struct BpfInsn(ushort Code, byte IfTrue, byte IfFalse, uint K);
