namespace Suite.Guest.Ppc;

/// <summary>Floating point (Power ISA 2.07 I 4).</summary>
internal static unsafe class FloatRows
{
    public static PpcRow[] Rows => [];
}
