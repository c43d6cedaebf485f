using F = Suite.Guest.X86.Cpu.CpuFeature;
using I = Iced.Intel.CpuidFeature;
using W = Suite.Guest.X86.Cpu.CpuidWord;

namespace Suite.Guest.X86.Cpu;

/// <summary>One feature bit: where cpuid shows it, what it is called, and what depends on it.</summary>
/// <param name="Feature">The feature; its value is the row's index.</param>
/// <param name="Name">QEMU's name, as in <c>-cpu qemu64,+NAME</c>; names of other projects for bits QEMU does not know.</param>
/// <param name="Word">The cpuid register that holds the bit.</param>
/// <param name="Bit">The bit in that register.</param>
/// <param name="Kernel">What /proc/cpuinfo prints, null for <paramref name="Name"/>, empty for nothing; one bit may stand for two words.</param>
/// <param name="KernelOrder">Position in the flags line (kernel word * 32 + bit), -1 for the position that follows from word and bit.</param>
/// <param name="NeedsHost">A program can use or notice it, so a model has it only if the host has it; the other bits concern kernels only.</param>
/// <param name="Iced">The decoder's instruction groups that need this bit.</param>
internal sealed record CpuFeatureRow(
    CpuFeature Feature, string Name, CpuidWord Word, int Bit, string? Kernel = null, int KernelOrder = -1, bool NeedsHost = false, params I[] Iced);

/// <summary>
/// The one table of feature bits (Intel SDM volume 2A CPUID, AMD APM volume 3 appendix E; flag names of Linux arch/x86/include/asm/cpufeatures.h).
/// Touched only by models other than an unchanged max or host, and by help.
/// </summary>
internal static class CpuFeatureTable
{
    public static readonly CpuFeatureRow[] Rows =
    [
        // leaf 1, edx
        new(F.Fpu, "fpu", W.L1Edx, 0, NeedsHost: true, Iced: [I.FPU, I.FPU287, I.FPU387]),
        new(F.Vme, "vme", W.L1Edx, 1),
        new(F.De, "de", W.L1Edx, 2),
        new(F.Pse, "pse", W.L1Edx, 3),
        new(F.Tsc, "tsc", W.L1Edx, 4, NeedsHost: true, Iced: [I.TSC]),
        new(F.Msr, "msr", W.L1Edx, 5, Iced: [I.MSR]),
        new(F.Pae, "pae", W.L1Edx, 6),
        new(F.Mce, "mce", W.L1Edx, 7),
        new(F.Cx8, "cx8", W.L1Edx, 8, NeedsHost: true, Iced: [I.CX8]),
        new(F.Apic, "apic", W.L1Edx, 9),
        new(F.Sep, "sep", W.L1Edx, 11, NeedsHost: true, Iced: [I.SEP]),
        new(F.Mtrr, "mtrr", W.L1Edx, 12),
        new(F.Pge, "pge", W.L1Edx, 13),
        new(F.Mca, "mca", W.L1Edx, 14),
        new(F.Cmov, "cmov", W.L1Edx, 15, NeedsHost: true, Iced: [I.CMOV]),
        new(F.Pat, "pat", W.L1Edx, 16),
        new(F.Pse36, "pse36", W.L1Edx, 17),
        new(F.Pn, "pn", W.L1Edx, 18),
        new(F.Clflush, "clflush", W.L1Edx, 19, NeedsHost: true, Iced: [I.CLFSH]),
        new(F.Ds, "ds", W.L1Edx, 21, Kernel: "dts"),
        new(F.Acpi, "acpi", W.L1Edx, 22),
        new(F.Mmx, "mmx", W.L1Edx, 23, NeedsHost: true, Iced: [I.MMX]),
        new(F.Fxsr, "fxsr", W.L1Edx, 24, NeedsHost: true, Iced: [I.FXSR]),
        new(F.Sse, "sse", W.L1Edx, 25, NeedsHost: true, Iced: [I.SSE]),
        new(F.Sse2, "sse2", W.L1Edx, 26, NeedsHost: true, Iced: [I.SSE2]),
        new(F.Ss, "ss", W.L1Edx, 27),
        new(F.Ht, "ht", W.L1Edx, 28),
        new(F.Tm, "tm", W.L1Edx, 29),
        new(F.Ia64, "ia64", W.L1Edx, 30),
        new(F.Pbe, "pbe", W.L1Edx, 31),
        // leaf 0x80000001, edx
        new(F.Syscall, "syscall", W.X1Edx, 11, NeedsHost: true, Iced: [I.SYSCALL]),
        new(F.Nx, "nx", W.X1Edx, 20),
        new(F.Mmxext, "mmxext", W.X1Edx, 22, NeedsHost: true),
        new(F.FxsrOpt, "fxsr-opt", W.X1Edx, 25, Kernel: "fxsr_opt"),
        new(F.Pdpe1gb, "pdpe1gb", W.X1Edx, 26),
        new(F.Rdtscp, "rdtscp", W.X1Edx, 27, NeedsHost: true, Iced: [I.RDTSCP]),
        new(F.Lm, "lm", W.X1Edx, 29, NeedsHost: true),
        new(F.ThreeDNowExt, "3dnowext", W.X1Edx, 30, NeedsHost: true, Iced: [I.D3NOWEXT]),
        new(F.ThreeDNow, "3dnow", W.X1Edx, 31, NeedsHost: true, Iced: [I.D3NOW]),
        // leaf 1, ecx
        new(F.Pni, "pni", W.L1Ecx, 0, NeedsHost: true, Iced: [I.SSE3]),
        new(F.Pclmulqdq, "pclmulqdq", W.L1Ecx, 1, NeedsHost: true, Iced: [I.PCLMULQDQ]),
        new(F.Dtes64, "dtes64", W.L1Ecx, 2),
        new(F.Monitor, "monitor", W.L1Ecx, 3, Iced: [I.MONITOR]),
        new(F.DsCpl, "ds-cpl", W.L1Ecx, 4, Kernel: "ds_cpl"),
        new(F.Vmx, "vmx", W.L1Ecx, 5, Iced: [I.VMX]),
        new(F.Smx, "smx", W.L1Ecx, 6, Iced: [I.SMX]),
        new(F.Est, "est", W.L1Ecx, 7),
        new(F.Tm2, "tm2", W.L1Ecx, 8),
        new(F.Ssse3, "ssse3", W.L1Ecx, 9, NeedsHost: true, Iced: [I.SSSE3]),
        new(F.Cid, "cid", W.L1Ecx, 10),
        new(F.Fma, "fma", W.L1Ecx, 12, NeedsHost: true, Iced: [I.FMA]),
        new(F.Cx16, "cx16", W.L1Ecx, 13, NeedsHost: true, Iced: [I.CMPXCHG16B]),
        new(F.Xtpr, "xtpr", W.L1Ecx, 14),
        new(F.Pdcm, "pdcm", W.L1Ecx, 15),
        new(F.Pcid, "pcid", W.L1Ecx, 17),
        new(F.Dca, "dca", W.L1Ecx, 18),
        new(F.Sse41, "sse4.1", W.L1Ecx, 19, Kernel: "sse4_1", NeedsHost: true, Iced: [I.SSE4_1]),
        new(F.Sse42, "sse4.2", W.L1Ecx, 20, Kernel: "sse4_2", NeedsHost: true, Iced: [I.SSE4_2]),
        new(F.X2apic, "x2apic", W.L1Ecx, 21),
        new(F.Movbe, "movbe", W.L1Ecx, 22, NeedsHost: true, Iced: [I.MOVBE]),
        new(F.Popcnt, "popcnt", W.L1Ecx, 23, NeedsHost: true, Iced: [I.POPCNT]),
        new(F.TscDeadline, "tsc-deadline", W.L1Ecx, 24, Kernel: "tsc_deadline_timer"),
        new(F.Aes, "aes", W.L1Ecx, 25, NeedsHost: true, Iced: [I.AES]),
        new(F.Xsave, "xsave", W.L1Ecx, 26, NeedsHost: true, Iced: [I.XSAVE]),
        new(F.Avx, "avx", W.L1Ecx, 28, NeedsHost: true, Iced: [I.AVX]),
        new(F.F16c, "f16c", W.L1Ecx, 29, NeedsHost: true, Iced: [I.F16C]),
        new(F.Rdrand, "rdrand", W.L1Ecx, 30, NeedsHost: true, Iced: [I.RDRAND]),
        new(F.Hypervisor, "hypervisor", W.L1Ecx, 31),
        // leaf 0xC0000001, edx (Centaur, Zhaoxin)
        new(F.Xstore, "xstore", W.C1Edx, 2, Kernel: "rng", NeedsHost: true),
        new(F.XstoreEn, "xstore-en", W.C1Edx, 3, Kernel: "rng_en", NeedsHost: true, Iced: [I.PADLOCK_RNG]),
        new(F.Xcrypt, "xcrypt", W.C1Edx, 6, Kernel: "ace", NeedsHost: true),
        new(F.XcryptEn, "xcrypt-en", W.C1Edx, 7, Kernel: "ace_en", NeedsHost: true, Iced: [I.PADLOCK_ACE]),
        new(F.Ace2, "ace2", W.C1Edx, 8, NeedsHost: true),
        new(F.Ace2En, "ace2-en", W.C1Edx, 9, Kernel: "ace2_en", NeedsHost: true),
        new(F.Phe, "phe", W.C1Edx, 10, NeedsHost: true),
        new(F.PheEn, "phe-en", W.C1Edx, 11, Kernel: "phe_en", NeedsHost: true, Iced: [I.PADLOCK_PHE]),
        new(F.Pmm, "pmm", W.C1Edx, 12, NeedsHost: true),
        new(F.PmmEn, "pmm-en", W.C1Edx, 13, Kernel: "pmm_en", NeedsHost: true, Iced: [I.PADLOCK_PMM]),
        // leaf 0x80000001, ecx
        new(F.LahfLm, "lahf-lm", W.X1Ecx, 0, Kernel: "lahf_lm", NeedsHost: true),
        new(F.CmpLegacy, "cmp-legacy", W.X1Ecx, 1, Kernel: "cmp_legacy"),
        new(F.Svm, "svm", W.X1Ecx, 2, Iced: [I.SVM]),
        new(F.Extapic, "extapic", W.X1Ecx, 3),
        new(F.Cr8legacy, "cr8legacy", W.X1Ecx, 4, Kernel: "cr8_legacy"),
        new(F.Abm, "abm", W.X1Ecx, 5, NeedsHost: true, Iced: [I.LZCNT]),
        new(F.Sse4a, "sse4a", W.X1Ecx, 6, NeedsHost: true, Iced: [I.SSE4A]),
        new(F.Misalignsse, "misalignsse", W.X1Ecx, 7, NeedsHost: true),
        new(F.ThreeDNowPrefetch, "3dnowprefetch", W.X1Ecx, 8, NeedsHost: true),
        new(F.Osvw, "osvw", W.X1Ecx, 9),
        new(F.Ibs, "ibs", W.X1Ecx, 10),
        new(F.Xop, "xop", W.X1Ecx, 11, NeedsHost: true, Iced: [I.XOP]),
        new(F.Skinit, "skinit", W.X1Ecx, 12, Iced: [I.SKINIT]),
        new(F.Wdt, "wdt", W.X1Ecx, 13),
        new(F.Lwp, "lwp", W.X1Ecx, 15, NeedsHost: true, Iced: [I.LWP]),
        new(F.Fma4, "fma4", W.X1Ecx, 16, NeedsHost: true, Iced: [I.FMA4]),
        new(F.Tce, "tce", W.X1Ecx, 17),
        new(F.NodeidMsr, "nodeid-msr", W.X1Ecx, 19, Kernel: "nodeid_msr"),
        new(F.Tbm, "tbm", W.X1Ecx, 21, NeedsHost: true, Iced: [I.TBM]),
        new(F.Topoext, "topoext", W.X1Ecx, 22),
        new(F.PerfctrCore, "perfctr-core", W.X1Ecx, 23, Kernel: "perfctr_core"),
        new(F.PerfctrNb, "perfctr-nb", W.X1Ecx, 24, Kernel: "perfctr_nb"),
        new(F.Mwaitx, "mwaitx", W.X1Ecx, 29, NeedsHost: true, Iced: [I.MONITORX]),
        // leaf 7, ebx
        new(F.Fsgsbase, "fsgsbase", W.L7Ebx, 0, NeedsHost: true, Iced: [I.FSGSBASE]),
        new(F.TscAdjust, "tsc-adjust", W.L7Ebx, 1, Kernel: "tsc_adjust"),
        new(F.Sgx, "sgx", W.L7Ebx, 2, NeedsHost: true, Iced: [I.SGX1]),
        new(F.Bmi1, "bmi1", W.L7Ebx, 3, NeedsHost: true, Iced: [I.BMI1]),
        new(F.Hle, "hle", W.L7Ebx, 4, NeedsHost: true, Iced: [I.HLE]),
        new(F.Avx2, "avx2", W.L7Ebx, 5, NeedsHost: true, Iced: [I.AVX2]),
        new(F.Smep, "smep", W.L7Ebx, 7),
        new(F.Bmi2, "bmi2", W.L7Ebx, 8, NeedsHost: true, Iced: [I.BMI2]),
        new(F.Erms, "erms", W.L7Ebx, 9, NeedsHost: true),
        new(F.Invpcid, "invpcid", W.L7Ebx, 10, Iced: [I.INVPCID]),
        new(F.Rtm, "rtm", W.L7Ebx, 11, NeedsHost: true, Iced: [I.RTM]),
        new(F.Mpx, "mpx", W.L7Ebx, 14, NeedsHost: true),
        new(F.Avx512f, "avx512f", W.L7Ebx, 16, NeedsHost: true, Iced: [I.AVX512F]),
        new(F.Avx512dq, "avx512dq", W.L7Ebx, 17, NeedsHost: true, Iced: [I.AVX512DQ]),
        new(F.Rdseed, "rdseed", W.L7Ebx, 18, NeedsHost: true, Iced: [I.RDSEED]),
        new(F.Adx, "adx", W.L7Ebx, 19, NeedsHost: true, Iced: [I.ADX]),
        new(F.Smap, "smap", W.L7Ebx, 20, Iced: [I.SMAP]),
        new(F.Avx512ifma, "avx512ifma", W.L7Ebx, 21, NeedsHost: true, Iced: [I.AVX512_IFMA]),
        new(F.Pcommit, "pcommit", W.L7Ebx, 22, Kernel: "", NeedsHost: true, Iced: [I.PCOMMIT]),
        new(F.Clflushopt, "clflushopt", W.L7Ebx, 23, NeedsHost: true, Iced: [I.CLFLUSHOPT]),
        new(F.Clwb, "clwb", W.L7Ebx, 24, NeedsHost: true, Iced: [I.CLWB]),
        new(F.IntelPt, "intel-pt", W.L7Ebx, 25, Kernel: "intel_pt"),
        new(F.Avx512pf, "avx512pf", W.L7Ebx, 26, NeedsHost: true, Iced: [I.AVX512PF]),
        new(F.Avx512er, "avx512er", W.L7Ebx, 27, NeedsHost: true, Iced: [I.AVX512ER]),
        new(F.Avx512cd, "avx512cd", W.L7Ebx, 28, NeedsHost: true, Iced: [I.AVX512CD]),
        new(F.ShaNi, "sha-ni", W.L7Ebx, 29, Kernel: "sha_ni", NeedsHost: true, Iced: [I.SHA]),
        new(F.Avx512bw, "avx512bw", W.L7Ebx, 30, NeedsHost: true, Iced: [I.AVX512BW]),
        new(F.Avx512vl, "avx512vl", W.L7Ebx, 31, NeedsHost: true, Iced: [I.AVX512VL]),
        // leaf 0xD.1, eax
        new(F.Xsaveopt, "xsaveopt", W.LDEax, 0, NeedsHost: true, Iced: [I.XSAVEOPT]),
        new(F.Xsavec, "xsavec", W.LDEax, 1, NeedsHost: true, Iced: [I.XSAVEC]),
        new(F.Xgetbv1, "xgetbv1", W.LDEax, 2, NeedsHost: true),
        new(F.Xsaves, "xsaves", W.LDEax, 3, NeedsHost: true, Iced: [I.XSAVES]),
        new(F.Xfd, "xfd", W.LDEax, 4, Kernel: ""),
        // leaf 7.1, eax
        new(F.Sha512, "sha512", W.L7s1Eax, 0, Kernel: "", NeedsHost: true, Iced: [I.SHA512]),
        new(F.Sm3, "sm3", W.L7s1Eax, 1, Kernel: "", NeedsHost: true, Iced: [I.SM3]),
        new(F.Sm4, "sm4", W.L7s1Eax, 2, Kernel: "", NeedsHost: true, Iced: [I.SM4]),
        new(F.RaoInt, "rao-int", W.L7s1Eax, 3, Kernel: "", NeedsHost: true, Iced: [I.RAO_INT]),
        new(F.AvxVnni, "avx-vnni", W.L7s1Eax, 4, Kernel: "avx_vnni", NeedsHost: true, Iced: [I.AVX_VNNI]),
        new(F.Avx512Bf16, "avx512-bf16", W.L7s1Eax, 5, Kernel: "avx512_bf16", NeedsHost: true, Iced: [I.AVX512_BF16]),
        new(F.Cmpccxadd, "cmpccxadd", W.L7s1Eax, 7, Kernel: "", NeedsHost: true, Iced: [I.CMPCCXADD]),
        new(F.Fzrm, "fzrm", W.L7s1Eax, 10, Kernel: "", NeedsHost: true),
        new(F.Fsrs, "fsrs", W.L7s1Eax, 11, Kernel: "", NeedsHost: true),
        new(F.Fsrc, "fsrc", W.L7s1Eax, 12, Kernel: "", NeedsHost: true),
        new(F.Fred, "fred", W.L7s1Eax, 17, Kernel: "fred", Iced: [I.FRED]),
        new(F.Lkgs, "lkgs", W.L7s1Eax, 18, Kernel: "", Iced: [I.LKGS]),
        new(F.Wrmsrns, "wrmsrns", W.L7s1Eax, 19, Kernel: "", Iced: [I.WRMSRNS]),
        new(F.AmxFp16, "amx-fp16", W.L7s1Eax, 21, Kernel: "", NeedsHost: true, Iced: [I.AMX_FP16]),
        new(F.Hreset, "hreset", W.L7s1Eax, 22, Kernel: "", Iced: [I.HRESET]),
        new(F.AvxIfma, "avx-ifma", W.L7s1Eax, 23, Kernel: "", NeedsHost: true, Iced: [I.AVX_IFMA]),
        new(F.Lam, "lam", W.L7s1Eax, 26),
        new(F.Msrlist, "msrlist", W.L7s1Eax, 27, Kernel: "", Iced: [I.MSRLIST]),
        // leaf 0x80000008, ebx
        new(F.Clzero, "clzero", W.X8Ebx, 0, NeedsHost: true, Iced: [I.CLZERO]),
        new(F.Xsaveerptr, "xsaveerptr", W.X8Ebx, 2),
        new(F.Invlpgb, "invlpgb", W.X8Ebx, 3, Kernel: "", Iced: [I.INVLPGB]),
        new(F.Rdpru, "rdpru", W.X8Ebx, 4, NeedsHost: true, Iced: [I.RDPRU]),
        new(F.Mcommit, "mcommit", W.X8Ebx, 8, Kernel: "", NeedsHost: true, Iced: [I.MCOMMIT]),
        new(F.Wbnoinvd, "wbnoinvd", W.X8Ebx, 9),
        new(F.Ibpb, "ibpb", W.X8Ebx, 12, Kernel: "ibpb", KernelOrder: 250),
        new(F.Ibrs, "ibrs", W.X8Ebx, 14, Kernel: "ibrs", KernelOrder: 249),
        new(F.AmdStibp, "amd-stibp", W.X8Ebx, 15, Kernel: "stibp", KernelOrder: 251),
        new(F.StibpAlwaysOn, "stibp-always-on", W.X8Ebx, 17, Kernel: ""),
        new(F.AmdSsbd, "amd-ssbd", W.X8Ebx, 24, Kernel: "ssbd", KernelOrder: 241),
        new(F.VirtSsbd, "virt-ssbd", W.X8Ebx, 25, Kernel: "virt_ssbd"),
        new(F.AmdNoSsb, "amd-no-ssb", W.X8Ebx, 26, Kernel: ""),
        new(F.AmdPsfd, "amd-psfd", W.X8Ebx, 28, Kernel: ""),
        // leaf 6, eax
        new(F.Arat, "arat", W.L6Eax, 2),
        // leaf 0x8000000A, edx
        new(F.Npt, "npt", W.XAEdx, 0),
        new(F.Lbrv, "lbrv", W.XAEdx, 1),
        new(F.SvmLock, "svm-lock", W.XAEdx, 2, Kernel: "svm_lock"),
        new(F.NripSave, "nrip-save", W.XAEdx, 3, Kernel: "nrip_save"),
        new(F.TscScale, "tsc-scale", W.XAEdx, 4, Kernel: "tsc_scale"),
        new(F.VmcbClean, "vmcb-clean", W.XAEdx, 5, Kernel: "vmcb_clean"),
        new(F.Flushbyasid, "flushbyasid", W.XAEdx, 6),
        new(F.Decodeassists, "decodeassists", W.XAEdx, 7),
        new(F.PauseFilter, "pause-filter", W.XAEdx, 10, Kernel: "pausefilter"),
        new(F.Pfthreshold, "pfthreshold", W.XAEdx, 12),
        new(F.Avic, "avic", W.XAEdx, 13),
        new(F.VVmsaveVmload, "v-vmsave-vmload", W.XAEdx, 15, Kernel: "v_vmsave_vmload"),
        new(F.Vgif, "vgif", W.XAEdx, 16),
        new(F.Vnmi, "vnmi", W.XAEdx, 25),
        new(F.SvmeAddrChk, "svme-addr-chk", W.XAEdx, 28, Kernel: ""),
        // leaf 7, ecx
        new(F.Avx512vbmi, "avx512vbmi", W.L7Ecx, 1, NeedsHost: true, Iced: [I.AVX512_VBMI]),
        new(F.Umip, "umip", W.L7Ecx, 2),
        new(F.Pku, "pku", W.L7Ecx, 3, NeedsHost: true, Iced: [I.PKU]),
        new(F.Waitpkg, "waitpkg", W.L7Ecx, 5, NeedsHost: true, Iced: [I.WAITPKG]),
        new(F.Avx512vbmi2, "avx512vbmi2", W.L7Ecx, 6, Kernel: "avx512_vbmi2", NeedsHost: true, Iced: [I.AVX512_VBMI2]),
        new(F.Shstk, "shstk", W.L7Ecx, 7, Kernel: "user_shstk", KernelOrder: 375, NeedsHost: true, Iced: [I.CET_SS]),
        new(F.Gfni, "gfni", W.L7Ecx, 8, NeedsHost: true, Iced: [I.GFNI]),
        new(F.Vaes, "vaes", W.L7Ecx, 9, NeedsHost: true, Iced: [I.VAES]),
        new(F.Vpclmulqdq, "vpclmulqdq", W.L7Ecx, 10, NeedsHost: true, Iced: [I.VPCLMULQDQ]),
        new(F.Avx512vnni, "avx512vnni", W.L7Ecx, 11, Kernel: "avx512_vnni", NeedsHost: true, Iced: [I.AVX512_VNNI]),
        new(F.Avx512bitalg, "avx512bitalg", W.L7Ecx, 12, Kernel: "avx512_bitalg", NeedsHost: true, Iced: [I.AVX512_BITALG]),
        new(F.Avx512Vpopcntdq, "avx512-vpopcntdq", W.L7Ecx, 14, Kernel: "avx512_vpopcntdq", NeedsHost: true, Iced: [I.AVX512_VPOPCNTDQ]),
        new(F.La57, "la57", W.L7Ecx, 16),
        new(F.Rdpid, "rdpid", W.L7Ecx, 22, NeedsHost: true, Iced: [I.RDPID]),
        new(F.Kl, "kl", W.L7Ecx, 23, Kernel: "", Iced: [I.KL]),
        new(F.BusLockDetect, "bus-lock-detect", W.L7Ecx, 24, Kernel: "bus_lock_detect"),
        new(F.Cldemote, "cldemote", W.L7Ecx, 25, NeedsHost: true),
        new(F.Movdiri, "movdiri", W.L7Ecx, 27, NeedsHost: true, Iced: [I.MOVDIRI]),
        new(F.Movdir64b, "movdir64b", W.L7Ecx, 28, NeedsHost: true, Iced: [I.MOVDIR64B]),
        new(F.Enqcmd, "enqcmd", W.L7Ecx, 29, NeedsHost: true, Iced: [I.ENQCMD]),
        new(F.Sgxlc, "sgxlc", W.L7Ecx, 30, Kernel: "sgx_lc"),
        new(F.Pks, "pks", W.L7Ecx, 31, Kernel: ""),
        // leaf 0x80000007, edx
        new(F.Invtsc, "invtsc", W.X7Edx, 8, Kernel: "", NeedsHost: true),
        // leaf 7, edx
        new(F.Avx5124vnniw, "avx512-4vnniw", W.L7Edx, 2, Kernel: "avx512_4vnniw", NeedsHost: true, Iced: [I.AVX512_4VNNIW]),
        new(F.Avx5124fmaps, "avx512-4fmaps", W.L7Edx, 3, Kernel: "avx512_4fmaps", NeedsHost: true, Iced: [I.AVX512_4FMAPS]),
        new(F.Fsrm, "fsrm", W.L7Edx, 4, NeedsHost: true),
        new(F.Uintr, "uintr", W.L7Edx, 5, Kernel: "", NeedsHost: true, Iced: [I.UINTR]),
        new(F.Avx512Vp2intersect, "avx512-vp2intersect", W.L7Edx, 8, Kernel: "avx512_vp2intersect", NeedsHost: true, Iced: [I.AVX512_VP2INTERSECT]),
        new(F.MdClear, "md-clear", W.L7Edx, 10, Kernel: "md_clear"),
        new(F.Serialize, "serialize", W.L7Edx, 14, NeedsHost: true, Iced: [I.SERIALIZE]),
        new(F.TsxLdtrk, "tsx-ldtrk", W.L7Edx, 16, Kernel: "tsxldtrk", NeedsHost: true, Iced: [I.TSXLDTRK]),
        new(F.Pconfig, "pconfig", W.L7Edx, 18, Iced: [I.PCONFIG]),
        new(F.ArchLbr, "arch-lbr", W.L7Edx, 19, Kernel: "arch_lbr"),
        new(F.Ibt, "ibt", W.L7Edx, 20, NeedsHost: true),
        new(F.AmxBf16, "amx-bf16", W.L7Edx, 22, Kernel: "amx_bf16", NeedsHost: true, Iced: [I.AMX_BF16]),
        new(F.Avx512Fp16, "avx512-fp16", W.L7Edx, 23, Kernel: "avx512_fp16", NeedsHost: true, Iced: [I.AVX512_FP16]),
        new(F.AmxTile, "amx-tile", W.L7Edx, 24, Kernel: "amx_tile", NeedsHost: true, Iced: [I.AMX_TILE]),
        new(F.AmxInt8, "amx-int8", W.L7Edx, 25, Kernel: "amx_int8", NeedsHost: true, Iced: [I.AMX_INT8]),
        new(F.SpecCtrl, "spec-ctrl", W.L7Edx, 26, Kernel: "ibrs ibpb", KernelOrder: 249),
        new(F.Stibp, "stibp", W.L7Edx, 27, Kernel: "stibp", KernelOrder: 251),
        new(F.ArchCapabilities, "arch-capabilities", W.L7Edx, 29, Kernel: "arch_capabilities"),
        new(F.CoreCapability, "core-capability", W.L7Edx, 30, Kernel: ""),
        new(F.Ssbd, "ssbd", W.L7Edx, 31, Kernel: "ssbd", KernelOrder: 241),
        // leaf 7.1, edx
        new(F.AvxVnniInt8, "avx-vnni-int8", W.L7s1Edx, 4, Kernel: "", NeedsHost: true, Iced: [I.AVX_VNNI_INT8]),
        new(F.AvxNeConvert, "avx-ne-convert", W.L7s1Edx, 5, Kernel: "", NeedsHost: true, Iced: [I.AVX_NE_CONVERT]),
        new(F.AmxComplex, "amx-complex", W.L7s1Edx, 8, Kernel: "", NeedsHost: true, Iced: [I.AMX_COMPLEX]),
        new(F.AvxVnniInt16, "avx-vnni-int16", W.L7s1Edx, 10, Kernel: "", NeedsHost: true, Iced: [I.AVX_VNNI_INT16]),
        new(F.Prefetchiti, "prefetchiti", W.L7s1Edx, 14, Kernel: "", NeedsHost: true),
        // leaf 0x14, ebx
        new(F.Ptwrite, "ptwrite", W.L14Ebx, 4, Kernel: "", NeedsHost: true, Iced: [I.PTWRITE]),
        // leaf 0x19, ebx
        new(F.Aeskle, "aeskle", W.L19Ebx, 0, Kernel: "", NeedsHost: true, Iced: [I.AESKLE]),
        new(F.WideKl, "wide-kl", W.L19Ebx, 2, Kernel: "", NeedsHost: true, Iced: [I.WIDE_KL]),
        // leaf 0x80000021, eax
        new(F.NoNestedDataBp, "no-nested-data-bp", W.X21Eax, 0, Kernel: ""),
        new(F.LfenceAlwaysSerializing, "lfence-always-serializing", W.X21Eax, 2, Kernel: ""),
        new(F.NullSelClrBase, "null-sel-clr-base", W.X21Eax, 6, Kernel: ""),
        new(F.AutoIbrs, "auto-ibrs", W.X21Eax, 8, Kernel: ""),
    ];

    // Spellings QEMU accepts beside the main name, and the ones people try first.
    private static readonly (string Alias, CpuFeature Feature)[] Aliases =
    [
        ("sse3", F.Pni), ("sse4-1", F.Sse41), ("sse4-2", F.Sse42), ("pclmuldq", F.Pclmulqdq), ("xd", F.Nx), ("i64", F.Lm), ("ffxsr", F.FxsrOpt),
        ("lzcnt", F.Abm), ("sha", F.ShaNi), ("cmpxchg16b", F.Cx16),
    ];

    /// <summary>The row of a feature.</summary>
    public static CpuFeatureRow Row(CpuFeature feature) => Rows[(int)feature];

    /// <summary>QEMU's name of a feature.</summary>
    public static string Name(CpuFeature feature) => Rows[(int)feature].Name;

    /// <summary>Looks a feature up by QEMU's name, by an alias or by the kernel's name; '_' counts as '-'.</summary>
    public static bool TryFind(string name, out CpuFeature feature) => ByName.Map.TryGetValue(name.Replace('_', '-'), out feature);

    /// <summary>The set named by a list of names separated by blanks.</summary>
    /// <exception cref="InvalidOperationException">a name is not in the table: a mistake in our own model table</exception>
    public static CpuFeatureSet Parse(string names)
    {
        var set = new CpuFeatureSet();
        foreach (string name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            set.Add(TryFind(name, out CpuFeature feature) ? feature : throw new InvalidOperationException($"no cpu feature '{name}'"));
        return set;
    }

    /// <summary>The features whose bits are set in what <paramref name="query"/> answers, whatever the operating system enabled.</summary>
    public static CpuFeatureSet Read(Func<uint, uint, CpuidLeaf> query)
    {
        uint lastBasic = query(0, 0).Eax, lastExtended = query(0x8000_0000, 0).Eax, lastCentaur = query(0xC000_0000, 0).Eax;
        var set = new CpuFeatureSet();
        W word = default;
        uint bits = 0;
        bool read = false;
        foreach (CpuFeatureRow row in Rows)
        {
            if (!read || row.Word != word)
            {
                (word, read) = (row.Word, true);
                CpuidPlace place = CpuidWords.Place(word);
                uint last = place.Leaf < 0x8000_0000 ? lastBasic : place.Leaf < 0xC000_0000 ? lastExtended : lastCentaur;
                // Beyond the last leaf Intel repeats the last basic one, so its bits would be taken for features.
                bits = place.Leaf <= last && (last ^ place.Leaf) < 0x1000_0000 ? CpuidWords.Register(query(place.Leaf, place.Subleaf), place.Register) : 0;
                if (place.Subleaf != 0 && place.Leaf == 7 && query(7, 0).Eax < place.Subleaf)
                    bits = 0;
            }
            if ((bits >> row.Bit & 1) != 0)
                set.Add(row.Feature);
        }
        return set;
    }

    private static class ByName
    {
        public static readonly Dictionary<string, CpuFeature> Map = Make();

        private static Dictionary<string, CpuFeature> Make()
        {
            var map = new Dictionary<string, CpuFeature>(Rows.Length * 2, StringComparer.Ordinal);
            foreach (CpuFeatureRow row in Rows)
                map.Add(row.Name, row.Feature);
            foreach ((string alias, CpuFeature feature) in Aliases)
                map.Add(alias, feature);
            foreach (CpuFeatureRow row in Rows)
                if (row.Kernel is { Length: > 0 } kernel)
                    map.TryAdd(kernel.Replace('_', '-'), row.Feature);
            return map;
        }
    }
}
