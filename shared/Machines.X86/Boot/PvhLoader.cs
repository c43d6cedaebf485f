using System.Buffers.Binary;
using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>Starts a kernel by the PVH protocol (Xen, docs/misc/pvh.pandoc; struct hvm_start_info version 1).</summary>
internal static class PvhLoader
{
    private const uint Magic = 0x336E_C578;
    private const int InfoBytes = 56, ModuleBytes = 32, MapEntryBytes = 24;

    public static BootPlan Plan(LoaderFile kernel, ElfImage elf, BootFiles files, BootMachine machine)
    {
        if (files.Dtb is not null)
            throw kernel.Error("is started by the PVH protocol, which passes no device tree: leave -dtb out");
        uint entry = elf.PvhEntry!.Value;
        MemoryPlacer placer = new(machine.Map);
        List<BootPiece> pieces = elf.Load(kernel, placer);
        if (!elf.Segments.Any(s => entry >= s.Physical && entry - s.Physical < s.MemorySize))
            throw kernel.Error($"has its PVH entry at {entry:x}, outside all segments: damaged");
        (ulong initrdAt, ulong initrdBytes) = files.Initrd is { } initrd ? LinuxLoader.PlaceInitrd(pieces, placer, initrd, PcDescription.FourGiB) : (0, 0);

        byte[] line = LinuxLoader.Terminated(LinuxLoader.CommandLine(files));
        int moduleAt = InfoBytes, mapAt = moduleAt + ModuleBytes, lineAt = mapAt + MapEntryBytes * machine.Map.Count;
        byte[] info = new byte[lineAt + line.Length];
        ulong at = placer.Place(kernel, "the start information", (ulong)info.Length, 4096, MemoryMap.Ebda);
        Span<byte> s = info;
        BinaryPrimitives.WriteUInt32LittleEndian(s, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(s[4..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(s[12..], files.Initrd is null ? 0u : 1u);
        BinaryPrimitives.WriteUInt64LittleEndian(s[16..], files.Initrd is null ? 0 : at + (ulong)moduleAt);
        BinaryPrimitives.WriteUInt64LittleEndian(s[24..], at + (ulong)lineAt);
        BinaryPrimitives.WriteUInt64LittleEndian(s[32..], machine.AcpiRsdp);
        BinaryPrimitives.WriteUInt64LittleEndian(s[40..], at + (ulong)mapAt);
        BinaryPrimitives.WriteUInt32LittleEndian(s[48..], (uint)machine.Map.Count);
        BinaryPrimitives.WriteUInt64LittleEndian(s[moduleAt..], initrdAt);
        BinaryPrimitives.WriteUInt64LittleEndian(s[(moduleAt + 8)..], initrdBytes);
        for (int i = 0; i < machine.Map.Count; i++)
        {
            Span<byte> e = s[(mapAt + i * MapEntryBytes)..];
            BinaryPrimitives.WriteUInt64LittleEndian(e, machine.Map[i].Start);
            BinaryPrimitives.WriteUInt64LittleEndian(e[8..], machine.Map[i].Length);
            BinaryPrimitives.WriteUInt32LittleEndian(e[16..], (uint)machine.Map[i].Kind);
        }

        line.CopyTo(s[lineAt..]);
        pieces.Add(new BootPiece(at, "start information") { Bytes = info });
        return new BootPlan("ELF kernel, PVH entry", pieces, LinuxLoader.FlatStart(kernel, pieces, placer, EntryMode.Protected, entry) with { Rbx = at });
    }
}
