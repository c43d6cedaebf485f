using Suite.Devices.Core;
using Suite.Machines.Control;
using Suite.Machines.Options;

namespace Suite.Machines.Backends;

/// <summary>The host's side of a machine: what -chardev, -drive, -blockdev, -netdev and -object have made.</summary>
public sealed class MachineBackends : IDisposable
{
    /// <summary>Empty ones.</summary>
    /// <param name="machine">Whose.</param>
    /// <param name="loop">Waits for their descriptors.</param>
    /// <param name="options">For -snapshot and -object.</param>
    /// <param name="note">A line for the user.</param>
    public MachineBackends(Machine machine, HostLoop loop, MachineOptions options, Action<string> note)
    {
        Loop = loop;
        Objects = new HostObjects(options);
        Chars = new CharBackends(loop);
        Blocks = new BlockBackends(machine.Lock, note) { IsSnapshot = options.Snapshot };
        Nets = new NetBackends(loop, machine.Clock);
    }

    public HostLoop Loop { get; }

    /// <summary>-object.</summary>
    public HostObjects Objects { get; }

    public CharBackends Chars { get; }

    public BlockBackends Blocks { get; }

    public NetBackends Nets { get; }

    /// <summary>Drives whose media monitors may change.</summary>
    public IMedia Media => Blocks;

    /// <inheritdoc/>
    public void Dispose()
    {
        Nets.Dispose();
        Blocks.Dispose();
        Chars.Dispose();
    }
}
