using Suite.Devices.Char;
using Suite.Devices.Net;

namespace Suite.Machines.Backends;

/// <summary>What a device has taken of the host's side: given back when the device cannot be made after all, or released when it is taken out. Under the machine's lock.</summary>
/// <param name="backends">The host's side.</param>
/// <param name="owner">The device, for messages: its id, or its driver's name.</param>
public sealed class DeviceClaims(MachineBackends backends, string owner)
{
    private readonly List<Drive> _drives = [];
    private readonly List<NamedNetwork> _networks = [];
    private readonly List<(NamedChardev Line, IChardev End)> _lines = [];

    /// <summary>The drive of an id.</summary>
    /// <exception cref="Options.OptionException">There is none, or another device has it.</exception>
    public Drive Drive(string id)
    {
        Drive drive = backends.Blocks.Claim(owner, id);
        _drives.Add(drive);
        return drive;
    }

    /// <summary>The network back end of an id.</summary>
    /// <exception cref="Options.OptionException">There is none, or another card has it.</exception>
    public INetBackend Network(string id)
    {
        NamedNetwork network = backends.Nets.Claim(owner, id);
        _networks.Add(network);
        return network.Network;
    }

    /// <summary>The device's end of the character back end of an id.</summary>
    /// <exception cref="Options.OptionException">There is none, or another device has it and it is not shared.</exception>
    public IChardev Line(string id)
    {
        NamedChardev line = backends.Chars.Find(id);
        IChardev end = line.TakePlain();
        _lines.Add((line, end));
        return line.Watched(end);
    }

    /// <summary>The device was not made: everything is free again, as it was.</summary>
    public void GiveBack()
    {
        foreach (Drive drive in _drives)
            drive.Detach();
        GiveBackOthers();
    }

    /// <summary>The device was taken out: nodes of -blockdev, networks and character back ends are free for another one; a -drive goes with it.</summary>
    public void Release()
    {
        foreach (Drive drive in _drives)
            backends.Blocks.Release(drive);
        GiveBackOthers();
    }

    private void GiveBackOthers()
    {
        foreach (NamedNetwork network in _networks)
            backends.Nets.Release(network);
        foreach ((NamedChardev line, IChardev end) in _lines)
            line.GiveBack(end);
        _drives.Clear();
        _networks.Clear();
        _lines.Clear();
    }
}
