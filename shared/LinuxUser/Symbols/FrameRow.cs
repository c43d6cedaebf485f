namespace Suite.LinuxUser.Symbols;

/// <summary>What holds at one address: how to find the CFA, and the caller's registers. Columns without a rule are not in the list.</summary>
/// <param name="CfaRegister">Register the CFA is relative to.</param>
/// <param name="CfaOffset">Distance.</param>
/// <param name="CfaExpression">Computes the CFA instead; null for register and offset.</param>
/// <param name="Rules">Column and rule.</param>
/// <param name="ReturnColumn">The return address' column.</param>
/// <param name="IsSignalFrame">The caller's pc is exact.</param>
internal sealed record FrameRow(int CfaRegister, long CfaOffset, byte[]? CfaExpression, (int Column, RegisterRule Rule)[] Rules, int ReturnColumn, bool IsSignalFrame);
