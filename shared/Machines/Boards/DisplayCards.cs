namespace Suite.Machines.Boards;

/// <summary>Display adapters.</summary>
public static class DisplayCards
{
    /// <summary>The standard adapter's name.</summary>
    public const string Vga = "VGA";

    /// <summary>Rows of the catalogue.</summary>
    public static IEnumerable<DeviceRow> Rows() =>
    [
        new(Vga, "PCI", "Display", "the standard display adapter, as -vga std",
        [
            new("edid", "bool", "the monitor tells of itself (default: on)"), new("xres", "uint32", "its preferred width (default: 1280)"), new("yres", "uint32", "its preferred height (default: 800)"),
            new("vgamem_mb", "uint32", "video memory in MiB, a power of two (default: 16)"), new("xmax", "uint32", "accepted and ignored"), new("ymax", "uint32", "accepted and ignored"),
        ], static r => r.Board.AddDisplay(r)),
    ];
}
