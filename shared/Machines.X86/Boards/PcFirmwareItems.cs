using System.Buffers.Binary;
using System.Text;
using Suite.Devices.FwCfg;
using Suite.Devices.Virtio;
using Suite.Machines.Backends;
using Suite.Machines.Boards;
using Suite.Machines.Options;
using Suite.PcBios;
using Suite.PcBios.FwCfg;

namespace Suite.Machines.X86.Boards;

/// <summary>What a PC tells its firmware by fw_cfg.</summary>
internal static class PcFirmwareItems
{
    private const int E820EntryBytes = 20;

    /// <summary>Adds the items.</summary>
    public static void Fill(FwCfgDevice device, X86Board board)
    {
        PcDescription pc = board.Description;
        MachineOptions options = board.Options;
        device.Add(FwCfgKey.Uuid, pc.Uuid.ToByteArray(bigEndian: true));
        device.AddNumber(FwCfgKey.RamSize, pc.RamBytes, sizeof(ulong));
        device.AddNumber(FwCfgKey.NoGraphic, options.NoGraphic ? 1u : 0, sizeof(ushort));
        device.AddNumber(FwCfgKey.CpuCount, (ulong)pc.Cpus, sizeof(ushort));
        device.AddNumber(FwCfgKey.MaxCpus, (ulong)pc.MaxCpus, sizeof(ushort));
        device.AddNumber(FwCfgKey.BootMenu, options.Boot.GetBool("menu", false) ? 1u : 0, sizeof(ushort));
        device.AddNumber(FwCfgKey.Irq0Override, 1, sizeof(uint));
        device.AddFile("etc/e820", E820(pc));
        if (board.Setup.FirmwareImage is not null)
        {
            foreach ((string name, byte[] contents) in FirmwareFiles.Make(pc))
                device.AddFile(name, contents);
            device.AddFile("bootorder", BootOrder(board));
            foreach ((string name, byte[] image) in board.OptionRoms())
                device.AddFile($"genroms/{Path.GetFileName(name)}", image);
        }

        foreach (KeyValues item in options.FwCfg)
        {
            string name = item.Need("name");
            byte[] contents = item.Get("string") is { } text ? Encoding.UTF8.GetBytes(text) : UserFile.Read("-fw_cfg", item.Need("file"));
            item.Finish();
            device.AddFile(name, contents);
        }
    }

    // Open Firmware paths of the devices with a place in the boot order, a line each.
    private static byte[] BootOrder(X86Board board)
    {
        List<(int Index, string Path)> paths = [];
        foreach (Drive drive in board.Backends.Blocks.All)
        {
            if (drive.BootIndex is not { } index)
                continue;
            if (drive.IsVirtio && board.Plugged.FirstOrDefault(p => p.Virtio is VirtioBlock block && block.Medium == drive.Medium) is { Function: { } function })
                paths.Add((index, $"/pci@i0cf8/scsi@{function.Slot:x}/disk@0,0"));
            else if (drive.IdePlace is { } place)
                paths.Add((index, $"/pci@i0cf8/ide@1,1/drive@{place / 2}/disk@{place % 2}"));
        }

        foreach (PluggedDevice card in board.Plugged)
            if (card is { BootIndex: { } index, Function: { } function })
                paths.Add((index, $"/pci@i0cf8/ethernet@{function.Slot:x}/ethernet-phy@0"));
        return paths.Count == 0 ? [] : [.. Encoding.ASCII.GetBytes(string.Join('\n', paths.OrderBy(p => p.Index).Select(p => p.Path))), 0];
    }

    // Lines of start, length and kind: RAM only, firmware adds the rest.
    private static byte[] E820(PcDescription pc)
    {
        byte[] table = new byte[E820EntryBytes * (pc.HighRam > 0 ? 2 : 1)];
        Put(table, 0, pc.LowRam);
        if (pc.HighRam > 0)
            Put(table.AsSpan(E820EntryBytes), PcDescription.FourGiB, pc.HighRam);
        return table;
    }

    private static void Put(Span<byte> entry, ulong start, ulong length)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(entry, start);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], (uint)MemoryKind.Usable);
    }
}
