using Suite.Devices.Core;
using Suite.Machines.Control;

namespace Suite.Machines.Backends;

/// <summary>The host's side of a machine: what -chardev, -drive, -blockdev and -netdev have made.</summary>
/// <param name="loop">Waits for their descriptors.</param>
public sealed class MachineBackends(HostLoop loop)
{
    public HostLoop Loop => loop;

    public CharBackends Chars { get; } = new(loop);

    /// <summary>Drives whose media monitors may change; null on a machine without drives.</summary>
    public IMedia? Media { get; set; }

    /// <summary>The text of `info network`.</summary>
    public string NetworkText() => "";

    /// <summary>The text of `info usernet`.</summary>
    public string UserNetText() => "";
}
