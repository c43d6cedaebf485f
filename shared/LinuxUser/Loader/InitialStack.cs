using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Suite.LinuxUser.Loader;

/// <summary>
/// Builds the stack a program starts with, as fs/exec.c and create_elf_tables in fs/binfmt_elf.c (Linux 6.x) lay it out. From the top down:
/// 8 zero bytes, file name, environment strings, argument strings, platform names, 16 random bytes, then at a 16-byte boundary
/// argc, argv, NULL, envp, NULL, auxiliary vector.
/// </summary>
public static class InitialStack
{
    private const int TopGap = 8;
    private const int RandomBytes = 16;
    private const ulong StackAlignment = 16;

    // fs/exec.c: 3/4 of _STK_LIM, ARG_MAX, MAX_ARG_STRLEN; pointers are counted with the size they have in a 64-bit kernel.
    private const ulong MaxStrings = 6 << 20, MinStrings = 128 << 10, MaxString = 128 << 10, KernelPointer = 8;

    /// <summary>Writes the stack with one <see cref="IImageMapper.Write"/>.</summary>
    /// <returns>False with E2BIG when strings or pointers are too many, EFAULT when the stack cannot be written.</returns>
    /// <exception cref="ArgumentException">An entry of <see cref="StackRequest.Aux"/> is the builder's own, or Random is not 16 bytes.</exception>
    public static bool TryBuild(StackRequest request, IImageMapper mapper, [NotNullWhen(true)] out StackLayout? layout, [NotNullWhen(false)] out LoadError? error)
    {
        if (request.Random.Length != RandomBytes)
            throw new ArgumentException("AT_RANDOM takes 16 bytes", nameof(request));
        layout = null;
        byte[][] argv = request.Argv.Length == 0 ? [[]] : request.Argv;
        error = CheckStrings(request, argv, out ulong argBytes, out ulong envBytes);
        if (error is not null)
            return false;

        LoadedImage image = request.Image;
        ulong word = (ulong)request.Target.WordSize;
        ulong execFn = image.StackTop - TopGap - ((ulong)request.ExecFn.Length + 1);
        ulong envStart = execFn - envBytes, argStart = envStart - argBytes;
        ulong below = (argStart - request.Shift) & ~(StackAlignment - 1);
        ulong platform = Allocate(request.Platform, ref below);
        ulong basePlatform = Allocate(request.BasePlatform, ref below);
        ulong random = below -= RandomBytes;

        AuxEntry[] aux = CollectAux(request, mapper.PageSize, random, execFn, platform, basePlatform);
        ulong auxWords = ((ulong)aux.Length + 1) * 2;
        ulong pointerWords = 1 + ((ulong)argv.Length + 1) + ((ulong)request.Envp.Length + 1);
        ulong sp = (below - (auxWords + pointerWords) * word) & ~(StackAlignment - 1);
        ulong size = image.StackTop - sp;
        if (size > image.StackTop - image.StackBase)
        {
            error = TooBig("arguments and environment do not fit on the stack");
            return false;
        }

        byte[] block = new byte[size];
        StackWriter writer = new(block, sp, request.Target);
        writer.Word((ulong)argv.Length);
        writer.Pointers(argv, argStart);
        writer.Pointers(request.Envp, envStart);
        ulong auxAddress = writer.Address;
        foreach (AuxEntry entry in aux)
        {
            writer.Word(entry.Tag);
            writer.Word(entry.Value);
        }
        writer.Bytes(random, request.Random);
        writer.Bytes(basePlatform, request.BasePlatform);
        writer.Bytes(platform, request.Platform);
        writer.Strings(argStart, argv);
        writer.Strings(envStart, request.Envp);
        writer.Bytes(execFn, request.ExecFn);
        if (!mapper.Write(sp, block))
        {
            error = new LoadError(LoadErrno.EFAULT, $"cannot write 0x{size:x} bytes of stack at 0x{sp:x}", KernelKills: true);
            return false;
        }
        layout = new StackLayout
        {
            StackPointer = sp,
            ArgvAddress = sp + word,
            EnvpAddress = sp + word * ((ulong)argv.Length + 2),
            ArgStart = argStart,
            ArgEnd = envStart,
            EnvEnd = execFn,
            AuxAddress = auxAddress,
            AuxLength = (int)(auxWords * word),
            ExecFnAddress = execFn,
        };
        return true;
    }

    private static LoadError? CheckStrings(StackRequest request, byte[][] argv, out ulong argBytes, out ulong envBytes)
    {
        argBytes = envBytes = 0;
        ulong limit = Math.Max(Math.Min(MaxStrings, request.StackLimit / 4), MinStrings);
        ulong pointers = ((ulong)argv.Length + (ulong)request.Envp.Length) * KernelPointer;
        if (limit <= pointers)
            return TooBig($"{argv.Length} arguments and {request.Envp.Length} environment variables");
        if (!Sum(argv, out argBytes) || !Sum(request.Envp, out envBytes))
            return TooBig($"an argument or environment variable of more than {MaxString - 1} bytes");
        ulong strings = argBytes + envBytes + (ulong)request.ExecFn.Length + 1;
        return strings > limit - pointers ? TooBig($"{strings} bytes of arguments and environment; {limit - pointers} are allowed") : null;
    }

    private static bool Sum(byte[][] strings, out ulong bytes)
    {
        bytes = 0;
        foreach (byte[] text in strings)
        {
            if ((ulong)text.Length + 1 > MaxString)
                return false;
            bytes += (ulong)text.Length + 1;
        }
        return true;
    }

    private static LoadError TooBig(string what) => new(LoadErrno.E2BIG, $"{LoadErrno.Text(LoadErrno.E2BIG)}: {what}");

    private static ulong Allocate(byte[]? text, ref ulong below) => text is null ? 0 : below -= (ulong)text.Length + 1;

    private static AuxEntry[] CollectAux(StackRequest request, ulong pageSize, ulong random, ulong execFn, ulong platform, ulong basePlatform)
    {
        LoadedImage image = request.Image;
        List<AuxEntry> aux = new(request.Aux.Count + 14);
        bool pageSizeGiven = false, clockGiven = false, flagsGiven = false, secureGiven = false;
        foreach (AuxEntry entry in request.Aux)
        {
            if (entry.Tag is AuxTag.AT_NULL or AuxTag.AT_PHDR or AuxTag.AT_PHENT or AuxTag.AT_PHNUM or AuxTag.AT_BASE or AuxTag.AT_ENTRY or AuxTag.AT_RANDOM
                or AuxTag.AT_EXECFN or AuxTag.AT_PLATFORM or AuxTag.AT_BASE_PLATFORM)
                throw new ArgumentException($"auxiliary vector tag {entry.Tag} is filled in by the builder", nameof(request));
            pageSizeGiven |= entry.Tag == AuxTag.AT_PAGESZ;
            clockGiven |= entry.Tag == AuxTag.AT_CLKTCK;
            flagsGiven |= entry.Tag == AuxTag.AT_FLAGS;
            secureGiven |= entry.Tag == AuxTag.AT_SECURE;
            Insert(aux, entry);
        }
        if (!pageSizeGiven)
            Insert(aux, new AuxEntry(AuxTag.AT_PAGESZ, pageSize));
        if (!clockGiven)
            Insert(aux, new AuxEntry(AuxTag.AT_CLKTCK, 100));
        if (!flagsGiven)
            Insert(aux, new AuxEntry(AuxTag.AT_FLAGS, 0));
        if (!secureGiven)
            Insert(aux, new AuxEntry(AuxTag.AT_SECURE, 0));
        Insert(aux, new AuxEntry(AuxTag.AT_PHDR, image.PhdrAddress));
        Insert(aux, new AuxEntry(AuxTag.AT_PHENT, (ulong)image.PhEnt));
        Insert(aux, new AuxEntry(AuxTag.AT_PHNUM, (ulong)image.PhNum));
        Insert(aux, new AuxEntry(AuxTag.AT_BASE, image.InterpreterBase));
        Insert(aux, new AuxEntry(AuxTag.AT_ENTRY, image.Entry));
        Insert(aux, new AuxEntry(AuxTag.AT_RANDOM, random));
        Insert(aux, new AuxEntry(AuxTag.AT_EXECFN, execFn));
        if (request.Platform is not null)
            Insert(aux, new AuxEntry(AuxTag.AT_PLATFORM, platform));
        if (request.BasePlatform is not null)
            Insert(aux, new AuxEntry(AuxTag.AT_BASE_PLATFORM, basePlatform));
        return [.. aux];
    }

    // The kernel's order, so that LD_SHOW_AUXV prints what it prints natively; unknown tags go last.
    private static ReadOnlySpan<byte> KernelOrder =>
        [22, 19, 20, 21, 32, 33, 40, 41, 42, 43, 44, 45, 46, 47, 51, 16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 23, 25, 26, 29, 30, 31, 15, 24, 2];

    private static int Rank(uint tag)
    {
        int rank = tag > byte.MaxValue ? -1 : KernelOrder.IndexOf((byte)tag);
        return rank < 0 ? KernelOrder.Length : rank;
    }

    private static void Insert(List<AuxEntry> aux, AuxEntry entry)
    {
        int rank = Rank(entry.Tag), at = aux.Count;
        while (at > 0 && Rank(aux[at - 1].Tag) > rank)
            at--;
        aux.Insert(at, entry);
    }

    /// <summary>Fills a zeroed block that will lie at a guest address.</summary>
    private ref struct StackWriter(byte[] block, ulong address, ElfTarget target)
    {
        private readonly byte[] _block = block;
        private readonly ulong _start = address;
        private readonly bool _is64 = target.Is64, _big = target.BigEndian;
        private int _at;

        public void Word(ulong value)
        {
            Span<byte> into = _block.AsSpan(_at);
            if (_is64 && _big)
                BinaryPrimitives.WriteUInt64BigEndian(into, value);
            else if (_is64)
                BinaryPrimitives.WriteUInt64LittleEndian(into, value);
            else if (_big)
                BinaryPrimitives.WriteUInt32BigEndian(into, (uint)value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(into, (uint)value);
            _at += _is64 ? 8 : 4;
        }

        public void Pointers(byte[][] strings, ulong first)
        {
            foreach (byte[] text in strings)
            {
                Word(first);
                first += (ulong)text.Length + 1;
            }
            Word(0);
        }

        public readonly void Strings(ulong at, byte[][] strings)
        {
            foreach (byte[] text in strings)
            {
                Bytes(at, text);
                at += (ulong)text.Length + 1;
            }
        }

        public readonly void Bytes(ulong at, byte[]? bytes)
        {
            if (bytes is not null)
                bytes.CopyTo(_block.AsSpan((int)(at - _start)));
        }

        public readonly ulong Address => _start + (ulong)_at;
    }
}
