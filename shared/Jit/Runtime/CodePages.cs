namespace Suite.Jit.Runtime;

/// <summary>What the engine knows about one guest page that holds translated code.</summary>
internal sealed class CodePage
{
    /// <summary>One bit a byte of the page: an instruction that was translated starts here.</summary>
    public readonly ulong[] Starts = new ulong[64];

    /// <summary>Newest block that begins on this page or reaches into it; -1 for none.</summary>
    public int FirstBlock = -1;

    /// <summary>How often a write to this page threw translations away.</summary>
    public int Rewrites;

    /// <summary>The page is not write-protected; its blocks compare their bytes on entry instead.</summary>
    public bool Checked;

    public bool IsStart(ulong pc) => (Starts[(pc >> 6) & 63] >> (int)(pc & 63) & 1) != 0;

    public void MarkStart(ulong pc) => Starts[(pc >> 6) & 63] |= 1UL << (int)(pc & 63);
}
