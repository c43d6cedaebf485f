using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>Starts Linux by its boot protocol: bzImage and zImage by the 16-, 32- or 64-bit entry, vmlinux by its ELF entry.</summary>
internal static class LinuxLoader
{
    private const ulong HighStart = 0x10_0000, Entry64 = 0x200, Page = 4096, LowEnd = MemoryMap.Ebda;
    private const uint SetupDataDtb = 2;
    private const int SetupDataHeader = 16;

    public static BootPlan Plan(LoaderFile kernel, LinuxHeader header, BootFiles files, BootMachine machine)
    {
        EntryMode mode = Mode(kernel, header, files.Append, machine);
        return mode == EntryMode.Real ? LinuxRealMode.Plan(kernel, header, files, machine) : PlanFlat(kernel, header, mode, files, machine);
    }

    /// <summary>A vmlinux without a PVH note: entered as a decompressor enters it, with boot_params in rsi.</summary>
    public static BootPlan PlanElf(LoaderFile kernel, ElfImage elf, BootFiles files, BootMachine machine)
    {
        if (elf.Is64 && !machine.HasLongMode)
            throw kernel.Error("is a 64-bit kernel, and the CPU model has no long mode: use qemu-system-x86_64, or -cpu with a 64-bit model");
        MemoryPlacer placer = new(machine.Map);
        List<BootPiece> pieces = elf.Load(kernel, placer);
        BootParams boot = new([], machine);
        string commandLine = CommandLine(files);
        EntryMode mode = elf.Is64 ? EntryMode.Long : EntryMode.Protected;
        AddFiles(kernel, boot, pieces, placer, files, uint.MaxValue, takesSetupData: true);
        return new BootPlan($"ELF kernel, {(elf.Is64 ? 64 : 32)}-bit entry", pieces, Start(kernel, boot, pieces, placer, mode, elf.Entry, commandLine));
    }

    /// <summary>The initrd, as high as it may lie.</summary>
    public static (ulong Address, ulong Length) PlaceInitrd(List<BootPiece> pieces, MemoryPlacer placer, string path, ulong maximum)
    {
        LoaderFile file = LoaderFile.Open("-initrd", path);
        if (file.Length >= uint.MaxValue)
            throw file.Error($"has {file.Length >> 20} MiB; an initial RAM disk must be smaller than 4096 MiB");
        ulong address = placer.Place(file, "the initial RAM disk", (ulong)file.Length, Page, maximum, HighStart);
        pieces.Add(new BootPiece(address, "initrd") { File = file, FileLength = (ulong)file.Length });
        return (address, (ulong)file.Length);
    }

    /// <summary>The command line in bytes, with the zero behind it.</summary>
    public static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + "\0");

    /// <summary>What a kernel gets as command line.</summary>
    public static string CommandLine(BootFiles files) => files.Append;

    /// <summary>vga= as the number that the setup code takes; null when it is not there.</summary>
    public static ushort? VideoMode(string commandLine)
    {
        foreach (string word in commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!word.StartsWith("vga=", StringComparison.Ordinal))
                continue;
            string value = word[4..];
            switch (value)
            {
                case "normal":
                    return 0xFFFF;
                case "ext":
                    return 0xFFFE;
                case "ask":
                    return 0xFFFD;
            }

            bool isHex = value.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
            return ushort.TryParse(isHex ? value[2..] : value, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out ushort mode)
                ? mode
                : throw new BootException($"-append: vga={value}: give a mode number, normal, ext or ask");
        }

        return null;
    }

    /// <summary>Refuses a command line that the kernel would cut.</summary>
    public static void CheckCommandLine(LoaderFile kernel, byte[] commandLine, uint most)
    {
        if ((uint)commandLine.Length - 1 > most)
            throw kernel.Error($"takes a command line of {most} bytes, and -append has {commandLine.Length - 1}: make it shorter");
    }

    // A vga= mode is set by the setup code, and another's firmware leaves its tables for the setup code to find.
    private static EntryMode Mode(LoaderFile kernel, LinuxHeader header, string append, BootMachine machine)
    {
        bool is64 = header.Has64BitEntry && machine.HasLongMode;
        if (!header.IsLoadedHigh)
            return EntryMode.Real;
        if (machine.LinuxEntry is { } wanted)
        {
            return wanted != EntryMode.Long || is64
                ? wanted
                : throw kernel.Error(header.Has64BitEntry ? "the CPU model has no long mode for its 64-bit entry" : "has no 64-bit entry");
        }

        // Programs that only look like kernels to a loader (iPXE, MEMDISK) have nothing but the 16-bit entry; their headers are of protocols that do not tell the memory needed.
        if (machine.HasForeignFirmware || VideoMode(append) is not null || header.Version < LinuxHeader.TellsMemory)
            return EntryMode.Real;
        return is64 ? EntryMode.Long : EntryMode.Protected;
    }

    private static BootPlan PlanFlat(LoaderFile kernel, LinuxHeader header, EntryMode mode, BootFiles files, BootMachine machine)
    {
        MemoryPlacer placer = new(machine.Map);
        ulong bytes = (ulong)kernel.Length - header.SetupBytes;
        ulong at = header.IsRelocatable && header.PreferredAddress is >= HighStart and < PcDescription.FourGiB ? header.PreferredAddress : HighStart;
        placer.Take(kernel, "the kernel", at, Math.Max(bytes, header.InitSize));
        List<BootPiece> pieces = [new BootPiece(at, "kernel") { File = kernel, FileOffset = header.SetupBytes, FileLength = bytes }];
        BootParams boot = new(header.Bytes, machine);
        boot.SetCode32Start(at);
        string commandLine = CommandLine(files);
        CheckCommandLine(kernel, Terminated(commandLine), header.CommandLineMax);
        AddFiles(kernel, boot, pieces, placer, files, header.InitrdAddressMax, header.TakesSetupData);
        CpuStart start = Start(kernel, boot, pieces, placer, mode, mode == EntryMode.Long ? at + Entry64 : at, commandLine);
        return new BootPlan($"Linux bzImage, boot protocol {header.Version >> 8}.{header.Version & 0xFF:d2}, {(mode == EntryMode.Long ? 64 : 32)}-bit entry", pieces, start);
    }

    private static void AddFiles(LoaderFile kernel, BootParams boot, List<BootPiece> pieces, MemoryPlacer placer, BootFiles files, uint initrdMax, bool takesSetupData)
    {
        if (files.Initrd is { } initrd)
        {
            (ulong address, ulong length) = PlaceInitrd(pieces, placer, initrd, (ulong)initrdMax + 1);
            boot.SetInitrd(address, length);
        }

        if (files.Dtb is not { } dtb)
            return;
        if (!takesSetupData)
            throw kernel.Error("is too old for a device tree (its boot protocol is older than 2.09): leave -dtb out");
        DeviceTreeFile tree = DeviceTreeFile.Open(dtb);
        byte[] header = new byte[SetupDataHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), SetupDataDtb);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), (uint)tree.File.Length);
        ulong at = placer.Place(tree.File, "the device tree", SetupDataHeader + (ulong)tree.File.Length, Page, (ulong)initrdMax + 1, HighStart);
        pieces.Add(new BootPiece(at, "device tree") { Bytes = header, File = tree.File, FileLength = (ulong)tree.File.Length });
        boot.SetSetupData(at);
    }

    private static CpuStart Start(LoaderFile kernel, BootParams boot, List<BootPiece> pieces, MemoryPlacer placer, EntryMode mode, ulong entry, string commandLine)
    {
        byte[] line = Terminated(commandLine);
        ulong lineAt = placer.Place(kernel, "the command line", (ulong)line.Length, 16, LowEnd);
        boot.SetCommandLine(lineAt);
        pieces.Add(new BootPiece(lineAt, "command line") { Bytes = line });
        ulong pageAt = placer.Place(kernel, "boot_params", BootParams.Size, Page, LowEnd);
        pieces.Add(new BootPiece(pageAt, "boot_params") { Bytes = boot.Bytes });
        return FlatStart(kernel, pieces, placer, mode, entry) with { Rsi = pageAt };
    }

    /// <summary>The state of a flat entry, with its descriptor table and page tables placed.</summary>
    public static CpuStart FlatStart(LoaderFile kernel, List<BootPiece> pieces, MemoryPlacer placer, EntryMode mode, ulong entry)
    {
        byte[] gdt = CpuStart.Gdt(mode == EntryMode.Long);
        ulong gdtAt = placer.Place(kernel, "the descriptor table", (ulong)gdt.Length, 16, LowEnd);
        pieces.Add(new BootPiece(gdtAt, "descriptor table") { Bytes = gdt });
        if (mode != EntryMode.Long)
            return new CpuStart(mode, entry) { GdtAddress = gdtAt };
        ulong tables = placer.Place(kernel, "the page tables", CpuStart.PageTableBytes, Page, LowEnd);
        pieces.Add(new BootPiece(tables, "page tables") { Bytes = CpuStart.PageTables(tables) });
        return new CpuStart(mode, entry) { GdtAddress = gdtAt, PageTableAddress = tables };
    }
}
