namespace Suite.Guest.X86.Decode;

/// <summary>
/// Layout of one instruction: where its parts lie and what they hold, without mnemonic or operand semantics.
/// Offsets count bytes from the first byte of the instruction; an offset whose part is absent is 0.
/// </summary>
public struct X86Insn
{
    /// <summary>
    /// First immediate, sign-extended. A moffs (A0-A3) is zero-extended, as it is an address. Of a far pointer this is the offset;
    /// its 16-bit selector lies behind it, at ImmOffset + ImmSize.
    /// </summary>
    public long Imm;

    /// <summary>Displacement of the memory operand, sign-extended; EVEX 8-bit displacements are not scaled.</summary>
    public int Disp;

    /// <summary>Length in bytes, 1 to 15.</summary>
    public byte Length;

    /// <summary>What has to be done with the instruction.</summary>
    public X86Flow Flow;

    /// <summary>How the opcode is introduced.</summary>
    public Encoding Encoding;

    /// <summary>Opcode map: 0 one-byte, 1 0F, 2 0F38, 3 0F3A; otherwise the map field of the VEX, EVEX or XOP prefix. 1 for 3DNow!.</summary>
    public byte Map;

    /// <summary>The opcode byte (0F for 3DNow!, whose operation is the immediate).</summary>
    public byte Opcode;

    /// <summary>Offset of the opcode byte, after prefixes, escapes and VEX payload.</summary>
    public byte OpcodeOffset;

    /// <summary>Number of bytes before the REX, VEX, EVEX or XOP prefix, or before the opcode and its escape. Counts REX bytes that have no effect.</summary>
    public byte PrefixCount;

    /// <summary>The REX byte, or 0.</summary>
    public byte Rex;

    /// <summary>Offset of the REX byte; meaningful if Rex is not 0.</summary>
    public byte RexOffset;

    /// <summary>Offset of the C4, C5, 62 or 8F byte; meaningful for the encodings that have one.</summary>
    public byte VexOffset;

    /// <summary>A 66 prefix is present (not set by the pp field of VEX).</summary>
    public bool OpSize;

    /// <summary>A 67 prefix is present.</summary>
    public bool AddrSize;

    /// <summary>An F0 prefix is present.</summary>
    public bool Lock;

    /// <summary>The last of the F2 and F3 prefixes, or 0 (not set by the pp field of VEX).</summary>
    public byte RepPrefix;

    /// <summary>The segment prefix that counts, or 0. In 64-bit mode 26, 2E, 36 and 3E do not displace 64 or 65.</summary>
    public byte Segment;

    /// <summary>Offset of the segment prefix that counts; meaningful if Segment is not 0.</summary>
    public byte SegmentOffset;

    /// <summary>A ModRM byte is present.</summary>
    public bool HasModRm;

    /// <summary>Offset of the ModRM byte.</summary>
    public byte ModRmOffset;

    /// <summary>The ModRM byte.</summary>
    public byte ModRm;

    /// <summary>A SIB byte is present; it follows the ModRM byte.</summary>
    public bool HasSib;

    /// <summary>The SIB byte.</summary>
    public byte Sib;

    /// <summary>Offset of the displacement.</summary>
    public byte DispOffset;

    /// <summary>Size of the displacement in bytes: 0, 1, 2 or 4.</summary>
    public byte DispSize;

    /// <summary>Offset of the first immediate.</summary>
    public byte ImmOffset;

    /// <summary>Size of the first immediate in bytes: 0, 1, 2, 4 or 8.</summary>
    public byte ImmSize;

    /// <summary>Second 8-bit immediate of enter, extrq and insertq; it follows the first.</summary>
    public byte Imm2;

    /// <summary>ModRM names a memory operand.</summary>
    public bool IsMemory;

    /// <summary>The memory operand is relative to rip (or eip, with a 67 prefix). 64-bit mode only.</summary>
    public bool RipRelative;

    /// <summary>vvvv of VEX, EVEX (with V' as bit 4) or XOP, not inverted; 0 if none.</summary>
    public byte Vvvv;

    /// <summary>Bit 3 of the register number in ModRM.reg, from REX, VEX, EVEX or XOP.</summary>
    public byte R;

    /// <summary>Bit 3 of the index register; for EVEX register operands bit 4 of the number in ModRM.rm.</summary>
    public byte X;

    /// <summary>Bit 3 of the register number in ModRM.rm, of the base register, or of the register in the opcode.</summary>
    public byte B;

    /// <summary>The W bit of REX, VEX, EVEX or XOP.</summary>
    public byte W;

    /// <summary>ModRM.reg with its extensions, 0 to 31.</summary>
    public byte RegField;

    /// <summary>Address size: 16, 32 or 64.</summary>
    public byte AddressBits;

    /// <summary>Operand size for general registers as prefixes, W and mode say: 16, 32 or 64. Opcodes with a size of their own (push, byte forms) are not considered.</summary>
    public byte OperandBits;

    /// <summary>The instruction is invalid because it is longer than 15 bytes: #GP, where other invalid instructions raise #UD.</summary>
    public bool TooLong;
}
