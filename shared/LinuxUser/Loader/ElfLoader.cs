using System.Diagnostics.CodeAnalysis;

namespace Suite.LinuxUser.Loader;

/// <summary>
/// Maps a checked ELF program, its interpreter and its stack, as load_elf_binary does (fs/binfmt_elf.c, Linux 6.x). After a failure the
/// address space holds a part of the program and is of no use.
/// </summary>
public static class ElfLoader
{
    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4;

    /// <summary>Loads a program whose #! lines have been followed.</summary>
    public static bool TryLoad(OpenedProgram program, LoadRequest request, [NotNullWhen(true)] out LoadedImage? image, [NotNullWhen(false)] out LoadError? error) =>
        TryLoad(program.File, program.Head.Span, request, out image, out error);

    /// <summary>Loads the program in <paramref name="file"/>, whose first bytes (<see cref="ElfFile.HeadBytes"/>, or all) are <paramref name="head"/>.</summary>
    public static bool TryLoad(IProgramFile file, ReadOnlySpan<byte> head, LoadRequest request,
        [NotNullWhen(true)] out LoadedImage? image, [NotNullWhen(false)] out LoadError? error)
    {
        image = null;
        if (!ElfFile.TryParse(file, head, request.Target, request.Mapper.PageSize, ElfRole.Program, request.AllowTruncated, out ElfFile? elf, out error))
            return false;
        if (elf.InterpreterPath is null)
            return TryMap(elf, null, request, out image, out error);
        if (!TryOpenInterpreter(elf, request, out ElfFile? interpreter, out error))
            return false;
        using (interpreter.File)
            return TryMap(elf, interpreter, request, out image, out error);
    }

    /// <summary>
    /// Why execve(2) would fail for a program whose #! lines have been followed, before anything of the caller is lost; null when it would not.
    /// </summary>
    public static LoadError? Check(OpenedProgram program, LoadRequest request)
    {
        bool sound = ElfFile.TryParse(program.File, program.Head.Span, request.Target, request.Mapper.PageSize, ElfRole.Program, request.AllowTruncated, out ElfFile? elf, out LoadError? error);
        if (sound && elf!.InterpreterPath is not null && TryOpenInterpreter(elf, request, out ElfFile? interpreter, out error))
            interpreter.File.Dispose();
        return error is { KernelKills: false } ? error : null;
    }

    private static bool TryMap(ElfFile elf, ElfFile? interpreter, LoadRequest request, [NotNullWhen(true)] out LoadedImage? image, out LoadError? error)
    {
        image = null;
        ElfTarget target = request.Target;
        bool readImpliesExec = elf.StackFlag is null && target.LegacyStackExecutable;
        bool executableStack = elf.StackFlag ?? target.LegacyStackExecutable;

        error = Place(elf, request, interpreter is null ? 0 : target.PieHint, readImpliesExec, out ulong bias);
        if (error is not null)
            return false;
        ulong entry = elf.Header.Entry + bias;
        ulong interpreterBase = 0, start = entry;
        if (interpreter is not null)
        {
            error = Place(interpreter, request, 0, readImpliesExec, out interpreterBase);
            if (error is not null)
                return false;
            start = interpreter.Header.Entry + interpreterBase;
        }
        if (start >= target.AddressLimit)
        {
            ElfFile starts = interpreter ?? elf;
            error = new LoadError(LoadErrno.EINVAL, $"{starts.File.Path}: the entry point 0x{starts.Header.Entry:x} is outside the address space", ElfHeader.EntryOffset, KernelKills: true);
            return false;
        }
        long stack = request.Mapper.MapStack(request.StackSize, ProtRead | ProtWrite | (executableStack ? ProtExec : 0), out ulong top);
        if (stack < 0)
        {
            error = new LoadError((int)-stack, $"{elf.File.Path}: cannot map a stack of {request.StackSize} bytes: {LoadErrno.Text((int)-stack)}", KernelKills: true);
            return false;
        }
        Extents(elf, out ulong codeStart, out ulong codeEnd, out ulong dataStart, out ulong dataEnd);
        ulong pageMask = request.Mapper.PageSize - 1;
        image = new LoadedImage
        {
            Entry = entry,
            InterpreterEntry = start,
            InterpreterBase = interpreterBase,
            InterpreterPath = interpreter?.File.Path,
            LoadBias = bias,
            PhdrAddress = elf.PhdrVaddr + bias,
            PhNum = elf.Header.PhNum,
            PhEnt = elf.Header.PhEntSize,
            BrkStart = (elf.End + bias + pageMask) & ~pageMask,
            IsPositionIndependent = elf.IsRelocatable,
            ExecutableStack = executableStack,
            ReadImpliesExec = readImpliesExec,
            CodeStart = codeStart + bias,
            CodeEnd = codeEnd + bias,
            DataStart = dataStart + bias,
            DataEnd = dataEnd + bias,
            StackBase = (ulong)stack,
            StackTop = top,
        };
        return true;
    }

    private static bool TryOpenInterpreter(ElfFile elf, LoadRequest request, [NotNullWhen(true)] out ElfFile? interpreter, [NotNullWhen(false)] out LoadError? error)
    {
        interpreter = null;
        string named = elf.InterpreterPath!;
        string path = request.ResolveInterpreter is { } resolve ? resolve(named) : named;
        IProgramFile? file = ScriptResolver.Open(path, request.Opener, out int errno);
        if (file is null)
        {
            error = new LoadError(errno, MissingInterpreter(elf, named, path, errno, request));
            return false;
        }
        Span<byte> head = stackalloc byte[ElfFile.HeadBytes];
        int got = FileReading.ReadUpTo(file, 0, head);
        bool parsed;
        if (got < 0)
        {
            error = new LoadError(-got, $"{path}: cannot read the ELF interpreter of {elf.File.Path}: {LoadErrno.Text(-got)}");
            parsed = false;
        }
        else
        {
            parsed = ElfFile.TryParse(file, head[..got], request.Target, request.Mapper.PageSize, ElfRole.Interpreter, request.AllowTruncated, out interpreter, out error);
        }
        if (!parsed)
            file.Dispose();
        return parsed;
    }

    private static string MissingInterpreter(ElfFile elf, string named, string path, int errno, LoadRequest request)
    {
        List<string> places = [];
        foreach (string prefix in request.InterpreterPrefixes)
            places.Add(prefix.TrimEnd('/') + "/" + named.TrimStart('/'));
        if (!places.Contains(path))
            places.Add(path);
        if (!places.Contains(named))
            places.Add(named);
        string searched = string.Concat(places.ConvertAll(static p => $"\n  {p}"));
        return $"{elf.File.Path}: needs the ELF interpreter {named}: {LoadErrno.Text(errno)}. Searched:{searched}\n"
            + "Install the C library of the program's system, or give the directory that holds it with -L DIR (or QEMU_LD_PREFIX).";
    }

    private static LoadError? Place(ElfFile elf, LoadRequest request, ulong pieHint, bool readImpliesExec, out ulong bias)
    {
        IImageMapper mapper = request.Mapper;
        bias = 0;
        if (elf.IsRelocatable)
        {
            ulong pageMask = mapper.PageSize - 1;
            ulong length = ((elf.End + pageMask) & ~pageMask) - elf.LowPage;
            // A file of empty segments still has a place.
            length = Math.Max(length, mapper.PageSize);
            long at = mapper.Reserve(pieHint & ~(elf.Alignment - 1), length, fixedAddress: false, elf.Alignment);
            if (at < 0)
                return Failed(elf, (int)-at, $"cannot find 0x{length:x} bytes of address space");
            if ((ulong)at > request.Target.AddressLimit - length)
                return Failed(elf, LoadErrno.ENOMEM, $"cannot find 0x{length:x} bytes below 0x{request.Target.AddressLimit:x}");
            bias = (ulong)at - elf.LowPage;
        }
        else if (ReserveFixed(elf, mapper) is { } taken)
        {
            return taken;
        }
        for (int i = 0; i < elf.Segments.Length; i++)
        {
            if (elf.Segments[i].Type == ElfSegment.Load && MapSegment(elf, i, bias, mapper, readImpliesExec) is { } error)
                return error;
        }
        return null;
    }

    // Holes between the segments of an ET_EXEC file stay free, as under the kernel: they can be terabytes wide.
    private static LoadError? ReserveFixed(ElfFile elf, IImageMapper mapper)
    {
        PageRange[] ranges = PageRange.Of(elf.Segments, mapper.PageSize, out int count);
        for (int i = 0; i < count; i++)
        {
            PageRange range = ranges[i];
            long at = mapper.Reserve(range.Start, range.End - range.Start, fixedAddress: true, mapper.PageSize);
            if (at < 0)
                return Failed(elf, (int)-at, $"must be loaded at 0x{range.Start:x} to 0x{range.End:x}, which is not possible");
        }
        return null;
    }

    private static LoadError? MapSegment(ElfFile elf, int index, ulong bias, IImageMapper mapper, bool readImpliesExec)
    {
        ElfSegment segment = elf.Segments[index];
        ulong pageMask = mapper.PageSize - 1;
        ulong start = segment.Vaddr + bias, inPage = start & pageMask;
        int prot = segment.Protection(readImpliesExec);
        ulong zeroStart = start & ~pageMask;
        if (segment.FileSize != 0)
        {
            ulong length = (inPage + segment.FileSize + pageMask) & ~pageMask;
            long mapped = mapper.MapFile(start - inPage, length, prot, elf.File, (long)(segment.Offset - inPage));
            if (mapped < 0)
                return Failed(elf, (int)-mapped, $"cannot map segment {index} (0x{length:x} bytes at 0x{start - inPage:x})");
            zeroStart = start - inPage + length;
        }
        if (segment.MemSize == segment.FileSize)
            return null;

        ulong fileEnd = start + segment.FileSize, end = (start + segment.MemSize + pageMask) & ~pageMask;
        // The kernel clears to the end of the page whatever p_memsz says, and minds a failure only when the segment is writable.
        if (segment.FileSize != 0 && fileEnd < zeroStart && !mapper.Zero(fileEnd, zeroStart - fileEnd) && (prot & ProtWrite) != 0)
            return Failed(elf, LoadErrno.EFAULT, $"cannot clear the end of segment {index} at 0x{fileEnd:x}");
        if (end <= zeroStart)
            return null;
        // vm_brk_flags: such pages are writable even in a read-only segment, executable where the segment is.
        long zeroed = mapper.MapZero(zeroStart, end - zeroStart, ProtRead | ProtWrite | (readImpliesExec ? ProtExec : prot & ProtExec));
        return zeroed < 0 ? Failed(elf, (int)-zeroed, $"cannot map 0x{end - zeroStart:x} zero bytes of segment {index} at 0x{zeroStart:x}") : null;
    }

    private static void Extents(ElfFile elf, out ulong codeStart, out ulong codeEnd, out ulong dataStart, out ulong dataEnd)
    {
        codeStart = ulong.MaxValue;
        codeEnd = dataStart = dataEnd = 0;
        foreach (ref readonly ElfSegment segment in elf.Segments.AsSpan())
        {
            if (segment.Type != ElfSegment.Load)
                continue;
            ulong fileEnd = segment.Vaddr + segment.FileSize;
            if ((segment.Flags & ElfSegment.Execute) != 0)
            {
                codeStart = Math.Min(codeStart, segment.Vaddr);
                codeEnd = Math.Max(codeEnd, fileEnd);
            }
            dataStart = Math.Max(dataStart, segment.Vaddr);
            dataEnd = Math.Max(dataEnd, fileEnd);
        }
        if (codeStart > codeEnd)
            codeStart = codeEnd;
    }

    private static LoadError Failed(ElfFile elf, int errno, string what) =>
        new(errno, $"{elf.File.Path}: {what}: {LoadErrno.Text(errno)}", KernelKills: true);
}
