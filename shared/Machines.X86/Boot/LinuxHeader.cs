using System.Buffers.Binary;

namespace Suite.Machines.X86.Boot;

/// <summary>The setup header of a bzImage (Linux, Documentation/arch/x86/boot.rst), checked against the file.</summary>
public sealed class LinuxHeader
{
    /// <summary>Offset of the header in the file and in boot_params; of the field behind its last by the jump at 200h.</summary>
    public const int Offset = 0x1F1;

    /// <summary>The protocol since which a kernel tells how much memory its start needs (Linux 2.6.31).</summary>
    public const ushort TellsMemory = 0x20A;

    private const int SectorSize = 512, JumpOffset = 0x200, DefaultSetupSectors = 4, MostSetupSectors = 64;
    private const uint Signature = 0x5372_6448; // "HdrS"
    private const ushort BootFlag = 0xAA55;
    private const byte LoadedHighFlag = 1;
    private const ushort Kernel64Flag = 1;

    private readonly byte[] _head;

    private LinuxHeader(byte[] head) => _head = head;

    /// <summary>Major in the high byte; 0 for kernels older than the protocol.</summary>
    public ushort Version { get; private init; }

    /// <summary>Bytes of the real-mode part: boot sector and setup code.</summary>
    public uint SetupBytes => (uint)((_head[0x1F1] == 0 ? DefaultSetupSectors : _head[0x1F1]) + 1) * SectorSize;

    /// <summary>The protected-mode part goes to 1 MiB or above; otherwise it is a zImage, for 10000h.</summary>
    public bool IsLoadedHigh => Version >= 0x200 && (_head[0x211] & LoadedHighFlag) != 0;

    public uint Code32Start => Dword(0x214);

    /// <summary>The highest address the initrd may occupy.</summary>
    public uint InitrdAddressMax => Version >= 0x203 ? Dword(0x22C) : 0x37FF_FFFF;

    public uint Alignment => Version >= 0x205 ? Dword(0x230) : 0;

    public bool IsRelocatable => Version >= 0x205 && _head[0x234] != 0;

    public bool Has64BitEntry => Version >= 0x20C && (Word(0x236) & Kernel64Flag) != 0;

    /// <summary>Characters of the command line without the zero behind it.</summary>
    public uint CommandLineMax => Version >= 0x206 && Dword(0x238) is > 0 and var size ? size : 255;

    public ulong PreferredAddress => Version >= 0x20A ? BinaryPrimitives.ReadUInt64LittleEndian(_head.AsSpan(0x258)) : 0;

    /// <summary>Memory that the kernel needs from its start on until it knows the memory map.</summary>
    public uint InitSize => Version >= TellsMemory ? Dword(0x260) : 0;

    /// <summary>The kernel takes a list of setup_data.</summary>
    public bool TakesSetupData => Version >= 0x209;

    /// <summary>The header's bytes, from <see cref="Offset"/>, as boot_params wants them.</summary>
    public ReadOnlySpan<byte> Bytes => _head.AsSpan(Offset, JumpOffset + 2 + _head[JumpOffset + 1] - Offset);

    /// <summary>The header; null when the file has none.</summary>
    /// <param name="file">For errors.</param>
    /// <param name="head">Its first bytes.</param>
    /// <exception cref="BootException">There is one, but it or the file is damaged.</exception>
    public static LinuxHeader? TryParse(LoaderFile file, byte[] head)
    {
        if (head.Length < 0x206 || BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(0x202)) != Signature)
            return null;
        if (head.Length < 0x280)
            throw file.Error($"ends within its Linux boot header ({head.Length} bytes): the file is truncated, fetch it again");
        LinuxHeader header = new(head) { Version = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(0x206)) };
        int end = JumpOffset + 2 + head[JumpOffset + 1];
        if (header.Word(0x1FE) != BootFlag || header.Version is < 0x200 or >= 0x300 || head[JumpOffset] != 0xEB || head[JumpOffset + 1] > 0x80)
            throw file.Error($"has a damaged Linux boot header (protocol {header.Version >> 8}.{header.Version & 0xFF:d2}, boot flag {header.Word(0x1FE):x4}): fetch it again");
        int needed = header.Version switch { >= 0x20A => 0x264, >= 0x206 => 0x23C, >= 0x205 => 0x235, >= 0x203 => 0x230, >= 0x202 => 0x22C, _ => 0x224 };
        if (end < needed)
            throw file.Error($"has a Linux boot header of {end - Offset} bytes, too short for its protocol {header.Version >> 8}.{header.Version & 0xFF:d2}: fetch it again");
        header.CheckLength(file);
        return header;
    }

    /// <summary>A kernel older than the protocol (before Linux 1.3.73): only the boot flag tells it. Null when that is missing.</summary>
    public static LinuxHeader? TryParseOld(byte[] head) =>
        head.Length > 0x280 && BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(0x1FE)) == BootFlag && head[0x1F1] is > 0 and < MostSetupSectors
            && head.Length > (head[0x1F1] + 1) * SectorSize
            ? new LinuxHeader(head)
            : null;

    private void CheckLength(LoaderFile file)
    {
        if (!file.Holds(SetupBytes, 1))
            throw file.Error($"ends before its kernel begins ({file.Length} bytes, setup code of {SetupBytes}): the file is truncated, fetch it again");
        ulong size = (ulong)Dword(0x1F4) * 16; // paragraphs; the low 16 bits only before 2.04
        if (Version >= 0x204 && size > 0 && (ulong)file.Length + 15 < SetupBytes + size)
            throw file.Error($"has {file.Length} bytes of {SetupBytes + size}: the file is truncated, fetch it again");
    }

    private ushort Word(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_head.AsSpan(offset));

    private uint Dword(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_head.AsSpan(offset));
}
