using System.Buffers.Binary;

namespace Suite.Machines.X86.Boot;

/// <summary>Section headers of a kernel in guest memory, with those sections that no segment loads (symbols, strings): for kernels that print symbols.</summary>
/// <param name="Address">Of the headers.</param>
/// <param name="EntrySize">Bytes of each.</param>
/// <param name="Count">Their number.</param>
/// <param name="Names">Index of the section with the names.</param>
internal sealed record ElfSections(ulong Address, int EntrySize, int Count, int Names, byte[] Headers)
{
    private const uint SymbolTable = 2, Strings = 3;
    private const int Most = 4096, MostBytes = 64 << 20;

    /// <summary>Loads them; null when the kernel has none, or they cannot be used (then the kernel does without).</summary>
    public static ElfSections? Load(LoaderFile kernel, ElfImage elf, MemoryPlacer placer, List<BootPiece> pieces)
    {
        (ulong offset, int entrySize, int count, int names) = elf.Sections;
        if (count is 0 or > Most || entrySize < (elf.Is64 ? 64 : 40) || !kernel.Holds(offset, (ulong)entrySize * (ulong)count))
            return null;
        byte[] headers = new byte[entrySize * count];
        kernel.Read(offset, headers, "the section headers");
        for (int i = 0; i < count; i++)
        {
            Span<byte> h = headers.AsSpan(i * entrySize, entrySize);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(h[4..]);
            (ulong address, ulong at, ulong size) = elf.Is64
                ? (U64(h[16..]), U64(h[24..]), U64(h[32..]))
                : (U32(h[12..]), U32(h[16..]), U32(h[20..]));
            if (type is not (SymbolTable or Strings) || address != 0 || size is 0 or > MostBytes || !kernel.Holds(at, size)
                || placer.Highest("a section", size, 16, 1UL << 32, 0x10_0000) is not { } place)
                continue;
            pieces.Add(new BootPiece(place, "section") { File = kernel, FileOffset = at, FileLength = size });
            if (elf.Is64)
                BinaryPrimitives.WriteUInt64LittleEndian(h[16..], place);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(h[12..], (uint)place);
        }

        if (placer.Highest("the section headers", (ulong)headers.Length, 16, 1UL << 32, 0x10_0000) is not { } table)
            return null;
        pieces.Add(new BootPiece(table, "section headers") { Bytes = headers });
        return new ElfSections(table, entrySize, count, names, headers);
    }

    private static uint U32(ReadOnlySpan<byte> p) => BinaryPrimitives.ReadUInt32LittleEndian(p);

    private static ulong U64(ReadOnlySpan<byte> p) => BinaryPrimitives.ReadUInt64LittleEndian(p);
}
