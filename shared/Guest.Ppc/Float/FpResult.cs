namespace Suite.Guest.Ppc.Float;

/// <summary>Outcome of one operation.</summary>
/// <param name="Bits">The result: a double, an integer, or the four comparison bits.</param>
/// <param name="Status">FPSCR bits the operation raised or set: exceptions, FR, FI and (for results that are numbers) FPRF. Summaries are not among them.</param>
public readonly record struct FpResult(ulong Bits, uint Status)
{
    /// <summary>Whether the result reaches its register: an enabled invalid operation or zero divide leaves the target as it was.</summary>
    public bool IsDelivered(uint fpscr) =>
        ((Status & Fpscr.Invalid) == 0 || (fpscr & Fpscr.Ve) == 0) && ((Status & Fpscr.Zx) == 0 || (fpscr & Fpscr.Ze) == 0);
}
