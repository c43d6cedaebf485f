using System.Buffers.Binary;
using System.Text;
using Suite.Devices.FwCfg;
using Suite.Machines.Options;
using Suite.PcBios;

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
        foreach (KeyValues item in options.FwCfg)
        {
            string name = item.Need("name");
            byte[] contents = item.Get("string") is { } text ? Encoding.UTF8.GetBytes(text) : File.ReadAllBytes(item.Need("file"));
            item.Finish();
            device.AddFile(name, contents);
        }
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
