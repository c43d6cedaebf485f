using System.Buffers.Binary;
using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>
/// Linux by its 16-bit entry: the setup code asks the BIOS itself for memory map and video mode. For kernels older than the 32-bit protocol,
/// for vga= modes, and under firmware of others.
/// </summary>
internal static class LinuxRealMode
{
    private const ulong HighBase = 0x1_0000, LowBase = 0x9_0000, LowKernel = 0x1_0000, HighKernel = 0x10_0000;
    private const uint HighHeapEnd = 0xE000, LowHeapEnd = 0x9800, HeapMargin = 0x200;
    private const ushort CommandLineMagic = 0xA33F;
    private const byte UndefinedLoader = 0xFF, CanUseHeap = 0x80;
    private const uint MostCommandLine = 2047; // there is no more room between heap and EBDA

    public static BootPlan Plan(LoaderFile kernel, LinuxHeader header, BootFiles files, BootMachine machine)
    {
        if (files.Dtb is not null)
            throw kernel.Error("is started by its 16-bit entry, which passes no device tree: leave -dtb (or vga=) out");
        bool isHigh = header.IsLoadedHigh;
        (ulong setupAt, uint heapEnd) = isHigh && header.Version >= 0x202 ? (HighBase, HighHeapEnd) : (LowBase, LowHeapEnd);
        byte[] line = LinuxLoader.Terminated(LinuxLoader.CommandLine(files));
        LinuxLoader.CheckCommandLine(kernel, line, Math.Min(header.CommandLineMax, MostCommandLine));

        MemoryPlacer placer = new(machine.Map);
        if (header.SetupBytes > heapEnd - HeapMargin)
            throw kernel.Error($"has {header.SetupBytes} bytes of setup code; its heap begins at {heapEnd - HeapMargin}: the file is damaged");
        placer.Take(kernel, "the setup code", setupAt, heapEnd + (ulong)line.Length);
        ulong bytes = (ulong)kernel.Length - header.SetupBytes, at = isHigh ? HighKernel : LowKernel;
        placer.Take(kernel, "the kernel", at, bytes);
        if (header.InitSize > 0 && header.PreferredAddress is >= HighKernel and < PcDescription.FourGiB)
            _ = placer.Highest("the kernel's work space", header.InitSize, 1, header.PreferredAddress + header.InitSize, header.PreferredAddress);
        List<BootPiece> pieces = [new BootPiece(at, "kernel") { File = kernel, FileOffset = header.SetupBytes, FileLength = bytes }];

        byte[] setup = new byte[heapEnd];
        kernel.Read(0, setup.AsSpan(0, (int)header.SetupBytes), "the setup code");
        FillHeader(setup, header, files.Append, setupAt, heapEnd, line);
        if (files.Initrd is { } initrd)
        {
            if (header.Version < 0x200)
                throw kernel.Error("is too old for an initial RAM disk (it has no boot header): leave -initrd out");
            (ulong initrdAt, ulong length) = LinuxLoader.PlaceInitrd(pieces, placer, initrd, (ulong)header.InitrdAddressMax + 1);
            BinaryPrimitives.WriteUInt32LittleEndian(setup.AsSpan(0x218), (uint)initrdAt);
            BinaryPrimitives.WriteUInt32LittleEndian(setup.AsSpan(0x21C), (uint)length);
        }

        pieces.Add(new BootPiece(setupAt, "setup code") { Bytes = [.. setup, .. line] });
        ushort segment = (ushort)(setupAt >> 4);
        string version = header.Version == 0 ? "before 2.00" : $"{header.Version >> 8}.{header.Version & 0xFF:d2}";
        return new BootPlan(
            $"Linux {(isHigh ? "bzImage" : "zImage")}, boot protocol {version}, 16-bit entry",
            pieces,
            new CpuStart(EntryMode.Real, 0) { RealCs = (ushort)(segment + 0x20), RealData16 = segment, Rsp = heapEnd });
    }

    private static void FillHeader(byte[] setup, LinuxHeader header, string append, ulong setupAt, uint heapEnd, byte[] line)
    {
        if (LinuxLoader.VideoMode(append) is { } mode)
            BinaryPrimitives.WriteUInt16LittleEndian(setup.AsSpan(0x1FA), mode);
        if (header.Version >= 0x202)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(setup.AsSpan(0x228), (uint)(setupAt + heapEnd));
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(setup.AsSpan(0x20), CommandLineMagic);
            BinaryPrimitives.WriteUInt16LittleEndian(setup.AsSpan(0x22), (ushort)heapEnd);
            if (header.Version >= 0x200)
                BinaryPrimitives.WriteUInt16LittleEndian(setup.AsSpan(0x212), (ushort)(heapEnd + line.Length));
        }

        if (header.Version < 0x200)
            return;
        setup[0x210] = UndefinedLoader;
        if (header.Version < 0x201)
            return;
        setup[0x211] |= CanUseHeap;
        BinaryPrimitives.WriteUInt16LittleEndian(setup.AsSpan(0x224), (ushort)(heapEnd - HeapMargin));
    }
}
