using F = Suite.Guest.X86.Cpu.CpuFeature;

namespace Suite.Guest.X86.Cpu;

/// <summary>Which feature makes no sense without which other: taking one away takes its dependants away, asking for one asks for what it stands on.</summary>
internal static class CpuFeatureRules
{
    // Along the lines of Linux arch/x86/kernel/cpu/cpuid-deps.c, and of what compilers imply for the vector extensions.
    private static readonly (CpuFeature Prerequisite, CpuFeature[] Dependants)[] Rules =
    [
        (F.Fpu, [F.Mmx]),
        (F.Mmx, [F.Mmxext, F.ThreeDNow]),
        (F.ThreeDNow, [F.ThreeDNowExt]),
        (F.Fxsr, [F.Sse, F.FxsrOpt]),
        (F.Sse, [F.Sse2, F.Misalignsse]),
        (F.Sse2, [F.Pni, F.Aes, F.Pclmulqdq, F.ShaNi, F.Gfni, F.Kl]),
        (F.Pni, [F.Ssse3, F.Sse4a]),
        (F.Ssse3, [F.Sse41]),
        (F.Sse41, [F.Sse42]),
        (F.Sse42, [F.Avx]),
        (F.Kl, [F.Aeskle]),
        (F.Aeskle, [F.WideKl]),
        (F.Xsave, [F.Avx, F.Xsaveopt, F.Xsavec, F.Xsaves, F.Xgetbv1, F.Xfd, F.Pku, F.Mpx, F.AmxTile, F.Lwp]),
        (F.Avx, [F.Avx2, F.Fma, F.Fma4, F.Xop, F.F16c, F.Vaes, F.Vpclmulqdq]),
        (F.Aes, [F.Vaes]),
        (F.Pclmulqdq, [F.Vpclmulqdq]),
        (F.Avx2, [F.Avx512f, F.AvxVnni, F.AvxIfma, F.AvxVnniInt8, F.AvxVnniInt16, F.AvxNeConvert, F.Sha512, F.Sm3, F.Sm4]),
        (F.Fma, [F.Avx512f]),
        (F.F16c, [F.Avx512f]),
        (F.Avx512f, [F.Avx512dq, F.Avx512cd, F.Avx512bw, F.Avx512vl, F.Avx512ifma, F.Avx512pf, F.Avx512er, F.Avx512vnni, F.Avx512Vpopcntdq,
            F.Avx5124vnniw, F.Avx5124fmaps, F.Avx512Vp2intersect]),
        (F.Avx512bw, [F.Avx512vbmi, F.Avx512vbmi2, F.Avx512bitalg, F.Avx512Bf16, F.Avx512Fp16]),
        (F.AmxTile, [F.AmxInt8, F.AmxBf16, F.AmxFp16, F.AmxComplex]),
        (F.Tsc, [F.Rdtscp, F.TscAdjust, F.TscDeadline, F.Invtsc]),
        (F.Cx8, [F.Cx16]),
        (F.Pae, [F.Lm]),
        (F.Rtm, [F.TsxLdtrk]),
        (F.Svm, [F.Npt, F.Lbrv, F.SvmLock, F.NripSave, F.TscScale, F.VmcbClean, F.Flushbyasid, F.Decodeassists, F.PauseFilter, F.Pfthreshold, F.Avic,
            F.VVmsaveVmload, F.Vgif, F.Vnmi, F.SvmeAddrChk]),
    ];

    /// <summary>The set without every feature that lacks something it stands on.</summary>
    public static CpuFeatureSet Prune(CpuFeatureSet set)
    {
        for (bool again = true; again;)
        {
            again = false;
            foreach ((CpuFeature prerequisite, CpuFeature[] dependants) in Rules)
            {
                if (set.Has(prerequisite))
                    continue;
                foreach (CpuFeature dependant in dependants)
                {
                    again |= set.Has(dependant);
                    set.Remove(dependant);
                }
            }
        }
        return set;
    }

    /// <summary>The set with everything its members stand on.</summary>
    public static CpuFeatureSet Complete(CpuFeatureSet set)
    {
        for (bool again = true; again;)
        {
            again = false;
            foreach ((CpuFeature prerequisite, CpuFeature[] dependants) in Rules)
            {
                if (set.Has(prerequisite))
                    continue;
                foreach (CpuFeature dependant in dependants)
                    if (set.Has(dependant))
                    {
                        set.Add(prerequisite);
                        again = true;
                        break;
                    }
            }
        }
        return set;
    }
}
