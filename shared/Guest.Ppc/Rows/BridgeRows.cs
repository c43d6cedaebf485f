namespace Suite.Guest.Ppc;

/// <summary>Instructions of POWER that the 601 keeps (PowerPC 601 User's Manual, appendix B).</summary>
internal static unsafe class BridgeRows
{
    public static PpcRow[] Rows => [];
}
