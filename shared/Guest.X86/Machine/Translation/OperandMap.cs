using Iced.Intel;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>Names of general registers: families, sizes, and the same size of another register.</summary>
internal static class OperandMap
{
    /// <summary>Number of the general register a name belongs to (ah is 0); -1 for others.</summary>
    public static int Family(Register register) => register.IsGPR() ? register.GetFullRegister() - Register.RAX : -1;

    /// <summary>True for ah, ch, dh and bh, which cannot be named beside r8 to r15.</summary>
    public static bool IsHighByte(Register register) => register is Register.AH or Register.CH or Register.DH or Register.BH;

    /// <summary>The part of another register that is as wide as a name.</summary>
    public static Register Rename(Register like, int number) => like.GetSize() switch
    {
        1 => number < 4 ? Register.AL + number : Register.SPL + (number - 4),
        2 => Register.AX + number,
        4 => Register.EAX + number,
        _ => Register.RAX + number,
    };
}
