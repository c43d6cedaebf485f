using System.Buffers.Binary;

namespace Suite.Machines.X86.Boot;

/// <summary>The header of a multiboot 1 kernel (Multiboot Specification 0.6.96, 3.1).</summary>
/// <param name="Position">Offset in the file.</param>
/// <param name="Flags">What the kernel wants.</param>
internal sealed record MultibootHeader(int Position, uint Flags)
{
    /// <summary>Bits of <see cref="Flags"/>: pages for modules, memory map, video mode, addresses given in the header.</summary>
    public const uint PageAligned = 1, WantsMemory = 2, WantsVideo = 4, HasAddresses = 1 << 16;

    /// <summary>Bits 0-15 are requirements; those a loader does not know it must refuse.</summary>
    private const uint Requirements = 0xFFFF, Known = PageAligned | WantsMemory | WantsVideo;

    private const uint Magic = 0x1BAD_B002;
    private const int SearchBytes = 8192;

    public FlatImage? Image { get; private init; }

    /// <summary>Mode type (0 graphics, 1 text), width, height, depth, as far as asked for.</summary>
    public (uint Type, uint Width, uint Height, uint Depth) Video { get; private init; }

    /// <summary>Looks for it in the first 8 KiB; null when there is none.</summary>
    /// <exception cref="BootException">There is one that asks for what no loader knows, or it is damaged.</exception>
    public static MultibootHeader? Find(LoaderFile file, byte[] head)
    {
        for (int at = 0; at + 12 <= Math.Min(head.Length, SearchBytes); at += 4)
        {
            uint flags = U32(head, at + 4);
            if (U32(head, at) != Magic || Magic + flags + U32(head, at + 8) != 0)
                continue;
            if ((flags & Requirements & ~Known) != 0)
                throw file.Error($"asks for multiboot features that do not exist (flags {flags:x}): its multiboot header is damaged");
            int size = (flags & WantsVideo) != 0 ? 48 : (flags & HasAddresses) != 0 ? 32 : 12;
            if (at + size > head.Length)
                throw file.Error("ends within its multiboot header: the file is truncated");
            return new MultibootHeader(at, flags)
            {
                Image = (flags & HasAddresses) == 0 ? null : new FlatImage(U32(head, at + 12), U32(head, at + 16), U32(head, at + 20), U32(head, at + 24), U32(head, at + 28)),
                Video = (flags & WantsVideo) == 0 ? default : (U32(head, at + 32), U32(head, at + 36), U32(head, at + 40), U32(head, at + 44)),
            };
        }

        return null;
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}

/// <summary>Addresses of a kernel that is loaded as a plain image, as both multiboot versions give them.</summary>
/// <param name="HeaderAddress">Where the header itself is to lie.</param>
/// <param name="LoadAddress">Start of the image.</param>
/// <param name="LoadEnd">End of what comes from the file; 0: the whole file.</param>
/// <param name="BssEnd">End of the zeros behind; 0: none.</param>
/// <param name="Entry">Where it is entered.</param>
internal sealed record FlatImage(uint HeaderAddress, uint LoadAddress, uint LoadEnd, uint BssEnd, uint Entry)
{
    /// <summary>Loads it.</summary>
    /// <param name="file">The kernel.</param>
    /// <param name="position">Of the multiboot header in the file.</param>
    /// <param name="placer">Finds out whether it fits.</param>
    public BootPiece Load(LoaderFile file, int position, MemoryPlacer placer)
    {
        bool isFromStart = LoadAddress == uint.MaxValue; // multiboot 2: the image begins with the file
        long load = isFromStart ? (long)HeaderAddress - position : LoadAddress;
        long offset = isFromStart ? 0 : position - ((long)HeaderAddress - LoadAddress);
        if (load < 0 || offset < 0 || offset > file.Length || (!isFromStart && HeaderAddress < LoadAddress))
            throw file.Error($"has addresses in its multiboot header that do not fit together (header {HeaderAddress:x}, load {LoadAddress:x}): damaged");
        long length = LoadEnd == 0 ? file.Length - offset : LoadEnd - load;
        if (length <= 0 || !file.Holds((ulong)offset, (ulong)length))
            throw file.Error($"is to have {length} bytes from {offset} on by its multiboot header, and the file has {file.Length}: truncated or damaged");
        long zeros = BssEnd == 0 ? 0 : BssEnd - (load + length);
        if (zeros < 0 || Entry < load || Entry >= load + length + zeros)
            throw file.Error($"has its entry ({Entry:x}) or the end of its data ({BssEnd:x}) outside the image that its multiboot header describes: damaged");
        placer.Take(file, "the kernel", (ulong)load, (ulong)(length + zeros));
        return new BootPiece((ulong)load, "kernel") { File = file, FileOffset = (ulong)offset, FileLength = (ulong)length, Zeros = (ulong)zeros };
    }
}
