using System.Buffers.Binary;

namespace Suite.Tools.Ppc.Vdso;

/// <summary>
/// The vDSO as the kernel would map it: a shared object of one segment with a hash table, versioned symbols and unwind tables. It is put
/// together at every start, which takes a few microseconds, from <see cref="VdsoCode"/> and <see cref="VdsoUnwind"/>.
/// </summary>
internal sealed class VdsoImage
{
    private const int HeaderSize = 52, ProgramHeaderSize = 32, SymbolSize = 16, ProgramHeaders = 3, VersionSize = 56;
    private const int PT_LOAD = 1, PT_DYNAMIC = 2, PT_GNU_EH_FRAME = 0x6474E550, PF_R = 4, PF_X = 1;
    private const int DT_HASH = 4, DT_STRTAB = 5, DT_SYMTAB = 6, DT_STRSZ = 10, DT_SYMENT = 11, DT_SONAME = 14;
    private const int DT_VERSYM = 0x6FFFFFF0, DT_VERDEF = 0x6FFFFFFC, DT_VERDEFNUM = 0x6FFFFFFD;

    private const int Symbols = VdsoCode.Count + 1;

    /// <summary>Bytes of the image: one page.</summary>
    public const int Size = 0x1000;

    /// <param name="isServed">Whether a system call exists, by number.</param>
    public VdsoImage(Func<int, bool> isServed)
    {
        byte[] bytes = new byte[Size];
        BigEndianWriter w = new(bytes) { At = HeaderSize + ProgramHeaders * ProgramHeaderSize };
        (int hash, int symbols, int versions, int definitions, int strings, int stringsSize) = Reserve(w);

        w.Align(16);
        w.Word(VdsoCode.Nop);
        Span<int> offsets = stackalloc int[VdsoCode.Count];
        Span<int> lengths = stackalloc int[VdsoCode.Count];
        int addi = 0;
        for (int i = 0; i < VdsoCode.Count; i++)
        {
            offsets[i] = w.At;
            if (i == VdsoCode.SyscallMapFunction)
                addi = w.At + VdsoCode.SyscallMapAddi * 4;
            WriteFunction(w, i);
            lengths[i] = w.At - offsets[i];
            if (i < 2)
                w.Word(VdsoCode.Nop);
        }

        int map = w.At, anchor = addi + (VdsoCode.SyscallMapAnchor - VdsoCode.SyscallMapAddi) * 4;
        w.Patch(addi, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(addi)) | map - anchor);
        WriteMap(w, isServed);
        (int unwind, int unwindSize) = VdsoUnwind.Write(w, offsets[0], offsets[1]);

        w.Align(4);
        int dynamic = w.At;
        Span<int> entries = [DT_SONAME, 1, DT_HASH, hash, DT_STRTAB, strings, DT_SYMTAB, symbols, DT_STRSZ, stringsSize, DT_SYMENT, SymbolSize,
            DT_VERSYM, versions, DT_VERDEF, definitions, DT_VERDEFNUM, 2, 0, 0];
        foreach (int entry in entries)
            w.Word(entry);
        int end = w.At;

        w.At = symbols + SymbolSize;
        WriteSymbols(w, offsets, lengths);
        w.At = 0;
        WriteHeaders(w, end, dynamic, entries.Length * 4, unwind, unwindSize);
        (Bytes, Sigtramp, RtSigtramp) = (bytes, offsets[0], offsets[1]);
    }

    /// <summary>The image; address 0 of the object is its first byte.</summary>
    public byte[] Bytes { get; }

    /// <summary>Offset of the trampoline of handlers without SA_SIGINFO.</summary>
    public int Sigtramp { get; }

    /// <summary>Offset of the trampoline of handlers with SA_SIGINFO.</summary>
    public int RtSigtramp { get; }

    private static ReadOnlySpan<byte> Name => "linux-vdso32.so.1"u8;

    private static ReadOnlySpan<byte> Version => "LINUX_2.6.15"u8;

    // Everything whose size is known before the code: hash table, symbols (left empty), versions, strings.
    private static (int Hash, int Symbols, int Versions, int Definitions, int Strings, int StringsSize) Reserve(BigEndianWriter w)
    {
        // One bucket: the list of a dozen symbols is short enough.
        int hash = w.At;
        w.Words([1, Symbols, 1, 0]);
        for (int i = 1; i < Symbols; i++)
            w.Word(i + 1 < Symbols ? i + 1 : 0);

        int symbols = w.At;
        w.At += Symbols * SymbolSize;

        int versions = w.At;
        w.Half(0);
        for (int i = 1; i < Symbols; i++)
            w.Half(2);
        w.Align(4);

        // Two definitions: the object itself, and the one version of all symbols (struct Elf32_Verdef, Elf32_Verdaux).
        int definitions = w.At;
        WriteDefinition(w, flags: 1, index: 1, Name, nameOffset: 1, next: VersionSize / 2);
        WriteDefinition(w, flags: 0, index: 2, Version, nameOffset: 1 + Name.Length + 1, next: 0);

        int strings = w.At;
        w.Byte(0);
        w.Bytes(Name);
        w.Byte(0);
        w.Bytes(Version);
        w.Byte(0);
        for (int i = 0; i < VdsoCode.Count; i++)
        {
            w.Bytes(VdsoCode.At(i).Name);
            w.Byte(0);
        }

        return (hash, symbols, versions, definitions, strings, w.At - strings);
    }

    private static void WriteDefinition(BigEndianWriter w, int flags, int index, ReadOnlySpan<byte> name, int nameOffset, int next)
    {
        const int AuxOffset = 20;
        w.Half(1);
        w.Half(flags);
        w.Half(index);
        w.Half(1);
        w.Word(Hash(name));
        w.Word(AuxOffset);
        w.Word(next);
        w.Word(nameOffset);
        w.Word(0);
    }

    private static void WriteFunction(BigEndianWriter w, int index)
    {
        VdsoFunction function = VdsoCode.At(index);
        if (function.Words.IsEmpty)
            w.Words([VdsoCode.LoadR0 | (uint)function.Call, VdsoCode.Sc, VdsoCode.Blr]);
        else
            w.Words(function.Words);
    }

    private static void WriteMap(BigEndianWriter w, Func<int, bool> isServed)
    {
        for (int first = 0; first < VdsoCode.MappedCalls; first += 32)
        {
            uint bits = 0;
            for (int i = 0; i < 32; i++)
                bits = bits << 1 | (isServed(first + i) ? 1u : 0);
            w.Word(bits);
        }
    }

    private static void WriteSymbols(BigEndianWriter w, ReadOnlySpan<int> offsets, ReadOnlySpan<int> lengths)
    {
        const int GlobalFunction = 0x12, AnySection = 1;
        int name = 1 + Name.Length + 1 + Version.Length + 1;
        for (int i = 0; i < VdsoCode.Count; i++)
        {
            w.Word(name);
            w.Word(offsets[i]);
            w.Word(lengths[i]);
            w.Byte(GlobalFunction);
            w.Byte(0);
            w.Half(AnySection);
            name += VdsoCode.At(i).Name.Length + 1;
        }
    }

    private static void WriteHeaders(BigEndianWriter w, int size, int dynamic, int dynamicSize, int unwind, int unwindSize)
    {
        const int ET_DYN = 3, EM_PPC = 20, SectionHeaderSize = 40;
        w.Bytes([0x7F, (byte)'E', (byte)'L', (byte)'F', 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // 32 bits, big-endian, version 1
        w.Half(ET_DYN);
        w.Half(EM_PPC);
        w.Words([1, 0, HeaderSize, 0, 0]); // version, entry, program headers, section headers, flags
        foreach (int half in (ReadOnlySpan<int>)[HeaderSize, ProgramHeaderSize, ProgramHeaders, SectionHeaderSize, 0, 0])
            w.Half(half);
        WriteSegment(w, PT_LOAD, 0, size, PF_R | PF_X, Size);
        WriteSegment(w, PT_DYNAMIC, dynamic, dynamicSize, PF_R, 4);
        WriteSegment(w, PT_GNU_EH_FRAME, unwind, unwindSize, PF_R, 4);
    }

    private static void WriteSegment(BigEndianWriter w, int type, int offset, int size, int flags, int alignment)
    {
        foreach (int word in (ReadOnlySpan<int>)[type, offset, offset, offset, size, size, flags, alignment])
            w.Word(word);
    }

    // The hash function of System V ABI, chapter 5.
    private static uint Hash(ReadOnlySpan<byte> name)
    {
        uint h = 0;
        foreach (byte c in name)
        {
            h = (h << 4) + c;
            uint high = h & 0xF0000000;
            h = (h ^ high >> 24) & ~high;
        }

        return h;
    }
}
