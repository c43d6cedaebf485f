using Suite.Jit.X64;

namespace Suite.Jit.Backend;

/// <summary>The VEX and EVEX instructions the compiler itself and helpers' code use (AMD64 manual volume 4).</summary>
public static class VexOps
{
    /// <summary>vmovsd xmm, m64 and m64, xmm.</summary>
    public static VexOp LoadDouble => new(VexMap.M0F, VexPrefix.PF2, 0x10, EvexWide: true);
    public static VexOp StoreDouble => new(VexMap.M0F, VexPrefix.PF2, 0x11, EvexWide: true);

    /// <summary>vmovapd xmm, xmm.</summary>
    public static VexOp MoveDouble => new(VexMap.M0F, VexPrefix.P66, 0x28, EvexWide: true);

    /// <summary>vmovdqu xmm, m128 and m128, xmm (EVEX: vmovdqu32).</summary>
    public static VexOp LoadVector => new(VexMap.M0F, VexPrefix.PF3, 0x6F);
    public static VexOp StoreVector => new(VexMap.M0F, VexPrefix.PF3, 0x7F);

    /// <summary>vmovdqa xmm, xmm (EVEX: vmovdqa32).</summary>
    public static VexOp MoveVector => new(VexMap.M0F, VexPrefix.P66, 0x6F);

    /// <summary>vmovd and vmovq between general and vector registers.</summary>
    public static VexOp FromGeneral32 => new(VexMap.M0F, VexPrefix.P66, 0x6E);
    public static VexOp FromGeneral64 => new(VexMap.M0F, VexPrefix.P66, 0x6E, Wide: true, EvexWide: true);
    public static VexOp ToGeneral32 => new(VexMap.M0F, VexPrefix.P66, 0x7E);
    public static VexOp ToGeneral64 => new(VexMap.M0F, VexPrefix.P66, 0x7E, Wide: true, EvexWide: true);

    /// <summary>vmovq xmm, m64 and m64, xmm.</summary>
    public static VexOp LoadQuad => new(VexMap.M0F, VexPrefix.PF3, 0x7E, EvexWide: true);
    public static VexOp StoreQuad => new(VexMap.M0F, VexPrefix.P66, 0xD6, EvexWide: true);

    /// <summary>vunpcklpd: the low doubles of both.</summary>
    public static VexOp Unpack => new(VexMap.M0F, VexPrefix.P66, 0x14, EvexWide: true);

    public static VexOp Pshufb => new(VexMap.M0F38, VexPrefix.P66, 0x00);

    /// <summary>Bitwise operations (EVEX: the q forms).</summary>
    public static VexOp Xor => new(VexMap.M0F, VexPrefix.P66, 0xEF, EvexWide: true);
    public static VexOp And => new(VexMap.M0F, VexPrefix.P66, 0xDB, EvexWide: true);
    public static VexOp Or => new(VexMap.M0F, VexPrefix.P66, 0xEB, EvexWide: true);

    /// <summary>~a &amp; b.</summary>
    public static VexOp AndNot => new(VexMap.M0F, VexPrefix.P66, 0xDF, EvexWide: true);

    /// <summary>Arithmetic of doubles by opcode: addsd 58, mulsd 59, subsd 5c, divsd 5e, sqrtsd 51.</summary>
    public static VexOp Double(byte opcode) => new(VexMap.M0F, VexPrefix.PF2, opcode, EvexWide: true);

    /// <summary>The same of singles.</summary>
    public static VexOp Single(byte opcode) => new(VexMap.M0F, VexPrefix.PF3, opcode);

    /// <summary>vmovss xmm, m32 and m32, xmm.</summary>
    public static VexOp LoadSingle => Single(0x10);
    public static VexOp StoreSingle => Single(0x11);

    /// <summary>Fused multiply and add of doubles by opcode: fmadd213sd a9, fmadd231sd b9, fmsub213sd ab, fmsub231sd bb.</summary>
    public static VexOp Fused(byte opcode) => new(VexMap.M0F38, VexPrefix.P66, opcode, Wide: true, EvexWide: true);

    /// <summary>The same of singles.</summary>
    public static VexOp FusedSingle(byte opcode) => new(VexMap.M0F38, VexPrefix.P66, opcode);

    public static VexOp Ucomisd => new(VexMap.M0F, VexPrefix.P66, 0x2E, EvexWide: true);
    public static VexOp DoubleToSingle => new(VexMap.M0F, VexPrefix.PF2, 0x5A, EvexWide: true);
    public static VexOp SingleToDouble => new(VexMap.M0F, VexPrefix.PF3, 0x5A);

    /// <summary>cvttsd2si and cvtsd2si r32, xmm; cvtsi2sd xmm, xmm, r32.</summary>
    public static VexOp ToInt32Truncate => new(VexMap.M0F, VexPrefix.PF2, 0x2C);
    public static VexOp ToInt32 => new(VexMap.M0F, VexPrefix.PF2, 0x2D);
    public static VexOp FromInt32 => new(VexMap.M0F, VexPrefix.PF2, 0x2A);
}
