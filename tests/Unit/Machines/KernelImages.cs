using System.Buffers.Binary;
using System.Text;
using Suite.Machines.X86.Boot;
using Suite.PcBios;

namespace Suite.Tests.Machines;

/// <summary>Kernels made for loader tests, in a folder of their own.</summary>
internal sealed class KernelImages : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("suite-boot-").FullName;

    public static BootMachine Pc(ulong mebibytes = 256, ulong rsdp = 0xF1010)
    {
        PcDescription pc = new() { RamBytes = mebibytes << 20 };
        return new BootMachine(pc, MemoryMap.Of(pc, 0x2000), rsdp) { RsdpBytes = new byte[36] };
    }

    /// <summary>A bzImage with a protected-mode part of the bytes 0, 1, 2 and so on.</summary>
    public static byte[] BzImage(ushort version = 0x20F, int setupSectors = 2, int kernelBytes = 4096, ushort xloadflags = 1, uint initSize = 0x20_0000, byte loadflags = 1)
    {
        byte[] image = new byte[(setupSectors + 1) * 512 + kernelBytes];
        image[0x1F1] = (byte)setupSectors;
        Put32(image, 0x1F4, (uint)kernelBytes / 16);
        Put16(image, 0x1FE, 0xAA55);
        (image[0x200], image[0x201]) = (0xEB, 0x6A);
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        Put16(image, 0x206, version);
        image[0x211] = loadflags;
        Put32(image, 0x214, 0x10_0000);
        Put32(image, 0x22C, 0x7FFF_FFFF);
        Put32(image, 0x230, 0x20_0000);
        image[0x234] = 1;
        Put16(image, 0x236, xloadflags);
        Put32(image, 0x238, 2047);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(0x258), 0x100_0000);
        Put32(image, 0x260, initSize);
        for (int i = 0; i < kernelBytes; i++)
            image[(setupSectors + 1) * 512 + i] = (byte)i;
        return image;
    }

    /// <summary>An ELF executable with one segment, and a note when told.</summary>
    public static byte[] Elf(bool is64, ulong physical, ulong entry, byte[] code, ulong memorySize, uint? pvhEntry = null, ulong? fileSize = null)
    {
        int header = is64 ? 64 : 52, programHeader = is64 ? 56 : 32, start = 0x200;
        byte[] image = new byte[start + code.Length];
        "\x7f"u8.CopyTo(image);
        "ELF"u8.CopyTo(image.AsSpan(1));
        (image[4], image[5], image[6], image[16], image[18]) = ((byte)(is64 ? 2 : 1), 1, 1, 2, (byte)(is64 ? 62 : 3));
        int headers = pvhEntry is null ? 1 : 2;
        Word(24, entry, 24);
        Word(is64 ? 32 : 28, (ulong)header, 0);
        Put16(image, is64 ? 54 : 42, (ushort)programHeader);
        Put16(image, is64 ? 56 : 44, (ushort)headers);
        ulong fileBytes = fileSize ?? (ulong)code.Length;
        Segment(header, 1, (ulong)start, physical, fileBytes, memorySize);
        if (pvhEntry is { } pvh)
        {
            Segment(header + programHeader, 4, 0x180, 0, 20, 20);
            Put32(image, 0x180, 4);
            Put32(image, 0x184, 4);
            Put32(image, 0x188, 18);
            "Xen"u8.CopyTo(image.AsSpan(0x18C));
            Put32(image, 0x190, pvh);
        }

        code.CopyTo(image, start);
        return image;

        void Word(int at, ulong value, int _)
        {
            if (is64)
                BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at), value);
            else
                Put32(image, at, (uint)value);
        }

        void Segment(int at, uint type, ulong offset, ulong address, ulong file, ulong memory)
        {
            Put32(image, at, type);
            ulong[] values = is64 ? [offset, address, address, file, memory, 4] : [offset, address, address, file, memory, 7, 4];
            for (int i = 0; i < values.Length; i++)
                if (is64)
                    BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at + 8 + i * 8), values[i]);
                else
                    Put32(image, at + 4 + i * 4, (uint)values[i]);
        }
    }

    /// <summary>Puts a multiboot 1 header into an image.</summary>
    public static byte[] WithMultiboot(byte[] image, int at, uint flags, params uint[] fields)
    {
        uint[] all = [0x1BAD_B002, flags, (uint)-(int)(0x1BAD_B002 + flags), .. fields];
        for (int i = 0; i < all.Length; i++)
            Put32(image, at + i * 4, all[i]);
        return image;
    }

    /// <summary>Puts a multiboot 2 header with tags into an image.</summary>
    public static byte[] WithMultiboot2(byte[] image, int at, params byte[] tags)
    {
        uint length = 16 + (uint)tags.Length;
        Put32(image, at, 0xE852_50D6);
        Put32(image, at + 4, 0);
        Put32(image, at + 8, length);
        Put32(image, at + 12, (uint)-(int)(0xE852_50D6 + length));
        tags.CopyTo(image, at + 16);
        return image;
    }

    public string File(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    public BootPlan Plan(byte[] kernel, string? initrd = null, string append = "", string? dtb = null, BootMachine? machine = null) =>
        BootPlan.Read(new BootFiles(File("kernel", kernel), initrd, append, dtb), machine ?? Pc());

    /// <summary>The message that a kernel is refused with.</summary>
    public string Refusal(byte[] kernel, string? initrd = null, string append = "", string? dtb = null, BootMachine? machine = null) =>
        Assert.Throws<BootException>(() => Plan(kernel, initrd, append, dtb, machine)).Message;

    public static BootPiece Piece(BootPlan plan, string name) => Assert.Single(plan.Pieces, p => p.Name == name);

    public static string TextAt(byte[] bytes, int at) => Encoding.UTF8.GetString(bytes, at, Array.IndexOf(bytes, (byte)0, at) - at);

    public static uint Get32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    public static ulong Get64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));

    public static void Put16(byte[] bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), value);

    public static void Put32(byte[] bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
