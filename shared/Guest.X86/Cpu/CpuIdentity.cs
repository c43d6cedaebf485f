namespace Suite.Guest.X86.Cpu;

/// <summary>Maker, kind and extent of cpuid.</summary>
/// <param name="Vendor">Twelve letters.</param>
/// <param name="Family">Displayed family: base plus extended.</param>
/// <param name="Model">Displayed model.</param>
/// <param name="Stepping">Revision, 0 to 15.</param>
/// <param name="Level">Highest basic leaf.</param>
/// <param name="ExtendedLevel">Highest leaf of the 0x8000_0000 range, 0 for processors without it.</param>
/// <param name="Brand">Processor name, up to 48 letters.</param>
internal sealed record CpuIdentity(string Vendor, int Family, int Model, int Stepping, uint Level, uint ExtendedLevel, string Brand)
{
    public const string Intel = "GenuineIntel", Amd = "AuthenticAMD", Hygon = "HygonGenuine";

    /// <summary>AMD's leaves and habits; Hygon builds AMD's design.</summary>
    public bool IsAmd => Vendor is Amd or Hygon;

    /// <summary>Leaf 1 eax (Intel SDM volume 2A, CPUID, figure 3-6).</summary>
    public uint Signature
    {
        get
        {
            uint family = Family > 15 ? 15u << 8 | (uint)(Family - 15) << 20 : (uint)Family << 8;
            return family | (uint)(Model & 0xF) << 4 | (uint)(Model >> 4 & 0xF) << 16 | (uint)(Stepping & 0xF);
        }
    }
}
