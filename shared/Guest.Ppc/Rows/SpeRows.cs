namespace Suite.Guest.Ppc;

/// <summary>Signal processing engine and embedded floating point (SPE Programming Environments Manual).</summary>
internal static unsafe class SpeRows
{
    public static PpcRow[] Rows => [];
}
