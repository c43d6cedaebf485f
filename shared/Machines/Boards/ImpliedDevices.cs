using Suite.Machines.Backends;
using Suite.Machines.Options;

namespace Suite.Machines.Boards;

/// <summary>The devices that -nic, -net and -drive stand for.</summary>
public static class ImpliedDevices
{
    private static readonly string[] OfCard = ["id", "model", "netdev", "mac", "macaddr", "addr", "name", "vectors", "romfile", "rombar", "bootindex"];

    /// <summary>Network cards; the board's usual one with a user-mode network when nothing is said.</summary>
    public static IEnumerable<KeyValues> OfNetwork(Board board, MachineOptions options)
    {
        if (options.NoNetwork)
            yield break;
        List<KeyValues> nics = options.Nics;
        if (nics.Count == 0 && options.NetBackends.Count == 0 && !options.NoDefaults && board.DefaultNic is not null)
            nics = [KeyValues.Of("-nic", ("type", "user"))];
        for (int i = 0; i < nics.Count; i++)
            yield return Card(board, nics[i], nics[i].Get("id") ?? $"net{i}");
    }

    /// <summary>Disks of -drive if=virtio; those of other interfaces belong to controllers the board has.</summary>
    public static IEnumerable<KeyValues> OfDrives(Board board)
    {
        foreach (Drive drive in board.Backends.Blocks.All)
            if (drive.Interface == "virtio")
                yield return KeyValues.Of("-drive", ("driver", board.Pci is null ? "virtio-blk-device" : "virtio-blk-pci"), ("drive", drive.Id));
    }

    private static KeyValues Card(Board board, KeyValues nic, string id)
    {
        string model = nic.Get("model") ?? board.DefaultNic ?? "virtio-net-device";
        string? netdev = nic.Get("netdev");
        if (netdev is null)
        {
            KeyValues network = KeyValues.Of(nic.What);
            foreach ((string key, string value) in nic.Items)
                if (Array.IndexOf(OfCard, key) < 0)
                    network.Append(key, value);
            network.Default("type", "user");
            netdev = board.Backends.Nets.Add(network, id).Id;
        }

        KeyValues card = KeyValues.Of("-nic", ("driver", model == "virtio" ? board.Pci is null ? "virtio-net-device" : "virtio-net-pci" : model), ("netdev", netdev));
        if ((nic.Get("mac") ?? nic.Get("macaddr")) is { } mac)
            card.Default("mac", mac);
        foreach (string key in (ReadOnlySpan<string>)["addr", "romfile", "rombar", "bootindex"])
            if (nic.Get(key) is { } value)
                card.Default(key, value);
        return card;
    }
}
