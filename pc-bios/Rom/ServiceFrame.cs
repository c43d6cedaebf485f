namespace Suite.PcBios.Rom;

/// <summary>Offsets within the frame that a stub makes on the caller's stack before it calls a service, and what a service may ask of the stub.</summary>
internal static class ServiceFrame
{
    /// <summary>At the start of the frame; other writers to the service port have no such frame.</summary>
    public const uint MagicValue = 0x4F49_4253;

    public const int Magic = 0, Action = 4, Step = 5, Eoi = 6, Memo = 7, Gs = 8, Fs = 10, Es = 12, Ds = 14, Edi = 16, Esi = 20, Ebp = 24, Esp = 28, Ebx = 32, Edx = 36, Ecx = 40, Eax = 44,
        Vector = 48, Ip = 50, Cs = 52, Flags = 54, Size = 56;

    /// <summary>Return to the caller.</summary>
    public const byte Return = 0;

    /// <summary>Wait for an interrupt, then call the service again.</summary>
    public const byte Wait = 1;

    /// <summary>Call the far routine of the call block, then the service again.</summary>
    public const byte CallFar = 2;

    /// <summary>The same for an interrupt handler: flags are pushed, with carry set as the keyboard intercept wants it.</summary>
    public const byte CallInterrupt = 3;

    /// <summary>Let pending interrupts in, then call the service again.</summary>
    public const byte Poll = 4;

    /// <summary>Bits of <see cref="Eoi"/>: end the interrupt at the first and at the second controller.</summary>
    public const byte EoiFirst = 1, EoiSecond = 2;

    /// <summary>The call block lies in the EBDA: registers for <see cref="CallFar"/>, four words for its stack, and what came back.</summary>
    public const int BlockTarget = 0x40, BlockAx = 0x44, BlockBx = 0x46, BlockCx = 0x48, BlockDx = 0x4A, BlockSi = 0x4C, BlockDi = 0x4E, BlockEs = 0x50, BlockFlags = 0x52, BlockWords = 0x54;

    /// <summary>Pseudo vectors: the power-on self test.</summary>
    public const byte PostVector = 0x7E;
}
