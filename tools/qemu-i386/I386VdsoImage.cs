using System.Buffers.Binary;

namespace Suite.Tools.I386;

/// <summary>
/// Writes the vDSO: an ELF32 shared object of one segment with dynamic symbols, versions and call-frame information, so that C libraries find
/// its functions and unwinders and debuggers get through it. Offsets in the file are addresses in the image.
/// <code>
///   ELF header, program headers | .hash | .dynsym | .dynstr | .gnu.version | .gnu.version_d | .dynamic | .text | .eh_frame | .eh_frame_hdr | names of sections | section headers
/// </code>
/// </summary>
internal sealed partial class I386VdsoImage
{
    private const int ElfHeaderSize = 52, ProgramHeaderSize = 32, SymbolSize = 16, Room = 4096;
    private const int KernelVersion = 2, ClockVersion = 3; // indices in the version definitions: LINUX_2.5 and LINUX_2.6

    private readonly byte[] _bytes = new byte[Room];
    private readonly List<(int Start, int Length, FrameKind Kind)> _frames = new(12);
    private readonly List<Symbol> _symbols = new(12);
    private int _symbolTable, _symbolNamesSize;
    private int _at = ElfHeaderSize + 3 * ProgramHeaderSize;

    public I386VdsoImage()
    {
        // The code is written first, at its final place, because the tables before it need its addresses.
        const int TextStart = 0x400;
        int tables = _at;
        _at = TextStart;
        WriteCode();
        int frames = _at, index = WriteFrames(), end = _at;
        _at = tables;
        (int dynamic, int dynamicSize) = WriteTables();
        if (_at > TextStart)
            throw new InvalidOperationException("the tables of the vDSO outgrew their room");
        _at = end;
        int sections = WriteSections(TextStart, frames, index);
        WriteHeaders(dynamic, dynamicSize, index, end - index, sections);
    }

    /// <summary>The image, to be put at the start of a page.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _at);

    public int Vsyscall { get; private set; }

    public int Sigreturn { get; private set; }

    public int RtSigreturn { get; private set; }

    public int SysenterReturn { get; private set; }

    private readonly record struct Symbol(string Name, int Value, int Size, int Version);

    /// <summary>What an unwinder has to know of a piece of code.</summary>
    private enum FrameKind
    {
        /// <summary>Return address on top of the stack.</summary>
        Leaf,

        /// <summary>As Leaf, with ebx kept in edx.</summary>
        EbxInEdx,

        /// <summary>ebp, edx and ecx pushed; the code pops them one by one.</summary>
        Sysenter,

        /// <summary>A struct sigframe behind the popped return address.</summary>
        Signal,

        /// <summary>A struct rt_sigframe behind the popped return address.</summary>
        RtSignal,
    }

    private void WriteCode()
    {
        Vsyscall = Function("__kernel_vsyscall", KernelVersion, FrameKind.Leaf, [0xCD, 0x80, 0xC3]); // int 80h; ret
        Sigreturn = Function("__kernel_sigreturn", KernelVersion, FrameKind.Signal, [0x58, 0xB8, 0x77, 0, 0, 0, 0xCD, 0x80]); // pop eax; mov eax, 119; int 80h
        RtSigreturn = Function("__kernel_rt_sigreturn", KernelVersion, FrameKind.RtSignal, [0xB8, 0xAD, 0, 0, 0, 0xCD, 0x80]); // mov eax, 173; int 80h
        SysenterReturn = 2 + Function(null, 0, FrameKind.Sysenter, [0xCD, 0x80, 0x5D, 0x5A, 0x59, 0xC3]); // int 80h; pop ebp; pop edx; pop ecx; ret
        Clock("__vdso_gettimeofday", 78);
        Clock("__vdso_time", 13);
        Clock("__vdso_clock_gettime", 265);
        Clock("__vdso_clock_gettime64", 403);
        Clock("__vdso_clock_getres", 266);
        Clock("__vdso_getcpu", 318);
    }

    // A system call of two arguments at most. edx holds ebx meanwhile: it is the caller's to lose, and the kernel preserves it.
    private void Clock(string name, ushort number) => Function(name, ClockVersion, FrameKind.EbxInEdx,
    [
        0x89, 0xDA,                                     // mov edx, ebx
        0x8B, 0x4C, 0x24, 0x08,                         // mov ecx, [esp+8]
        0x8B, 0x5C, 0x24, 0x04,                         // mov ebx, [esp+4]
        0xB8, (byte)number, (byte)(number >> 8), 0, 0,  // mov eax, number
        0xCD, 0x80,                                     // int 80h
        0x89, 0xD3,                                     // mov ebx, edx
        0xC3,                                           // ret
    ]);

    // Debuggers find symbols and call frames by sections only (as in the kernel's own vDSO). The result is where the headers begin.
    private int WriteSections(int text, int frames, int index)
    {
        const int SHT_PROGBITS = 1, SHT_STRTAB = 3, SHT_DYNSYM = 11, Allocated = 2, AllocatedCode = 6;
        int names = _at;
        Text("");
        int textName = Text(".text") - names, symbolsName = Text(".dynsym") - names, stringsName = Text(".dynstr") - names, framesName = Text(".eh_frame") - names,
            namesName = Text(".shstrtab") - names;
        int namesSize = _at - names;
        Align(4);
        int start = _at, count = (_symbols.Count + 1) * SymbolSize;
        Words([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Words([textName, SHT_PROGBITS, AllocatedCode, text, text, frames - text, 0, 0, 16, 0]);
        Words([symbolsName, SHT_DYNSYM, Allocated, _symbolTable, _symbolTable, count, 3, 1, 4, SymbolSize]);
        Words([stringsName, SHT_STRTAB, Allocated, _symbolTable + count, _symbolTable + count, _symbolNamesSize, 0, 0, 1, 0]);
        Words([framesName, SHT_PROGBITS, Allocated, frames, frames, index - frames, 0, 0, 4, 0]);
        Words([namesName, SHT_STRTAB, 0, 0, names, namesSize, 0, 0, 1, 0]);
        return start;
    }

    private int Function(string? name, int version, FrameKind kind, ReadOnlySpan<byte> code)
    {
        const int Alignment = 16;
        const byte Nop = 0x90;
        int start = _at;
        Put(code);
        if (name is not null)
            _symbols.Add(new Symbol(name, start, code.Length, version));
        _frames.Add((start, code.Length, kind));
        while (_at % Alignment != 0)
            _bytes[_at++] = Nop;
        return start;
    }

    private (int Dynamic, int Size) WriteTables()
    {
        const string Soname = "linux-gate.so.1", Kernel = "LINUX_2.5", Clock = "LINUX_2.6";
        const int DT_NULL = 0, DT_HASH = 4, DT_STRTAB = 5, DT_SYMTAB = 6, DT_STRSZ = 10, DT_SYMENT = 11, DT_SONAME = 14, DT_SYMBOLIC = 16;
        const int DT_VERSYM = 0x6FFFFFF0, DT_VERDEF = 0x6FFFFFFC, DT_VERDEFNUM = 0x6FFFFFFD;
        int count = _symbols.Count + 1;

        // One bucket: the symbols are few.
        int hash = _at;
        Words([1, count, count - 1, 0]);
        for (int i = 1; i < count; i++)
            Word(i - 1);

        int symbols = _at, names = symbols + count * SymbolSize, name = 1;
        _at += SymbolSize;
        foreach (Symbol symbol in _symbols)
        {
            const byte GlobalFunction = 0x12, TextSection = 1;
            Words([name, symbol.Value, symbol.Size]);
            Put([GlobalFunction, 0, TextSection, 0]);
            name += symbol.Name.Length + 1;
        }

        _at = names + 1;
        foreach (Symbol symbol in _symbols)
            Text(symbol.Name);
        int soname = Text(Soname) - names, kernel = Text(Kernel) - names, clock = Text(Clock) - names;
        int namesSize = _at - names;
        (_symbolTable, _symbolNamesSize) = (symbols, namesSize);

        Align(4);
        int versions = _at;
        Half(0);
        foreach (Symbol symbol in _symbols)
            Half((ushort)symbol.Version);
        Align(4);
        int definitions = _at;
        VersionDefinition(1, 1, Soname, soname, last: false);
        VersionDefinition(0, KernelVersion, Kernel, kernel, last: false);
        VersionDefinition(0, ClockVersion, Clock, clock, last: true);

        int dynamic = _at;
        Words([DT_SONAME, soname, DT_SYMBOLIC, 0, DT_HASH, hash, DT_STRTAB, names, DT_SYMTAB, symbols, DT_STRSZ, namesSize, DT_SYMENT, SymbolSize]);
        Words([DT_VERDEF, definitions, DT_VERDEFNUM, 3, DT_VERSYM, versions, DT_NULL, 0]);
        return (dynamic, _at - dynamic);
    }

    // Elf32_Verdef with one Elf32_Verdaux.
    private void VersionDefinition(ushort flags, ushort index, string name, int nameOffset, bool last)
    {
        const int DefinitionSize = 20, AuxSize = 8;
        Half(1);
        Half(flags);
        Half(index);
        Half(1);
        Words([(int)Hash(name), DefinitionSize, last ? 0 : DefinitionSize + AuxSize, nameOffset, 0]);
    }

    // The hash of the System V ABI, figure 5-13.
    private static uint Hash(string name)
    {
        uint hash = 0;
        foreach (char c in name)
        {
            hash = (hash << 4) + c;
            uint high = hash & 0xF000_0000;
            hash = (hash ^ high >> 24) & ~high;
        }

        return hash;
    }

    private void WriteHeaders(int dynamic, int dynamicSize, int frameIndex, int frameIndexSize, int sections)
    {
        const int SectionHeaderSize = 40, SectionCount = 6, NamesSection = 5;
        int end = _at;
        const int PT_LOAD = 1, PT_DYNAMIC = 2, PT_GNU_EH_FRAME = 0x6474E550, ReadExecute = 5, Read = 4, Page = 4096;
        const int ET_DYN_EM_386 = 3 << 16 | 3;
        _at = 0;
        Put([0x7F, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Words([ET_DYN_EM_386, 1, Vsyscall, ElfHeaderSize, sections, 0, ProgramHeaderSize << 16 | ElfHeaderSize, SectionHeaderSize << 16 | 3, NamesSection << 16 | SectionCount]);
        Words([PT_LOAD, 0, 0, 0, end, end, ReadExecute, Page]);
        Words([PT_DYNAMIC, dynamic, dynamic, dynamic, dynamicSize, dynamicSize, Read, 4]);
        Words([PT_GNU_EH_FRAME, frameIndex, frameIndex, frameIndex, frameIndexSize, frameIndexSize, Read, 4]);
        _at = end;
    }

    private void Align(int to) => _at = (_at + to - 1) / to * to;

    private int Text(string text)
    {
        int start = _at;
        foreach (char c in text)
            _bytes[_at++] = (byte)c;
        _at++;
        return start;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_at));
        _at += bytes.Length;
    }

    private void Half(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_at), value);
        _at += 2;
    }

    private void Word(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_at), value);
        _at += 4;
    }

    private void Words(ReadOnlySpan<int> values)
    {
        foreach (int value in values)
            Word(value);
    }
}
