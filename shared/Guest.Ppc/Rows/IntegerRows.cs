namespace Suite.Guest.Ppc;

/// <summary>Integer arithmetic, logic, comparison, rotation and shifts (Power ISA 2.07 I 3.3).</summary>
internal static unsafe class IntegerRows
{
    public static PpcRow[] Rows => [];
}
