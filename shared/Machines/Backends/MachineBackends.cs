using Suite.Devices.Core;

namespace Suite.Machines.Backends;

/// <summary>The host's side of a machine: what -chardev, -drive, -blockdev and -netdev have made.</summary>
/// <param name="loop">Waits for their descriptors.</param>
public sealed class MachineBackends(HostLoop loop)
{
    public HostLoop Loop => loop;

    public CharBackends Chars { get; } = new(loop);
}
