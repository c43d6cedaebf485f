using System.Diagnostics.CodeAnalysis;

namespace Suite.LinuxUser.Loader;

/// <summary>
/// Parses and checks headers in the order of load_elf_binary (fs/binfmt_elf.c, Linux 6.x). What the kernel finds only while mapping is
/// checked here beforehand, with the same errno and <see cref="LoadError.KernelKills"/> set.
/// </summary>
internal readonly ref struct ElfReader(IProgramFile file, ReadOnlySpan<byte> head, ElfTarget target, ulong pageSize, ElfRole role, bool allowTruncated)
{
    private const int MaxPhdrBytes = 65536;
    private const int PathMax = 4096;
    private const ushort PnXNum = 0xFFFF;

    private readonly IProgramFile _file = file;
    private readonly ReadOnlySpan<byte> _head = head;
    private readonly ElfTarget _target = target;
    private readonly ulong _pageMask = pageSize - 1;
    private readonly bool _program = role == ElfRole.Program;
    private readonly bool _allowTruncated = allowTruncated;

    public bool TryParse([NotNullWhen(true)] out ElfFile? elf, [NotNullWhen(false)] out LoadError? error)
    {
        elf = null;
        error = CheckHeader(out ElfHeader header) ?? ReadSegments(header, out ElfSegment[] segments) ?? Check(header, segments, out elf);
        return error is null;
    }

    private LoadError? CheckHeader(out ElfHeader header)
    {
        header = default;
        bool is64 = _target.Is64;
        bool cut = _head.Length < ElfHeader.SizeFor(is64);
        if (cut && !_program)
            return Make(LoadErrno.EIO, MachineCheck.Explain(_head, _target) ?? CutOff(), _head.Length);
        if (!MachineCheck.IsElf(_head))
            return Header(MachineCheck.Explain(_head, _target) ?? CutOff(), _head.Length);
        // The kernel's buffer is zero behind the end of the file, so a program may be shorter than its header.
        Span<byte> whole = stackalloc byte[ElfHeader.Size64];
        whole.Clear();
        _head[..Math.Min(_head.Length, ElfHeader.Size64)].CopyTo(whole);
        header = ElfHeader.Read(whole, _target);
        bool known = _target.Accepts(header.Machine) && header.Type is (ElfType.Executable or ElfType.Dynamic);
        if (cut && (!known || header.PhEntSize != ElfSegment.SizeFor(is64) || header.PhNum == 0))
            return Header(MachineCheck.Explain(_head, _target) ?? CutOff(), _head.Length);
        if (!known || header.PhEntSize != ElfSegment.SizeFor(is64))
        {
            if (MachineCheck.Explain(_head, _target) is { } why)
                return Header(why, MachineCheck.OffsetOf(_head, _target));
            return Header($"has program headers of {header.PhEntSize} bytes (e_phentsize) where {ElfSegment.SizeFor(is64)} are expected", ElfHeader.PhEntSizeOffset(is64));
        }
        return header.PhNum switch
        {
            0 => Header("has no program headers (e_phnum is 0): it cannot be run", ElfHeader.PhNumOffset(is64)),
            PnXNum => Header("has more program headers than the kernel loads (e_phnum is PN_XNUM)", ElfHeader.PhNumOffset(is64)),
            _ when header.PhNum * header.PhEntSize > MaxPhdrBytes =>
                Header($"has {header.PhNum} program headers (e_phnum); the kernel loads at most {MaxPhdrBytes / header.PhEntSize}", ElfHeader.PhNumOffset(is64)),
            _ => null,
        };
    }

    private LoadError? ReadSegments(in ElfHeader header, out ElfSegment[] segments)
    {
        int size = header.PhNum * header.PhEntSize;
        segments = [];
        if (header.PhOff > (ulong)_file.Length || (ulong)size > (ulong)_file.Length - header.PhOff)
        {
            return Header($"is truncated or damaged: {header.PhNum} program headers at offset 0x{header.PhOff:x} do not fit in a file of {_file.Length} bytes",
                ElfHeader.PhOffOffset(_target.Is64));
        }
        scoped ReadOnlySpan<byte> table;
        if (header.PhOff + (ulong)size <= (ulong)_head.Length)
        {
            table = _head.Slice((int)header.PhOff, size);
        }
        else
        {
            byte[] read = new byte[size];
            if (FileReading.ReadUpTo(_file, (long)header.PhOff, read) != size)
                return Header($"cannot be read: program headers at offset 0x{header.PhOff:x}", (long)header.PhOff);
            table = read;
        }
        segments = new ElfSegment[header.PhNum];
        for (int i = 0; i < segments.Length; i++)
            segments[i] = ElfSegment.Read(table[(i * header.PhEntSize)..], _target);
        return null;
    }

    private LoadError? Check(in ElfHeader header, ElfSegment[] segments, out ElfFile? elf)
    {
        elf = null;
        string? interpreter = null;
        bool? stack = null;
        ulong low = ulong.MaxValue, end = 0, alignment = _pageMask + 1, phdrs = 0;
        long entryOffset = -1;
        for (int i = 0; i < segments.Length; i++)
        {
            ElfSegment segment = segments[i];
            if (segment.Type == ElfSegment.Interp && interpreter is null && _program)
            {
                if (ReadInterpreter(header, i, segment, out interpreter) is { } bad)
                    return bad;
            }
            else if (segment.Type == ElfSegment.GnuStack)
            {
                stack = (segment.Flags & ElfSegment.Execute) != 0;
            }
            if (segment.Type != ElfSegment.Load)
                continue;
            if (CheckLoad(header, i, segment) is { } wrong)
                return wrong;
            low = Math.Min(low, segment.Vaddr & ~_pageMask);
            end = Math.Max(end, segment.Vaddr + segment.MemSize);
            if (ulong.IsPow2(segment.Align))
                alignment = Math.Max(alignment, segment.Align);
            if (segment.Offset <= header.PhOff && header.PhOff - segment.Offset < segment.FileSize)
                phdrs = header.PhOff - segment.Offset + segment.Vaddr;
            if (header.Entry >= segment.Vaddr && header.Entry - segment.Vaddr < segment.FileSize)
                entryOffset = (long)(header.Entry - segment.Vaddr + segment.Offset);
        }
        if (low == ulong.MaxValue)
        {
            return Make(_program ? LoadErrno.ENOEXEC : LoadErrno.EINVAL, "has no loadable segment (PT_LOAD): there is nothing to run",
                ElfHeader.PhNumOffset(_target.Is64), kills: true);
        }
        // e_entry 0 in a file mapped from 0 is the ELF header itself: ld writes that into every shared library.
        if (_program && header.Type == ElfType.Dynamic && interpreter is null && header.Entry == 0 && entryOffset <= 0)
            return Make(LoadErrno.ENOEXEC, "is a shared library without an entry point, not a program", ElfHeader.EntryOffset, kills: true);
        if (header.Type == ElfType.Dynamic && alignment > _target.AddressLimit / 2)
            return Make(LoadErrno.ENOMEM, $"asks for an alignment of 0x{alignment:x}, which no address has", -1, kills: true);
        elf = new ElfFile(_file, header, segments)
        {
            InterpreterPath = interpreter,
            StackFlag = stack,
            LowPage = low,
            End = end,
            Alignment = alignment,
            PhdrVaddr = phdrs,
        };
        return null;
    }

    private LoadError? ReadInterpreter(in ElfHeader header, int index, in ElfSegment segment, out string? path)
    {
        path = null;
        long field = FieldOffset(header, index, 32, 16);
        if (segment.FileSize is > PathMax or < 2)
            return Make(LoadErrno.ENOEXEC, $"has an interpreter name of {segment.FileSize} bytes (PT_INTERP); 2 to {PathMax} are possible", field);
        int size = (int)segment.FileSize;
        scoped ReadOnlySpan<byte> name;
        if (segment.Offset <= (ulong)_head.Length && (ulong)size <= (ulong)_head.Length - segment.Offset)
        {
            name = _head.Slice((int)segment.Offset, size);
        }
        else
        {
            byte[] read = new byte[size];
            int got = segment.Offset > long.MaxValue ? 0 : FileReading.ReadUpTo(_file, (long)segment.Offset, read);
            if (got != size)
            {
                return Make(got < 0 ? -got : LoadErrno.EIO, $"is truncated or damaged: the interpreter name (PT_INTERP) at offset 0x{segment.Offset:x}, {size} bytes, "
                    + $"is not inside the file of {_file.Length} bytes", field);
            }
            name = read;
        }
        if (name[^1] != 0)
            return Make(LoadErrno.ENOEXEC, "has an interpreter name (PT_INTERP) that does not end in a NUL byte", (long)segment.Offset + size - 1);
        path = GuestText.FromBytes(GuestText.CString(name));
        return null;
    }

    private LoadError? CheckLoad(in ElfHeader header, int index, in ElfSegment segment)
    {
        ulong limit = _target.AddressLimit;
        int rangeErrno = _program ? LoadErrno.EINVAL : LoadErrno.ENOMEM;
        if (segment.FileSize > segment.MemSize)
        {
            return Make(rangeErrno, $"is damaged: segment {index} has more bytes in the file (0x{segment.FileSize:x}) than in memory (0x{segment.MemSize:x})",
                FieldOffset(header, index, 32, 16), kills: true);
        }
        if (segment.Vaddr >= limit || segment.MemSize > limit || limit - segment.MemSize < segment.Vaddr)
        {
            return Make(rangeErrno, $"has a segment {index} outside the address space: 0x{segment.MemSize:x} bytes at 0x{segment.Vaddr:x}",
                FieldOffset(header, index, 16, 8), kills: true);
        }
        if (segment.FileSize == 0)
            return null;
        ulong fileEnd = segment.Offset + segment.FileSize;
        if (segment.Offset > long.MaxValue || fileEnd > long.MaxValue)
            return Make(LoadErrno.EINVAL, $"is damaged: segment {index} lies at file offset 0x{segment.Offset:x}", FieldOffset(header, index, 8, 4), kills: true);
        if (((segment.Offset ^ segment.Vaddr) & _pageMask) != 0 || segment.Offset < (segment.Vaddr & _pageMask))
        {
            return Make(LoadErrno.EINVAL, $"has a segment {index} whose file offset 0x{segment.Offset:x} and address 0x{segment.Vaddr:x} differ within a page: it cannot be mapped",
                FieldOffset(header, index, 8, 4), kills: true);
        }
        if (!_allowTruncated && ((fileEnd - 1) & ~_pageMask) >= (ulong)_file.Length)
        {
            return Make(LoadErrno.ENOEXEC, $"is truncated: segment {index} reaches to offset 0x{fileEnd:x} of the file, which has only 0x{_file.Length:x} bytes",
                FieldOffset(header, index, 32, 16));
        }
        return null;
    }

    private long FieldOffset(in ElfHeader header, int index, int in64, int in32) =>
        (long)header.PhOff + index * ElfSegment.SizeFor(_target.Is64) + (_target.Is64 ? in64 : in32);

    private string CutOff() => $"is cut off inside the ELF header: {_head.Length} bytes";

    private LoadError Header(string what, long offset) => Make(_program ? LoadErrno.ENOEXEC : LoadErrno.ELIBBAD, what, offset);

    private LoadError Make(int errno, string what, long offset, bool kills = false) =>
        new(errno, $"{_file.Path}: {(_program ? "" : "the ELF interpreter ")}{what}{(offset >= 0 ? $" [offset 0x{offset:x}]" : "")}", offset, kills);
}
