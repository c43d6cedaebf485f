namespace Suite.Guest.Ppc;

/// <summary>Special register numbers that user mode meets.</summary>
internal static class PpcSpr
{
    public const int Mq = 0, Xer = 1, RtcUpper = 4, RtcLower = 5, Decrementer601 = 6, Lr = 8, Ctr = 9;

    /// <summary>VRSAVE; USPRG0 on Book E and 4xx.</summary>
    public const int VrSave = 256;

    public const int Sprg4Read = 260, Sprg7Read = 263, TimeBaseRead = 268, TimeBaseUpperRead = 269, Pvr = 287, Spefscr = 512;

    /// <summary>Read-only copies of the performance monitor's registers (7xx, 74xx).</summary>
    public const int FirstUserMonitor = 928, LastUserMonitor = 943;

    /// <summary>Bit 11 of the word says that the register belongs to the operating system.</summary>
    public static bool IsPrivileged(int number) => (number & 0x10) != 0;
}
