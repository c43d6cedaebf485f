using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>By which bits of CR0, CR4 and XCR0 an instruction may run.</summary>
public enum FpuClass : byte
{
    /// <summary>None of them.</summary>
    None,

    /// <summary>x87 that waits for pending exceptions.</summary>
    X87,

    /// <summary>x87 that does not wait: fninit, fnclex, fnstcw, fnstsw, fnsave, fnstenv.</summary>
    X87Quiet,

    /// <summary>fwait.</summary>
    Wait,

    Mmx,

    /// <summary>Legacy-encoded SSE and what came after it.</summary>
    Sse,

    /// <summary>SSE with an MMX register: pending x87 exceptions count, too.</summary>
    SseMmx,

    /// <summary>VEX- and XOP-encoded vectors.</summary>
    Avx,

    /// <summary>EVEX-encoded, and masks.</summary>
    Avx512,

    /// <summary>fxsave and fxrstor.</summary>
    Fxsave,

    /// <summary>xsave and its kin.</summary>
    Xsave,
}

/// <summary>Finds the class of an instruction, which its opcode decides. Not quick: ask a <see cref="FpuClassCache"/>.</summary>
public static class FpuClasses
{
    /// <summary>The class of an instruction (Intel SDM volume 3, 2.5 and table 2-1 of volume 2; volume 1, chapter 13).</summary>
    public static FpuClass Of(in Instruction insn)
    {
        switch (insn.Mnemonic)
        {
            case Mnemonic.Fxsave or Mnemonic.Fxsave64 or Mnemonic.Fxrstor or Mnemonic.Fxrstor64:
                return FpuClass.Fxsave;
            case Mnemonic.Xsave or Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec or Mnemonic.Xsavec64 or Mnemonic.Xsaves or Mnemonic.Xsaves64:
            case Mnemonic.Xrstor or Mnemonic.Xrstor64 or Mnemonic.Xrstors or Mnemonic.Xrstors64:
                return FpuClass.Xsave;
            case Mnemonic.Wait:
                return FpuClass.Wait;
            case Mnemonic.Fisttp:
                return FpuClass.X87; // which came with SSE3
            case Mnemonic.Fninit or Mnemonic.Fnclex or Mnemonic.Fnstcw or Mnemonic.Fnstsw or Mnemonic.Fnsave or Mnemonic.Fnstenv or Mnemonic.Fneni or Mnemonic.Fndisi or Mnemonic.Fnsetpm:
                return FpuClass.X87Quiet;
            case Mnemonic.Pause or Mnemonic.Prefetchnta or Mnemonic.Prefetcht0 or Mnemonic.Prefetcht1 or Mnemonic.Prefetcht2 or Mnemonic.Sfence or Mnemonic.Lfence or Mnemonic.Mfence:
            case Mnemonic.Movnti or Mnemonic.Clflush or Mnemonic.Crc32 or Mnemonic.Popcnt or Mnemonic.Prefetchw or Mnemonic.Prefetch:
                return FpuClass.None;
            default:
                break;
        }

        (bool mmx, bool vectors, bool masks) = Registers(insn.OpCode);
        switch (insn.Encoding)
        {
            case EncodingKind.EVEX or EncodingKind.MVEX:
                return FpuClass.Avx512;
            case EncodingKind.VEX or EncodingKind.XOP:
                return masks ? FpuClass.Avx512
                    : vectors || insn.Mnemonic is Mnemonic.Vzeroupper or Mnemonic.Vzeroall or Mnemonic.Vldmxcsr or Mnemonic.Vstmxcsr ? FpuClass.Avx : FpuClass.None;
            default:
                break;
        }

        if (insn.Mnemonic is Mnemonic.Ldmxcsr or Mnemonic.Stmxcsr)
            return FpuClass.Sse;
        mmx |= insn.Mnemonic is Mnemonic.Emms or Mnemonic.Femms;
        if (vectors)
            return mmx ? FpuClass.SseMmx : FpuClass.Sse;
        if (mmx)
            return FpuClass.Mmx;
        return IsX87(insn.Code) ? FpuClass.X87 : FpuClass.None;
    }

    // Kinds of register the opcode can have as operands; what stands in memory this time counts alike (cvttss2si).
    private static (bool Mmx, bool Vectors, bool Masks) Registers(OpCodeInfo info)
    {
        (bool mmx, bool vectors, bool masks) = (false, false, false);
        for (int i = 0; i < info.OpCount; i++)
        {
            ReadOnlySpan<char> kind = info.GetOpKind(i).ToString();
            mmx |= kind.StartsWith("mm_");
            vectors |= kind.StartsWith("xmm") || kind.StartsWith("ymm") || kind.StartsWith("zmm") || kind.StartsWith("mem_vsib");
            masks |= kind.StartsWith("k_") || kind.StartsWith("kp1_");
        }

        return (mmx, vectors, masks);
    }

    private static bool IsX87(Code code)
    {
        foreach (CpuidFeature feature in code.CpuidFeatures())
            if (feature is CpuidFeature.FPU or CpuidFeature.FPU287 or CpuidFeature.FPU387 or CpuidFeature.FPU287XL_ONLY or CpuidFeature.FPU387SL_ONLY)
                return true;
        return false;
    }
}
