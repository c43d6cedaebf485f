using System.Buffers.Binary;
using Suite.PcBios;
using Suite.PcBios.Tables;

namespace Suite.Machines.X86.Boot;

/// <summary>Starts a multiboot 2 kernel (Multiboot2 Specification 2.0, 3.2-3.6).</summary>
internal static class MultibootLoader2
{
    private const uint LoaderMagic = 0x36D7_6289;
    private const uint CommandLineTag = 1, LoaderNameTag = 2, ModuleTag = 3, MemoryTag = 4, MapTag = 6, FramebufferTag = 8, ElfTag = 9, OldRsdpTag = 14, NewRsdpTag = 15, LoadBaseTag = 21;

    public static BootPlan Plan(LoaderFile kernel, MultibootHeader2 header, BootFiles files, BootMachine machine)
    {
        if (files.Dtb is not null)
            throw kernel.Error("is started by multiboot, which passes no device tree: leave -dtb out");
        MemoryPlacer placer = new(machine.Map);
        (List<BootPiece> pieces, ulong entry, ElfImage? elf) = MultibootLoader.LoadKernel(kernel, header.Image, header.Position, placer);
        entry = header.Entry ?? entry;
        if (!pieces.Any(p => entry >= p.Address && entry - p.Address < p.Length))
            throw kernel.Error($"has its entry at {entry:x}, outside the image: damaged");
        ulong loadBase = pieces.Min(p => p.Address);
        IReadOnlyList<BootModule> modules = BootModule.Parse(files.Initrd);
        IReadOnlyList<ulong> places = BootModule.Place(modules, placer, pieces);

        List<byte> info = [.. new byte[8]];
        Tag(info, CommandLineTag, MultibootLoader.CommandLine(files));
        Tag(info, LoaderNameTag, LinuxLoader.Terminated(MultibootLoader.LoaderName));
        (uint lower, uint upper) = MultibootLoader.Memory(machine.Map);
        Tag(info, MemoryTag, [.. Dword(lower), .. Dword(upper)]);
        for (int i = 0; i < modules.Count; i++)
            Tag(info, ModuleTag, [.. Dword((uint)places[i]), .. Dword((uint)(places[i] + (ulong)modules[i].File.Length)), .. LinuxLoader.Terminated(modules[i].Text)]);
        Tag(info, MapTag, Map(machine.Map));
        if (machine.Pc.HasVga)
            Tag(info, FramebufferTag, [.. Quad(0xB8000), .. Dword(160), .. Dword(80), .. Dword(25), 16, 2, 0, 0]);
        if (elf is not null && ElfSections.Load(kernel, elf, placer, pieces) is { } sections)
            Tag(info, ElfTag, [.. Dword((uint)sections.Count), .. Dword((uint)sections.EntrySize), .. Dword((uint)sections.Names), .. sections.Headers]);
        if (!machine.RsdpBytes.IsEmpty)
        {
            Tag(info, OldRsdpTag, machine.RsdpBytes[..AcpiTables.OldRootBytes].ToArray());
            Tag(info, NewRsdpTag, machine.RsdpBytes.ToArray());
        }

        Tag(info, LoadBaseTag, Dword((uint)loadBase));
        Tag(info, 0, []);
        byte[] bytes = [.. info];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        ulong at = placer.Place(kernel, "the multiboot information", (ulong)bytes.Length, 8, MemoryMap.Ebda);
        pieces.Add(new BootPiece(at, "multiboot information") { Bytes = bytes });
        return new BootPlan("multiboot 2 kernel", pieces, LinuxLoader.FlatStart(kernel, pieces, placer, EntryMode.Protected, entry) with { Rax = LoaderMagic, Rbx = at });
    }

    private static byte[] Map(IReadOnlyList<MemoryRange> map)
    {
        List<byte> bytes = [.. Dword(24), .. Dword(0)];
        foreach (MemoryRange range in map)
            bytes.AddRange([.. Quad(range.Start), .. Quad(range.Length), .. Dword((uint)range.Kind), .. Dword(0)]);
        return [.. bytes];
    }

    private static void Tag(List<byte> info, uint type, byte[] data)
    {
        info.AddRange(Dword(type));
        info.AddRange(Dword((uint)data.Length + 8));
        info.AddRange(data);
        while (info.Count % 8 != 0)
            info.Add(0);
    }

    private static byte[] Dword(uint value) => BitConverter.GetBytes(value);

    private static byte[] Quad(ulong value) => BitConverter.GetBytes(value);
}
