namespace Suite.Guest.Ppc;

/// <summary>All instructions. Where two rows of different features share words (AltiVec and SPE), the model decides; among equals the earlier row wins.</summary>
public static class PpcRows
{
    /// <summary>The rows of all areas.</summary>
    public static PpcRow[] All { get; } = Join();

    private static PpcRow[] Join() =>
    [
        .. IntegerRows.Rows,
        .. BranchRows.Rows,
        .. LoadStoreRows.Rows,
        .. SystemRows.Rows,
        .. BridgeRows.Rows,
        .. FloatRows.Rows,
        .. AltivecRows.Rows,
        .. SpeRows.Rows,
    ];
}
