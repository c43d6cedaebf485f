namespace Suite.Guest.Ppc;

/// <summary>A processor the guest may see.</summary>
public sealed record PpcModel(string Name, uint Pvr, PpcFeature Features, int CacheLine)
{
    /// <summary>Whether all of the given features are there.</summary>
    public bool Has(PpcFeature feature) => (Features & feature) == feature;
}
