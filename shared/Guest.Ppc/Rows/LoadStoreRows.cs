namespace Suite.Guest.Ppc;

/// <summary>Integer loads and stores, reservations and cache management (Power ISA 2.07 I 3.3.2 to 3.3.7, II 4).</summary>
internal static unsafe class LoadStoreRows
{
    public static PpcRow[] Rows => [];
}
