using Iced.Intel;
using F = Suite.Guest.X86.Cpu.CpuFeature;
using I = Iced.Intel.CpuidFeature;

namespace Suite.Guest.X86.Cpu;

/// <summary>From the decoder's instruction groups to feature bits. Touched only by models other than an unchanged max or host.</summary>
internal static class InstructionRules
{
    /// <summary>
    /// Groups no model refuses: the 8086 to 486 basis and what every 64-bit processor has; encodings that are no-operations where the feature is
    /// absent (MPX and CET in the hint space, prefetches, pause, cldemote); and privileged instructions without a bit of their own, which
    /// fault in user mode on every processor.
    /// </summary>
    public static readonly I[] Always =
    [
        I.INTEL8086, I.INTEL186, I.INTEL286, I.INTEL386, I.INTEL486, I.X64, I.CPUID,
        I.MULTIBYTENOP, I.PAUSE, I.PREFETCHW, I.PREFETCHWT1, I.PREFETCHITI, I.CLDEMOTE, I.MPX, I.CET_IBT,
        I.RDPMC, I.SMM, I.MOV_TR, I.WBNOINVD, I.INVEPT, I.INVVPID,
    ];

    /// <summary>
    /// Groups no model has: other makers' or abandoned processors, which the decoder shows only on request; and instructions of
    /// trusted-execution and debug firmware, undefined outside it.
    /// </summary>
    public static readonly I[] Never =
    [
        I.INTEL8086_ONLY, I.INTEL286_ONLY, I.INTEL386_ONLY, I.INTEL386_A0_ONLY, I.INTEL486_A_ONLY, I.UMOV, I.IA64, I.FPU287XL_ONLY, I.FPU387SL_ONLY,
        I.CYRIX_D3NOW, I.CYRIX_FPU, I.CYRIX_SMM, I.CYRIX_SMINT, I.CYRIX_SMINT_0F7E, I.CYRIX_SHR, I.CYRIX_DDI, I.CYRIX_EMMI, I.CYRIX_DMI, I.CENTAUR_AIS,
        I.PADLOCK_GMI, I.PADLOCK_UNDOC, I.KNC, I.CL1INVMB, I.OSS, I.SEV_ES, I.SEV_SNP, I.RMPQUERY, I.TDX, I.UDBG, I.TSE,
    ];

    private const byte Refused = 254, Unrestricted = 255;

    // Per group: a feature, or one of the two constants above.
    private static readonly byte[] Needed = Make();

    /// <summary>The feature a group needs; false if it needs none, or can never be had (<paramref name="refused"/>).</summary>
    public static bool TryGetFeature(I group, out CpuFeature feature, out bool refused)
    {
        byte needed = (int)group < Needed.Length ? Needed[(int)group] : Refused;
        feature = (CpuFeature)needed;
        refused = needed == Refused;
        return needed < Refused;
    }

    /// <summary>Whether a set of features is enough for a group.</summary>
    public static bool Supports(in CpuFeatureSet set, I group) => group switch
    {
        I.HLE_or_RTM => set.Has(F.Hle) || set.Has(F.Rtm),
        I.SKINIT_or_SVM => set.Has(F.Skinit) || set.Has(F.Svm),
        _ => TryGetFeature(group, out CpuFeature feature, out bool refused) ? set.Has(feature) : !refused,
    };

    /// <summary>What a processor with these features does with an instruction.</summary>
    public static ModelAction Classify(in CpuFeatureSet set, in CpuFeatureSet emulated, Code code, bool is64Bit)
    {
        if (MissingGroup(set, code, is64Bit, out _) is null)
            return Needs(emulated, code) ? ModelAction.Emulate : ModelAction.Allow;
        return code switch
        {
            Code.Tzcnt_r16_rm16 or Code.Tzcnt_r32_rm32 or Code.Tzcnt_r64_rm64 => ModelAction.Legacy,
            Code.Lzcnt_r16_rm16 or Code.Lzcnt_r32_rm32 or Code.Lzcnt_r64_rm64 => ModelAction.Legacy,
            _ => ModelAction.Undefined,
        };
    }

    private static bool Needs(in CpuFeatureSet set, Code code)
    {
        foreach (I group in code.CpuidFeatures())
            if (TryGetFeature(group, out CpuFeature feature, out _) && set.Has(feature))
                return true;
        return false;
    }

    /// <summary>The name of the first feature an instruction lacks, null if none; <paramref name="feature"/> is set if it is one of the table.</summary>
    public static string? MissingGroup(in CpuFeatureSet set, Code code, bool is64Bit, out CpuFeature? feature)
    {
        feature = null;
        if (is64Bit && code is (Code.Lahf or Code.Sahf) && !set.Has(F.LahfLm))
        {
            feature = F.LahfLm;
            return CpuFeatureTable.Name(F.LahfLm);
        }
        foreach (I group in code.CpuidFeatures())
        {
            if (Supports(set, group) || IsException(set, code, group))
                continue;
            if (!TryGetFeature(group, out CpuFeature missing, out _))
                return group.ToString().ToLowerInvariant();
            feature = missing;
            return CpuFeatureTable.Name(missing);
        }
        return null;
    }

    // AMD had the MMX part of SSE first; prefetches and rdssp lie in the hint space.
    private static bool IsException(in CpuFeatureSet set, Code code, I group) => group switch
    {
        I.SSE => IsPrefetch(code) || (set.Has(F.Mmxext) && IsMmxAddition(code)),
        I.CET_SS => code is Code.Rdsspd_r32 or Code.Rdsspq_r64,
        _ => false,
    };

    private static bool IsPrefetch(Code code) => code is Code.Prefetchnta_m8 or Code.Prefetcht0_m8 or Code.Prefetcht1_m8 or Code.Prefetcht2_m8;

    private static bool IsMmxAddition(Code code) => code is
        Code.Sfence or Code.Pshufw_mm_mmm64_imm8 or Code.Pinsrw_mm_r32m16_imm8 or Code.Pinsrw_mm_r64m16_imm8
        or Code.Pextrw_r32_mm_imm8 or Code.Pextrw_r64_mm_imm8
        or Code.Pmovmskb_r32_mm or Code.Pmovmskb_r64_mm or Code.Pminub_mm_mmm64 or Code.Pmaxub_mm_mmm64 or Code.Pminsw_mm_mmm64 or Code.Pmaxsw_mm_mmm64
        or Code.Pavgb_mm_mmm64 or Code.Pavgw_mm_mmm64 or Code.Pmulhuw_mm_mmm64 or Code.Psadbw_mm_mmm64 or Code.Movntq_m64_mm or Code.Maskmovq_rDI_mm_mm;

    private static byte[] Make()
    {
        var needed = new byte[256];
        Array.Fill(needed, Refused);
        foreach (I group in Always)
            needed[(int)group] = Unrestricted;
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
            foreach (I group in row.Iced)
                needed[(int)group] = (byte)row.Feature;
        // Either of two is enough, see Supports; this is the one to ask for.
        needed[(int)I.HLE_or_RTM] = (byte)F.Rtm;
        needed[(int)I.SKINIT_or_SVM] = (byte)F.Svm;
        return needed;
    }
}
