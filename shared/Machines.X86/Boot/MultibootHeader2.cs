using System.Buffers.Binary;

namespace Suite.Machines.X86.Boot;

/// <summary>The header of a multiboot 2 kernel (Multiboot2 Specification 2.0, 3.1).</summary>
/// <param name="Position">Offset in the file.</param>
internal sealed record MultibootHeader2(int Position)
{
    /// <summary>The header lies wholly in this part of the file.</summary>
    public const int SearchBytes = 32768;

    private const uint Magic = 0xE852_50D6;
    private const ushort Optional = 1;
    private const int HeaderBytes = 16, TagBytes = 8;

    public FlatImage? Image { get; private set; }

    /// <summary>The entry tag's address; null: as the ELF file says.</summary>
    public uint? Entry { get; private set; }

    /// <summary>A framebuffer tag: width, height, depth (depth 0: text, or no preference).</summary>
    public (uint Width, uint Height, uint Depth)? Video { get; private set; }

    /// <summary>Looks for it; null when there is none.</summary>
    /// <exception cref="BootException">There is one that asks for what cannot be given, or it is damaged.</exception>
    public static MultibootHeader2? Find(LoaderFile file, byte[] head)
    {
        for (int at = 0; at + HeaderBytes <= Math.Min(head.Length, SearchBytes); at += 8)
        {
            uint architecture = U32(head, at + 4), length = U32(head, at + 8);
            if (U32(head, at) != Magic || Magic + architecture + length + U32(head, at + 12) != 0)
                continue;
            if (architecture != 0)
                throw file.Error($"is a multiboot 2 kernel for another architecture ({architecture}); this machine takes 0 (i386)");
            if (length < HeaderBytes || length > (uint)(head.Length - at))
                throw file.Error($"has a multiboot 2 header of {length} bytes that does not lie within its first {SearchBytes} bytes: damaged");
            MultibootHeader2 header = new(at);
            header.ReadTags(file, head.AsSpan(at + HeaderBytes, (int)length - HeaderBytes));
            return header;
        }

        return null;
    }

    private void ReadTags(LoaderFile file, ReadOnlySpan<byte> tags)
    {
        uint? entry = null;
        uint[]? address = null;
        while (tags.Length >= TagBytes)
        {
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(tags), flags = BinaryPrimitives.ReadUInt16LittleEndian(tags[2..]);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(tags[4..]);
            if (size < TagBytes || size > (uint)tags.Length)
                throw file.Error($"has a multiboot 2 header tag of {size} bytes (type {type}): damaged");
            ReadOnlySpan<byte> data = tags[TagBytes..(int)size];
            switch (type)
            {
                case 0:
                    tags = [];
                    continue;
                case 1: // information request: what is asked for is given if it exists
                    CheckRequests(file, data, flags);
                    break;
                case 2 when data.Length >= 16:
                    address = [U32(data), U32(data[4..]), U32(data[8..]), U32(data[12..])];
                    break;
                case 3 when data.Length >= 4:
                    entry = U32(data);
                    break;
                case 5 when data.Length >= 12:
                    Video = (U32(data), U32(data[4..]), U32(data[8..]));
                    break;
                case 4 or 6 or 7 or 8 or 9 or 10: // console flags, module alignment, EFI, relocation: nothing to do
                    break;
                default:
                    if ((flags & Optional) == 0)
                        throw file.Error($"asks for a multiboot 2 feature that is not known here (header tag {type}); build it without, or mark the tag optional");
                    break;
            }

            tags = tags[Math.Min((int)((size + 7) & ~7u), tags.Length)..];
        }

        Entry = entry;
        if (address is not null)
            Image = new FlatImage(address[0], address[1], address[2], address[3], entry ?? throw file.Error("has an address tag in its multiboot 2 header but no entry tag: add one"));
    }

    private static void CheckRequests(LoaderFile file, ReadOnlySpan<byte> types, ushort flags)
    {
        if ((flags & Optional) != 0)
            return;
        for (; types.Length >= 4; types = types[4..])
            if (U32(types) is 11 or 12 or 17 or 18 or 19 or 20)
                throw file.Error($"needs information that only EFI firmware has (multiboot 2 tag {U32(types)}); start it through UEFI firmware (-bios) and GRUB");
    }

    private static uint U32(ReadOnlySpan<byte> p) => BinaryPrimitives.ReadUInt32LittleEndian(p);

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}
