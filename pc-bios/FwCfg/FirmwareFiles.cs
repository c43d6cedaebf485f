using Suite.PcBios.Tables;

namespace Suite.PcBios.FwCfg;

/// <summary>What firmware of others (-bios) takes from fw_cfg to make its tables: ACPI with its loader script, SMBIOS, sleep states.</summary>
public static class FirmwareFiles
{
    private const string AcpiTablesFile = "etc/acpi/tables", AcpiRootFile = "etc/acpi/rsdp", LoaderFile = "etc/table-loader";
    private const int TablesAlignment = 64, RootAlignment = 16, RootRsdt = 16, RootXsdt = 24, RootChecksum = 8, RootExtendedChecksum = 32;

    /// <summary>Names and contents.</summary>
    /// <param name="pc">The machine.</param>
    public static IReadOnlyList<(string Name, byte[] Contents)> Make(PcDescription pc)
    {
        Smbios smbios = Smbios.Make(pc);
        List<(string, byte[])> files =
        [
            ("etc/smbios/smbios-anchor", smbios.EntryPoint(0)),
            ("etc/smbios/smbios-tables", smbios.Tables),
            ("etc/system-states", [0x80, 0, 0, 0, 0, 0x80]), // S0 and S5; a byte each, bit 7: there
        ];
        if (pc.HasAcpi)
            AddAcpi(files, AcpiTables.Make(pc));
        return files;
    }

    private static void AddAcpi(List<(string, byte[])> files, AcpiTables tables)
    {
        TableLoader loader = new();
        loader.Place(AcpiTablesFile, TablesAlignment, isLow: false);
        foreach ((int offset, int size) in tables.Pointers)
            loader.Point(AcpiTablesFile, offset, size, AcpiTablesFile);
        foreach ((int offset, int length) in tables.Tables)
            loader.Checksum(AcpiTablesFile, offset + AcpiTable.ChecksumOffset, offset, length);
        loader.Place(AcpiRootFile, RootAlignment, isLow: true);
        loader.Point(AcpiRootFile, RootRsdt, 4, AcpiTablesFile);
        loader.Point(AcpiRootFile, RootXsdt, 8, AcpiTablesFile);
        loader.Checksum(AcpiRootFile, RootChecksum, 0, AcpiTables.OldRootBytes);
        loader.Checksum(AcpiRootFile, RootExtendedChecksum, 0, AcpiTables.RootBytes);
        byte[] root = tables.RootPointer(0);
        (root[RootChecksum], root[RootExtendedChecksum]) = (0, 0); // the sum is made over what stands there
        files.Add((AcpiTablesFile, tables.Block.ToArray()));
        files.Add((AcpiRootFile, root));
        files.Add((LoaderFile, loader.Script));
    }
}
