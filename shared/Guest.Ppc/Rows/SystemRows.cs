namespace Suite.Guest.Ppc;

/// <summary>Special registers, time base, privileged instructions.</summary>
internal static unsafe class SystemRows
{
    public static PpcRow[] Rows => [];
}
