namespace Suite.Tools.Ppc;

/// <summary>
/// Layout of the signal frames (arch/powerpc/kernel/signal_32.c). From r1 upwards:
/// <code>
///   rt frame:   80 bytes for the caller of the handler, siginfo (128), ucontext (192), mcontext (992), 224 bytes left free
///   old frame:  64 bytes for the caller of the handler, sigcontext (32), mcontext (992), 224 bytes left free
///   mcontext:   48 words of registers, 32 doubles and FPSCR, 2 words, 33 vectors (the last: VRSAVE ... VSCR)
/// </code>
/// The 224 free bytes are what a leaf function may use below its stack pointer. Offsets are in bytes.
/// </summary>
internal static class SignalFrame
{
    /// <summary>Word numbers in the register block (asm/ptrace.h).</summary>
    public const int Nip = 32, Msr = 33, OriginalR3 = 34, Ctr = 35, Lr = 36, Xer = 37, Cr = 38, Mq = 39, Trap = 40, Dar = 41, Dsisr = 42, Result = 43;

    /// <summary>Offsets in the register block.</summary>
    public const int FprOffset = 192, FpscrOffset = FprOffset + 32 * 8, VectorOffset = 464, VscrOffset = VectorOffset + 32 * 16 + 12,
        VrSaveOffset = VectorOffset + 32 * 16, ContextSize = VectorOffset + 33 * 16;

    /// <summary>SPE keeps the upper halves of the general registers where the vectors would be: 32 words, the accumulator, SPEFSCR.</summary>
    public const int SpeUpperOffset = VectorOffset, SpeAccumulatorOffset = SpeUpperOffset + 32 * 4, SpefscrOffset = SpeAccumulatorOffset + 8;

    /// <summary>Offsets in struct ucontext.</summary>
    public const int UcFlags = 0, UcLink = 4, UcStack = 8, UcRegs = 48, UcSigmask = 52, UcContext = 192, UcSize = UcContext + ContextSize;

    /// <summary>Offsets from r1 at the handler's entry, rt frame.</summary>
    public const int RtGap = 80, RtInfo = RtGap, RtUcontext = RtInfo + 128, RtSize = RtUcontext + UcSize + AbiGap - RtGap, RtRegistersPointer = RtUcontext + UcRegs;

    /// <summary>Offsets from r1 at the handler's entry, old frame: struct sigcontext {4 unused words, signal, handler, mask, registers}.</summary>
    public const int OldGap = 64, OldMaskHigh = OldGap + 12, OldSignal = OldGap + 16, OldHandler = OldGap + 20, OldMask = OldGap + 24, RegistersPointer = OldGap + 28,
        OldContext = OldGap + 32, OldSize = 32 + ContextSize + AbiGap;

    private const int AbiGap = 56 * 4;
}
