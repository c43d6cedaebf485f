namespace Suite.Guest.X86.Cpu;

/// <summary>
/// A cpuid feature bit that a model can have. The order is the order of <see cref="CpuFeatureTable.Rows"/>, which says where the bit is,
/// what QEMU and Linux call it, and which instructions need it.
/// </summary>
public enum CpuFeature : byte
{
    // leaf 1, edx
    Fpu, Vme, De, Pse, Tsc, Msr, Pae, Mce, Cx8, Apic, Sep, Mtrr, Pge, Mca, Cmov, Pat, Pse36, Pn, Clflush, Ds, Acpi, Mmx, Fxsr, Sse, Sse2, Ss, Ht, Tm,
    Ia64, Pbe,

    // leaf 0x80000001, edx
    Syscall, Nx, Mmxext, FxsrOpt, Pdpe1gb, Rdtscp, Lm, ThreeDNowExt, ThreeDNow,

    // leaf 1, ecx
    Pni, Pclmulqdq, Dtes64, Monitor, DsCpl, Vmx, Smx, Est, Tm2, Ssse3, Cid, Fma, Cx16, Xtpr, Pdcm, Pcid, Dca, Sse41, Sse42, X2apic, Movbe, Popcnt,
    TscDeadline, Aes, Xsave, Avx, F16c, Rdrand, Hypervisor,

    // leaf 0xC0000001, edx (Centaur, Zhaoxin)
    Xstore, XstoreEn, Xcrypt, XcryptEn, Ace2, Ace2En, Phe, PheEn, Pmm, PmmEn,

    // leaf 0x80000001, ecx
    LahfLm, CmpLegacy, Svm, Extapic, Cr8legacy, Abm, Sse4a, Misalignsse, ThreeDNowPrefetch, Osvw, Ibs, Xop, Skinit, Wdt, Lwp, Fma4, Tce, NodeidMsr,
    Tbm, Topoext, PerfctrCore, PerfctrNb, Mwaitx,

    // leaf 7, ebx
    Fsgsbase, TscAdjust, Sgx, Bmi1, Hle, Avx2, Smep, Bmi2, Erms, Invpcid, Rtm, Mpx, Avx512f, Avx512dq, Rdseed, Adx, Smap, Avx512ifma, Pcommit,
    Clflushopt, Clwb, IntelPt, Avx512pf, Avx512er, Avx512cd, ShaNi, Avx512bw, Avx512vl,

    // leaf 0xD.1, eax
    Xsaveopt, Xsavec, Xgetbv1, Xsaves, Xfd,

    // leaf 7.1, eax
    Sha512, Sm3, Sm4, RaoInt, AvxVnni, Avx512Bf16, Cmpccxadd, Fzrm, Fsrs, Fsrc, Fred, Lkgs, Wrmsrns, AmxFp16, Hreset, AvxIfma, Lam, Msrlist,

    // leaf 0x80000008, ebx
    Clzero, Xsaveerptr, Invlpgb, Rdpru, Mcommit, Wbnoinvd, Ibpb, Ibrs, AmdStibp, StibpAlwaysOn, AmdSsbd, VirtSsbd, AmdNoSsb, AmdPsfd,

    // leaf 6, eax
    Arat,

    // leaf 0x8000000A, edx
    Npt, Lbrv, SvmLock, NripSave, TscScale, VmcbClean, Flushbyasid, Decodeassists, PauseFilter, Pfthreshold, Avic, VVmsaveVmload, Vgif, Vnmi,
    SvmeAddrChk,

    // leaf 7, ecx
    Avx512vbmi, Umip, Pku, Waitpkg, Avx512vbmi2, Shstk, Gfni, Vaes, Vpclmulqdq, Avx512vnni, Avx512bitalg, Avx512Vpopcntdq, La57, Rdpid, Kl,
    BusLockDetect, Cldemote, Movdiri, Movdir64b, Enqcmd, Sgxlc, Pks,

    // leaf 0x80000007, edx
    Invtsc,

    // leaf 7, edx
    Avx5124vnniw, Avx5124fmaps, Fsrm, Uintr, Avx512Vp2intersect, MdClear, Serialize, TsxLdtrk, Pconfig, ArchLbr, Ibt, AmxBf16, Avx512Fp16, AmxTile,
    AmxInt8, SpecCtrl, Stibp, ArchCapabilities, CoreCapability, Ssbd,

    // leaf 7.1, edx
    AvxVnniInt8, AvxNeConvert, AmxComplex, AvxVnniInt16, Prefetchiti,

    // leaf 0x14, ebx
    Ptwrite,

    // leaf 0x19, ebx
    Aeskle, WideKl,

    // leaf 0x80000021, eax
    NoNestedDataBp, LfenceAlwaysSerializing, NullSelClrBase, AutoIbrs,
}
