namespace Suite.Guest.X86.Cpu;

/// <summary>A named model as data.</summary>
/// <param name="Name">The name for <c>-cpu</c>.</param>
/// <param name="Features">Its features, before the host is asked what it has.</param>
/// <param name="Identity">What cpuid says about maker and kind.</param>
/// <param name="Summary">One line for help.</param>
internal sealed record CpuModelDefinition(string Name, CpuFeatureSet Features, CpuIdentity Identity, string Summary)
{
    /// <summary>False for the processors that know 32-bit code only.</summary>
    public bool Is64Bit => Features.Has(CpuFeature.Lm);
}
