namespace Suite.Guest.Ppc;

/// <summary>A processor the guest may see.</summary>
public sealed record PpcModel(string Name, uint Pvr, PpcFeature Features, int CacheLine)
{
    /// <summary>The bits of XER besides SO, OV and CA: the string count, and on the 601 the byte that lscbx looks for.</summary>
    public uint XerCountMask => Has(PpcFeature.Power) ? 0xFF7Fu : 0x7F;

    /// <summary>Whether all of the given features are there.</summary>
    public bool Has(PpcFeature feature) => (Features & feature) == feature;
}
