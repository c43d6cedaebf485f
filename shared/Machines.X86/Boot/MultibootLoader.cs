using System.Buffers.Binary;
using System.Text;
using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>Starts a multiboot 1 kernel: ELF or plain image, modules, memory map (Multiboot Specification 0.6.96, 3.2-3.3).</summary>
internal static class MultibootLoader
{
    internal const string LoaderName = "suite";

    private const uint LoaderMagic = 0x2BAD_B002;
    private const uint HasMemory = 1, HasCommandLine = 4, HasModules = 8, HasElfSections = 32, HasMap = 64, HasLoaderName = 1 << 9, HasFramebuffer = 1 << 12;
    private const int InfoBytes = 120, ModuleBytes = 16, MapEntryBytes = 24;

    public static BootPlan Plan(LoaderFile kernel, MultibootHeader header, BootFiles files, BootMachine machine)
    {
        if (files.Dtb is not null)
            throw kernel.Error("is started by multiboot, which passes no device tree: leave -dtb out");
        MemoryPlacer placer = new(machine.Map);
        (List<BootPiece> pieces, ulong entry, ElfImage? elf) = LoadKernel(kernel, header.Image, header.Position, placer);
        IReadOnlyList<BootModule> modules = BootModule.Parse(files.Initrd);
        IReadOnlyList<ulong> places = BootModule.Place(modules, placer, pieces);

        byte[] line = CommandLine(files), name = LinuxLoader.Terminated(LoaderName);
        byte[][] texts = [.. modules.Select(m => LinuxLoader.Terminated(m.Text))];
        int modulesAt = InfoBytes, mapAt = modulesAt + ModuleBytes * modules.Count, lineAt = mapAt + MapEntryBytes * machine.Map.Count;
        int nameAt = lineAt + line.Length, textAt = nameAt + name.Length;
        byte[] info = new byte[textAt + texts.Sum(t => t.Length)];
        ulong at = placer.Place(kernel, "the multiboot information", (ulong)info.Length, 16, MemoryMap.Ebda);

        uint flags = HasMemory | HasCommandLine | HasModules | HasMap | HasLoaderName;
        (uint lower, uint upper) = Memory(machine.Map);
        Put(info, 4, lower);
        Put(info, 8, upper);
        Put(info, 16, At(lineAt));
        Put(info, 20, (uint)modules.Count);
        Put(info, 24, At(modulesAt));
        Put(info, 44, (uint)(MapEntryBytes * machine.Map.Count));
        Put(info, 48, At(mapAt));
        Put(info, 64, At(nameAt));
        if (elf is not null && ElfSections.Load(kernel, elf, placer, pieces) is { } sections)
        {
            flags |= HasElfSections;
            Put(info, 28, (uint)sections.Count);
            Put(info, 32, (uint)sections.EntrySize);
            Put(info, 36, (uint)sections.Address);
            Put(info, 40, (uint)sections.Names);
        }

        if ((header.Flags & MultibootHeader.WantsVideo) != 0 && machine.Pc.HasVga)
        {
            flags |= HasFramebuffer;
            TextFramebuffer(info.AsSpan(88));
        }

        for (int i = 0; i < modules.Count; i++)
        {
            int m = modulesAt + i * ModuleBytes;
            Put(info, m, (uint)places[i]);
            Put(info, m + 4, (uint)(places[i] + (ulong)modules[i].File.Length));
            Put(info, m + 8, At(textAt));
            texts[i].CopyTo(info, textAt);
            textAt += texts[i].Length;
        }

        for (int i = 0; i < machine.Map.Count; i++)
        {
            Span<byte> e = info.AsSpan(mapAt + i * MapEntryBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(e, MapEntryBytes - 4);
            BinaryPrimitives.WriteUInt64LittleEndian(e[4..], machine.Map[i].Start);
            BinaryPrimitives.WriteUInt64LittleEndian(e[12..], machine.Map[i].Length);
            BinaryPrimitives.WriteUInt32LittleEndian(e[20..], (uint)machine.Map[i].Kind);
        }

        line.CopyTo(info, lineAt);
        name.CopyTo(info, nameAt);
        Put(info, 0, flags);
        pieces.Add(new BootPiece(at, "multiboot information") { Bytes = info });
        return new BootPlan("multiboot kernel", pieces, LinuxLoader.FlatStart(kernel, pieces, placer, EntryMode.Protected, entry) with { Rax = LoaderMagic, Rbx = at });

        uint At(int offset) => (uint)at + (uint)offset;
    }

    /// <summary>The kernel itself, by the addresses of its multiboot header or as ELF file.</summary>
    public static (List<BootPiece> Pieces, ulong Entry, ElfImage? Elf) LoadKernel(LoaderFile kernel, FlatImage? image, int position, MemoryPlacer placer)
    {
        if (image is not null)
            return ([image.Load(kernel, position, placer)], image.Entry, null);
        ElfImage elf = ElfImage.TryParse(kernel, kernel.Head(0, 64))
            ?? throw kernel.Error("has a multiboot header without addresses, and is no ELF file: link it as ELF, or fill in the addresses");
        return (elf.Load(kernel, placer), elf.Entry, elf);
    }

    /// <summary>The command line: path of the kernel, then what the user gave.</summary>
    public static byte[] CommandLine(BootFiles files) => Encoding.UTF8.GetBytes(files.Append.Length == 0 ? $"{files.Kernel}\0" : $"{files.Kernel} {files.Append}\0");

    /// <summary>KiB of conventional memory, and of memory from 1 MiB on up to the first hole.</summary>
    public static (uint Lower, uint Upper) Memory(IReadOnlyList<MemoryRange> map) =>
        ((uint)(map[0].Length >> 10), (uint)(map.FirstOrDefault(r => r.Start == MemoryMap.RomEnd && r.Kind == MemoryKind.Usable).Length >> 10));

    /// <summary>framebuffer_addr and what follows, for the text screen: 80x25 at B8000.</summary>
    private static void TextFramebuffer(Span<byte> at)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(at, 0xB8000);
        BinaryPrimitives.WriteUInt32LittleEndian(at[8..], 160);
        BinaryPrimitives.WriteUInt32LittleEndian(at[12..], 80);
        BinaryPrimitives.WriteUInt32LittleEndian(at[16..], 25);
        (at[20], at[21]) = (16, 2);
    }

    private static void Put(byte[] bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
}
