namespace Suite.Guest.Ppc;

/// <summary>Branches, condition register logic, traps and system call (Power ISA 2.07 I 2.4, 2.5, 3.3.11).</summary>
internal static unsafe class BranchRows
{
    public static PpcRow[] Rows => [];
}
