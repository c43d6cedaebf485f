using Suite.Machines.Options;
using Suite.Machines.X86.Boards;

namespace Suite.Machines.X86.Command;

/// <summary>The boards of -M.</summary>
internal static class X86Boards
{
    /// <summary>One row each; the first is the default.</summary>
    public static IReadOnlyList<X86BoardRow> All { get; } =
    [
        new("pc", ["pc-i440fx-7.2", "pc-i440fx"], "PC with 440FX and PIIX3, as it has been since 1996", static setup => new PcBoard(setup)),
        new("microvm", [], "the smallest machine that Linux boots on: virtio by MMIO, no PCI", static setup => new MicrovmBoard(setup)),
    ];

    /// <summary>The board of a name.</summary>
    /// <exception cref="OptionException">There is none; the nearest is named.</exception>
    public static X86BoardRow Find(string? name)
    {
        if (name is null)
            return All[0];
        foreach (X86BoardRow row in All)
            if (row.Name == name || Array.IndexOf(row.Aliases, name) >= 0 || (row.Name == "pc" && name.StartsWith("pc-i440fx-", StringComparison.Ordinal)))
                return row;
        throw OptionException.Unknown("-M: board", name, All.Select(b => b.Name), "-M help");
    }
}

/// <summary>A board.</summary>
/// <param name="Name">In -M.</param>
/// <param name="Aliases">Other names.</param>
/// <param name="Description">For -M help.</param>
/// <param name="Create">Wires one.</param>
internal sealed record X86BoardRow(string Name, string[] Aliases, string Description, Func<X86Setup, X86Board> Create);
