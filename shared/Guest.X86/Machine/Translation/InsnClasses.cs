using Iced.Intel;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>What the translator does with an instruction.</summary>
internal enum InsnForm : byte
{
    /// <summary>Computation on registers and at most one memory operand.</summary>
    Plain,

    /// <summary>push, pop, leave.</summary>
    Stack,

    /// <summary>A near transfer of control.</summary>
    Branch,

    /// <summary>A system instruction in a few host instructions.</summary>
    Inline,

    /// <summary>No effect: nop, prefetch.</summary>
    Nothing,

    /// <summary>The core's.</summary>
    Core,

    /// <summary>Plain, but executed one by one: its memory operand is unusual.</summary>
    Careful,
}

/// <summary>Which unit an instruction belongs to, as CR0 and CR4 switch units off.</summary>
internal enum InsnUnit : byte
{
    Unknown,
    Integer,
    X87,
    Wait,
    Mmx,
    Sse,
    Avx,
    Avx512,
}

/// <summary>Facts about opcodes, found once for each.</summary>
internal sealed class InsnClasses
{
    private const int OpcodeNumbers = 1 << 13;

    private readonly InsnUnit[] _units = new InsnUnit[OpcodeNumbers];

    /// <summary>The unit of an opcode.</summary>
    public InsnUnit Unit(Code code) => _units[(int)code] is var known and not InsnUnit.Unknown ? known : _units[(int)code] = Find(code);

    private static InsnUnit Find(Code code)
    {
        if (code is Code.Wait)
            return InsnUnit.Wait;
        if (code is Code.Fisttp_m16int or Code.Fisttp_m32int or Code.Fisttp_m64int)
            return InsnUnit.X87; // which came with SSE3
        if (code is Code.Emms)
            return InsnUnit.Mmx;
        InsnUnit unit = InsnUnit.Integer;
        foreach (CpuidFeature feature in code.CpuidFeatures())
        {
            InsnUnit one = feature switch
            {
                CpuidFeature.FPU or CpuidFeature.FPU287 or CpuidFeature.FPU287XL_ONLY or CpuidFeature.FPU387 or CpuidFeature.FPU387SL_ONLY => InsnUnit.X87,
                CpuidFeature.MMX or CpuidFeature.D3NOW or CpuidFeature.D3NOWEXT => InsnUnit.Mmx,
                CpuidFeature.SSE or CpuidFeature.SSE2 or CpuidFeature.SSE3 or CpuidFeature.SSSE3 or CpuidFeature.SSE4_1 or CpuidFeature.SSE4_2 or CpuidFeature.SSE4A
                    or CpuidFeature.AES or CpuidFeature.PCLMULQDQ or CpuidFeature.SHA or CpuidFeature.GFNI => InsnUnit.Sse,
                _ => InsnUnit.Integer,
            };
            unit = one > unit ? one : unit;
        }

        EncodingKind encoding = code.Encoding();
        OpCodeInfo info = code.ToOpCode();
        if (encoding is EncodingKind.VEX or EncodingKind.EVEX or EncodingKind.XOP)
            return !UsesVectors(info) ? InsnUnit.Integer : encoding == EncodingKind.EVEX || UsesMasks(info) ? InsnUnit.Avx512 : InsnUnit.Avx; // andn, mulx and their kin are VEX too
        if (unit == InsnUnit.Sse && !UsesVectors(info) && code is not (Code.Ldmxcsr_m32 or Code.Stmxcsr_m32))
            return InsnUnit.Integer; // fences, prefetch, movnti, crc32, popcnt
        if (code is Code.Fxsave_m512byte or Code.Fxrstor_m512byte or Code.Fxsave64_m512byte or Code.Fxrstor64_m512byte)
            return InsnUnit.X87;
        return unit;
    }

    // kmov and its kin are VEX, but their registers are AVX-512's.
    private static bool UsesMasks(OpCodeInfo info)
    {
        for (int i = 0; i < info.OpCount; i++)
            if (info.GetOpKind(i) is OpCodeOperandKind.k_reg or OpCodeOperandKind.k_rm or OpCodeOperandKind.k_vvvv or OpCodeOperandKind.k_or_mem or OpCodeOperandKind.kp1_reg)
                return true;
        return false;
    }

    private static bool UsesVectors(OpCodeInfo info)
    {
        for (int i = 0; i < info.OpCount; i++)
        {
            string kind = info.GetOpKind(i).ToString();
            if (kind.StartsWith("xmm", StringComparison.Ordinal) || kind.StartsWith("ymm", StringComparison.Ordinal) || kind.StartsWith("zmm", StringComparison.Ordinal)
                || kind.StartsWith("mm", StringComparison.Ordinal) || kind.StartsWith("k_", StringComparison.Ordinal) || kind.StartsWith("kp1", StringComparison.Ordinal)
                || kind.StartsWith("mem_vsib", StringComparison.Ordinal))
                return true;
        }

        return info.Mnemonic is Mnemonic.Vzeroall or Mnemonic.Vzeroupper or Mnemonic.Vldmxcsr or Mnemonic.Vstmxcsr;
    }
}
