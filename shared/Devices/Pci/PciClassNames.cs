namespace Suite.Devices.Pci;

/// <summary>Names of PCI class codes (PCI Code and ID Assignment Specification), of the kinds that a machine here can have.</summary>
public static class PciClassNames
{
    /// <summary>The name of a class code of 24 bits.</summary>
    public static string Find(uint code) => (code >> 8) switch
    {
        0x0100 => "SCSI controller",
        0x0101 => "IDE controller",
        0x0200 => "Ethernet controller",
        0x0300 => "VGA controller",
        0x0500 => "RAM controller",
        0x0600 => "Host bridge",
        0x0601 => "ISA bridge",
        0x0680 => "Bridge",
        0x0780 => "Communication controller",
        _ => $"Class {code >> 8:x4}",
    };
}
