namespace Suite.Guest.Ppc;

/// <summary>Fields of an instruction word, named as in the Power ISA (bit 0 is the most significant).</summary>
internal static class PpcWord
{
    /// <summary>Bits <paramref name="first"/> to <paramref name="last"/>, counted from the left.</summary>
    public static int Bits(uint word, int first, int last) => (int)(word >> 31 - last & (1u << last - first + 1) - 1);

    /// <summary>RT, RS, FRT, FRS, VRT, VRS, TO, BT, BO: bits 6-10.</summary>
    public static int Rt(uint word) => (int)(word >> 21 & 31);

    /// <summary>RA, FRA, VRA, BA, BI: bits 11-15.</summary>
    public static int Ra(uint word) => (int)(word >> 16 & 31);

    /// <summary>RB, FRB, VRB, BB, SH, NB: bits 16-20.</summary>
    public static int Rb(uint word) => (int)(word >> 11 & 31);

    /// <summary>FRC, VRC, MB, BC: bits 21-25.</summary>
    public static int Rc(uint word) => (int)(word >> 6 & 31);

    /// <summary>ME: bits 26-30.</summary>
    public static int Me(uint word) => (int)(word >> 1 & 31);

    /// <summary>SI and D: bits 16-31, signed.</summary>
    public static int Si(uint word) => (short)word;

    /// <summary>UI: bits 16-31, unsigned.</summary>
    public static uint Ui(uint word) => word & 0xFFFF;

    /// <summary>BF: bits 6-8.</summary>
    public static int Bf(uint word) => (int)(word >> 23 & 7);

    /// <summary>BFA: bits 11-13.</summary>
    public static int Bfa(uint word) => (int)(word >> 18 & 7);

    /// <summary>FXM: bits 12-19.</summary>
    public static uint Fxm(uint word) => word >> 12 & 0xFF;

    /// <summary>FLM: bits 7-14.</summary>
    public static uint Flm(uint word) => word >> 17 & 0xFF;

    /// <summary>SPR, TBR, PMRN, DCRN: bits 11-20 with its halves in order.</summary>
    public static int Spr(uint word) => (int)(word >> 16 & 31 | word >> 6 & 0x3E0);

    /// <summary>5-bit signed immediate of bits 11-15.</summary>
    public static int Sim(uint word) => (int)(word << 11) >> 27;

    /// <summary>Bit 31 of the X, XO, M, A forms.</summary>
    public static bool HasRc(uint word) => (word & 1) != 0;

    /// <summary>Bit 21 of the VC form.</summary>
    public static bool HasVectorRc(uint word) => (word & 0x400) != 0;

    /// <summary>Bit 21 of the XO form.</summary>
    public static bool HasOe(uint word) => (word & 0x400) != 0;

    public static bool HasLk(uint word) => (word & 1) != 0;

    public static bool HasAa(uint word) => (word & 2) != 0;
}
