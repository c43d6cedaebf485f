namespace Suite.Guest.X86.Decode;

/// <summary>How the opcode is introduced.</summary>
public enum Encoding : byte
{
    /// <summary>One-byte opcode, or 0F, 0F38, 0F3A escape.</summary>
    Legacy,

    /// <summary>C5 prefix.</summary>
    Vex2,

    /// <summary>C4 prefix.</summary>
    Vex3,

    /// <summary>62 prefix.</summary>
    Evex,

    /// <summary>AMD's 8F prefix with a map number of 8 or more.</summary>
    Xop,

    /// <summary>0F 0F; the operation is the byte behind the operands, reported as immediate.</summary>
    ThreeDNow,
}
