using Iced.Intel;
using Suite.Guest.X86.Cpu;

namespace Suite.Tests.Guest.X86;

public class CpuInstructionTests
{
    private static readonly CpuFakeHost Host = CpuFakeHost.Everything();

    [Fact]
    public void Every_decoder_feature_is_mapped_once_or_listed_with_its_reason()
    {
        var seen = new Dictionary<CpuidFeature, string>();
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
            foreach (CpuidFeature group in row.Iced)
                Assert.True(seen.TryAdd(group, row.Name), $"{group}: {row.Name} and {seen[group]}");
        foreach (CpuidFeature group in InstructionRules.Always.Concat(InstructionRules.Never))
            Assert.True(seen.TryAdd(group, "list"), $"{group}: list and {seen[group]}");
        foreach (CpuidFeature group in Enum.GetValues<CpuidFeature>())
            Assert.True(seen.ContainsKey(group) || group is CpuidFeature.HLE_or_RTM or CpuidFeature.SKINIT_or_SVM, $"{group} is not mapped");
        Assert.True(Enum.GetValues<Code>().Length < CpuModel.CodeLimit);
    }

    // Per psABI level: one instruction of each group it brings.
    private static readonly (int Level, string Missing, Code[] Codes)[] Levels =
    [
        (1, "", [Code.Addsd_xmm_xmmm64, Code.Cmove_r64_rm64, Code.Syscall, Code.Fxsave64_m512byte, Code.Cmpxchg8b_m64, Code.Cpuid, Code.Fsin, Code.Pause,
            Code.Nop_rm32, Code.Endbr64, Code.Prefetchw_m8, Code.Prefetcht0_m8, Code.Rdtsc, Code.Rdsspq_r64, Code.Bndmk_bnd_m64, Code.Cldemote_m8, Code.Ud2]),
        (2, "cx16", [Code.Cmpxchg16b_m128]),
        (2, "lahf-lm", [Code.Lahf, Code.Sahf]),
        (2, "popcnt", [Code.Popcnt_r64_rm64]),
        (2, "pni", [Code.Haddps_xmm_xmmm128, Code.Fisttp_m64int]),
        (2, "ssse3", [Code.Pshufb_xmm_xmmm128]),
        (2, "sse4.1", [Code.Ptest_xmm_xmmm128]),
        (2, "sse4.2", [Code.Crc32_r64_rm64]),
        (3, "avx", [Code.VEX_Vaddps_ymm_ymm_ymmm256, Code.VEX_Vzeroupper]),
        (3, "avx2", [Code.VEX_Vpaddd_ymm_ymm_ymmm256]),
        (3, "bmi1", [Code.VEX_Andn_r64_r64_rm64]),
        (3, "bmi2", [Code.VEX_Mulx_r64_r64_rm64]),
        (3, "f16c", [Code.VEX_Vcvtph2ps_ymm_xmmm128]),
        (3, "fma", [Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256]),
        (3, "movbe", [Code.Movbe_r64_m64]),
        (3, "xsave", [Code.Xgetbv, Code.Xsave_mem]),
        (4, "avx512f", [Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er]),
        (4, "avx512bw", [Code.VEX_Kmovq_r64_kr]),
        (4, "avx512vl", [Code.EVEX_Vmovdqu32_ymm_k1z_ymmm256]),
        (4, "avx512dq", [Code.EVEX_Vpmullq_zmm_k1z_zmm_zmmm512b64]),
        (4, "avx512cd", [Code.EVEX_Vplzcntd_zmm_k1z_zmmm512b32]),
        (5, "aes", [Code.Aesenc_xmm_xmmm128]),
        (5, "sha-ni", [Code.Sha1msg1_xmm_xmmm128]),
        (5, "rdtscp", [Code.Rdtscp]),
        (5, "fsgsbase", [Code.Rdfsbase_r64]),
        (5, "adx", [Code.Adcx_r64_rm64]),
        (5, "avx512vbmi", [Code.EVEX_Vpermb_zmm_k1z_zmm_zmmm512]),
        (5, "3dnow", [Code.D3NOW_Pfadd_mm_mmm64]),
        (5, "rtm", [Code.Xbegin_rel32, Code.Xtest]),
        (5, "sgx", [Code.Enclu]),
        (5, "knc", [Code.VEX_KNC_Kand_kr_kr]),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Each_level_allows_what_it_brings_and_refuses_the_next(int level)
    {
        CpuModel model = CpuModel.Parse($"x86-64-v{level}", Host, is64Bit: true);
        CpuModel host = CpuModel.Parse("max", Host, is64Bit: true);
        foreach ((int from, string missing, Code[] codes) in Levels)
            foreach (Code code in codes)
            {
                Instruction insn = new() { Code = code };
                Assert.True(model.Classify(insn) == (level >= from ? ModelAction.Allow : ModelAction.Undefined), $"{code} on level {level}");
                // An instruction may lack several features; the level below lacks one it names.
                if (level == from - 1)
                    Assert.Equal(missing, model.MissingFeature(insn));
                if (level >= from)
                    Assert.Null(model.MissingFeature(insn));
                Assert.True(host.Allows(insn));
                Assert.Null(host.MissingFeature(insn));
            }
    }

    [Theory]
    [InlineData("qemu64", Code.Tzcnt_r64_rm64, ModelAction.Legacy)]
    [InlineData("qemu64", Code.Lzcnt_r32_rm32, ModelAction.Legacy)]
    [InlineData("qemu64", Code.Popcnt_r32_rm32, ModelAction.Undefined)]
    [InlineData("Opteron_G3", Code.Tzcnt_r64_rm64, ModelAction.Legacy)]
    [InlineData("Opteron_G3", Code.Lzcnt_r64_rm64, ModelAction.Allow)]
    [InlineData("Haswell", Code.Tzcnt_r64_rm64, ModelAction.Allow)]
    [InlineData("Opteron_G4", Code.XOP_Vpcmov_ymm_ymm_ymmm256_ymm, ModelAction.Allow)]
    [InlineData("EPYC", Code.XOP_Vpcmov_ymm_ymm_ymmm256_ymm, ModelAction.Undefined)]
    [InlineData("EPYC", Code.Clzerod, ModelAction.Undefined)]
    [InlineData("EPYC-v3", Code.Clzerod, ModelAction.Allow)]
    [InlineData("Haswell-noTSX", Code.Xend, ModelAction.Undefined)]
    [InlineData("Haswell", Code.Incsspq_r64, ModelAction.Undefined)]
    [InlineData("Skylake-Server", Code.EVEX_Vaesenc_zmm_zmm_zmmm512, ModelAction.Undefined)]
    [InlineData("Icelake-Server", Code.EVEX_Vaesenc_zmm_zmm_zmmm512, ModelAction.Allow)]
    [InlineData("SapphireRapids", Code.VEX_Tileloadd_tmm_sibmem, ModelAction.Allow)]
    public void Models_classify(string name, Code code, ModelAction action) =>
        Assert.Equal(action, CpuModel.Parse(name, Host, is64Bit: true).Classify(new() { Code = code }));

    [Theory]
    [InlineData("486", Code.Cmove_r32_rm32, ModelAction.Undefined)]
    [InlineData("486", Code.Cmpxchg8b_m64, ModelAction.Undefined)]
    [InlineData("486", Code.Fsin, ModelAction.Allow)]
    [InlineData("486", Code.Lahf, ModelAction.Allow)]
    [InlineData("pentium", Code.Paddb_mm_mmm64, ModelAction.Allow)]
    [InlineData("pentium2", Code.Fcomi_st0_sti, ModelAction.Allow)]
    [InlineData("pentium2", Code.Pshufw_mm_mmm64_imm8, ModelAction.Undefined)]
    [InlineData("pentium2,+mmxext", Code.Pshufw_mm_mmm64_imm8, ModelAction.Allow)]
    [InlineData("pentium2,+mmxext", Code.Addps_xmm_xmmm128, ModelAction.Undefined)]
    [InlineData("pentium2", Code.Prefetcht0_m8, ModelAction.Allow)]
    [InlineData("pentium3", Code.Addps_xmm_xmmm128, ModelAction.Allow)]
    [InlineData("pentium3", Code.Addpd_xmm_xmmm128, ModelAction.Undefined)]
    [InlineData("n270", Code.Pshufb_xmm_xmmm128, ModelAction.Allow)]
    [InlineData("athlon", Code.D3NOW_Pswapd_mm_mmm64, ModelAction.Allow)]
    public void Models_of_32_bit_classify(string name, Code code, ModelAction action) =>
        Assert.Equal(action, CpuModel.Parse(name, Host, is64Bit: false).Classify(new() { Code = code }));

    [Theory]
    [InlineData("sse2", "x86-64-v1")]
    [InlineData("popcnt", "x86-64-v2")]
    [InlineData("avx2", "x86-64-v3")]
    [InlineData("avx512bw", "x86-64-v4")]
    [InlineData("aes", "Westmere-v1")]
    [InlineData("amx-tile", "SapphireRapids-v1")]
    [InlineData("sm4", null)]
    [InlineData("knc", null)]
    public void The_oldest_model_with_a_feature_is_named(string feature, string? model) => Assert.Equal(model, CpuModel.OldestModelWith(feature));
}
