using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.Tests.Jit;

/// <summary>A small code region that is given back after the test: there are only a few places for one below 2 GiB.</summary>
internal sealed unsafe class RegionFixture : IDisposable
{
    private const int CodeBytes = 1 << 20;

    public CodeRegion Region { get; } = CodeRegion.Reserve(CodeBytes);

    public void Dispose() => Sys.Call(Nr.munmap, (long)Region.Base, Region.Size);
}
