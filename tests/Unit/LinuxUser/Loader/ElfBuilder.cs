using System.Buffers.Binary;
using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>Writes small ELF files byte by byte, right or wrong as asked.</summary>
internal sealed class ElfBuilder(ElfTarget target)
{
    public const uint R = 4, W = 2, X = 1;

    private readonly List<(uint Type, uint Flags, ulong Offset, ulong Vaddr, ulong FileSize, ulong MemSize, ulong Align)> _segments = [];
    private readonly Dictionary<long, byte[]> _data = [];

    public ushort Type { get; init; } = ElfType.Executable;
    public ulong Entry { get; init; } = 0x401000;
    public ushort? Machine { get; init; }
    public ulong? PhOff { get; init; }
    public ushort? PhNum { get; init; }
    public ushort? PhEntSize { get; init; }
    public byte? Class { get; init; }
    public byte? Data { get; init; }
    public int Length { get; init; } = 0x3000;

    private ElfTarget Target { get; } = target;

    /// <summary>Text at 0x401000 (file 0x1000), data at 0x402F00 (file 0x2F00) of 0x100 bytes and 0x2000 of bss.</summary>
    public static ElfBuilder Classic(ElfTarget target, ushort type = ElfType.Executable, ulong at = 0x400000, string? interpreter = null)
    {
        ElfBuilder elf = new ElfBuilder(target) { Type = type, Entry = at + 0x1010 }
            .Load(R, 0, at, 0x400, 0x400)
            .Load(R | X, 0x1000, at + 0x1000, 0x200, 0x200)
            .Load(R | W, 0x2F00, at + 0x2F00, 0x80, 0x2100)
            .Fill(0x1000, 0x200, 0xC3).Fill(0x2F00, 0x100, 0xDD);
        return interpreter is null ? elf : elf.Interpreter(interpreter);
    }

    public ElfBuilder Add(uint type, uint flags, ulong offset, ulong vaddr, ulong fileSize, ulong memSize, ulong align = 0x1000)
    {
        _segments.Add((type, flags, offset, vaddr, fileSize, memSize, align));
        return this;
    }

    public ElfBuilder Load(uint flags, ulong offset, ulong vaddr, ulong fileSize, ulong memSize, ulong align = 0x1000) =>
        Add(ElfSegment.Load, flags, offset, vaddr, fileSize, memSize, align);

    public ElfBuilder Stack(uint flags) => Add(ElfSegment.GnuStack, flags, 0, 0, 0, 0, 16);

    public ElfBuilder Interpreter(string path, long at = 0x300)
    {
        byte[] text = [.. GuestText.ToBytes(path), 0];
        _data[at] = text;
        return Add(ElfSegment.Interp, R, (ulong)at, 0x400000 + (ulong)at, (ulong)text.Length, (ulong)text.Length, 1);
    }

    public ElfBuilder Fill(long at, int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        _data[at] = bytes;
        return this;
    }

    public byte[] Build()
    {
        byte[] file = new byte[Length];
        bool is64 = Target.Is64;
        int header = ElfHeader.SizeFor(is64), entry = ElfSegment.SizeFor(is64);
        ulong phOff = PhOff ?? (ulong)header;
        "\u007fELF"u8.CopyTo(file);
        file[4] = Class ?? (byte)(is64 ? 2 : 1);
        file[5] = Data ?? (byte)(Target.BigEndian ? 2 : 1);
        file[6] = 1;
        Put16(file, 16, Type);
        Put16(file, 18, Machine ?? Target.Machine);
        Put32(file, 20, 1);
        PutWord(file, 24, Entry);
        PutWord(file, ElfHeader.PhOffOffset(is64), phOff);
        Put16(file, is64 ? 52 : 40, (ushort)header);
        Put16(file, ElfHeader.PhEntSizeOffset(is64), PhEntSize ?? (ushort)entry);
        Put16(file, ElfHeader.PhNumOffset(is64), PhNum ?? (ushort)_segments.Count);
        foreach ((long at, byte[] bytes) in _data)
            bytes.CopyTo(file.AsSpan((int)at));
        for (int i = 0; i < _segments.Count && phOff <= (ulong)(Length - (i + 1) * entry); i++)
            PutSegment(file, (int)phOff + i * entry, i);
        return file;
    }

    private void PutSegment(byte[] file, int at, int index)
    {
        (uint type, uint flags, ulong offset, ulong vaddr, ulong fileSize, ulong memSize, ulong align) = _segments[index];
        bool is64 = Target.Is64;
        Put32(file, at, type);
        Put32(file, at + (is64 ? 4 : 24), flags);
        PutWord(file, at + (is64 ? 8 : 4), offset);
        PutWord(file, at + (is64 ? 16 : 8), vaddr);
        PutWord(file, at + (is64 ? 24 : 12), vaddr);
        PutWord(file, at + (is64 ? 32 : 16), fileSize);
        PutWord(file, at + (is64 ? 40 : 20), memSize);
        PutWord(file, at + (is64 ? 48 : 28), align);
    }

    private void PutWord(byte[] file, int at, ulong value)
    {
        if (!Target.Is64)
            Put32(file, at, checked((uint)value));
        else if (Target.BigEndian)
            BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(at), value);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
    }

    private void Put32(byte[] file, int at, uint value)
    {
        if (Target.BigEndian)
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at), value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
    }

    private void Put16(byte[] file, int at, ushort value)
    {
        if (Target.BigEndian)
            BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(at), value);
        else
            BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
    }
}
