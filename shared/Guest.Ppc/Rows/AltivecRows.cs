namespace Suite.Guest.Ppc;

/// <summary>AltiVec (AltiVec Technology Programming Environments Manual).</summary>
internal static unsafe class AltivecRows
{
    public static PpcRow[] Rows => [];
}
