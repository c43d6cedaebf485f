using Suite.Jit.X64;

namespace Suite.Jit.Backend;

/// <summary>Vector shifts by an immediate: opcode * 8 + extension.</summary>
public enum VecShift
{
    ShrU16 = 0x71 << 3 | 2,
    ShrS16 = 0x71 << 3 | 4,
    Shl16 = 0x71 << 3 | 6,
    ShrU32 = 0x72 << 3 | 2,
    ShrS32 = 0x72 << 3 | 4,
    Shl32 = 0x72 << 3 | 6,

    /// <summary>Of all 128 bits, by bytes.</summary>
    ShrBytes = 0x73 << 3 | 3,
    ShlBytes = 0x73 << 3 | 7,
}

/// <summary>Vector instructions by opcode map and byte (AMD64 manual volume 4; Intel SDM volume 2).</summary>
internal static class VecInsn
{
    /// <summary>66 0F.</summary>
    public static VexOp P(byte opcode) => new(VexMap.M0F, VexPrefix.P66, opcode);

    /// <summary>66 0F38.</summary>
    public static VexOp P38(byte opcode) => new(VexMap.M0F38, VexPrefix.P66, opcode);

    /// <summary>66 0F38 with W set where the instruction is EVEX only.</summary>
    public static VexOp P38Wide(byte opcode) => new(VexMap.M0F38, VexPrefix.P66, opcode, EvexWide: true);

    /// <summary>66 0F3A.</summary>
    public static VexOp P3A(byte opcode) => new(VexMap.M0F3A, VexPrefix.P66, opcode);

    /// <summary>Single precision: 0F.</summary>
    public static VexOp Ps(byte opcode) => new(VexMap.M0F, VexPrefix.None, opcode);

    public static VexOp Shuffle32 => P(0x70);
    public static VexOp BlendLanes16 => P3A(0x0E);
    public static VexOp BlendLanes32 => P3A(0x02);
    public static VexOp BroadcastByte => P38(0x78);
    public static VexOp BroadcastHalf => P38(0x79);
    public static VexOp MulAddPairs16 => P(0xF5);
    public static VexOp MulAddPairs8 => P38(0x04);

    /// <summary>vpsllvd, vpsrlvd, vpsravd.</summary>
    public static VexOp ShlVariable32 => P38(0x47);
    public static VexOp ShrUVariable32 => P38(0x45);
    public static VexOp ShrSVariable32 => P38(0x46);
    public static VexOp CompareSingle => Ps(0xC2);
    public static VexOp TruncateToInt => new(VexMap.M0F, VexPrefix.PF3, 0x5B);
}
