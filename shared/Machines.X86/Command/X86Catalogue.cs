using Suite.Machines.Boards;
using Suite.Machines.X86.Boards;

namespace Suite.Machines.X86.Command;

/// <summary>The devices of the x86 tools.</summary>
internal static class X86Catalogue
{
    /// <summary>All of them. Made when asked for: a plain start adds no device by name.</summary>
    public static DeviceCatalogue Create() => new([.. VirtioDevices.Rows(), .. NetworkCards.Rows(), .. DisplayCards.Rows(), .. IsaDevices.Rows()]);
}
