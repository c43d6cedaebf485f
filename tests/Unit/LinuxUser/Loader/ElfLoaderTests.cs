using Suite.LinuxUser.Loader;
using static Suite.Tests.LinuxUser.Loader.ElfBuilder;

namespace Suite.Tests.LinuxUser.Loader;

public sealed class ElfLoaderTests
{
    private const int RO = 1, RW = 3, RX = 5, RWX = 7;

    private readonly FakeFiles _files = new();

    [Theory, MemberData(nameof(ElfFileTests.Targets), MemberType = typeof(ElfFileTests))]
    public void A_fixed_program_lands_where_it_says(string name)
    {
        ElfTarget target = ElfFileTests.Target(name);
        FakeMapper mapper = new(target);
        LoadedImage image = Load(Classic(target).Stack(R | W).Build(), mapper, target);

        Assert.Equal((0x401010UL, 0x401010UL, 0UL, 0UL), (image.Entry, image.InterpreterEntry, image.InterpreterBase, image.LoadBias));
        Assert.Equal((0x401000UL, 0x401200UL), (image.CodeStart, image.CodeEnd));
        Assert.Equal((0x402F00UL, 0x402F80UL), (image.DataStart, image.DataEnd));
        Assert.Equal(0x405000UL, image.BrkStart);
        Assert.Equal(0x400000UL + (ulong)ElfHeader.SizeFor(target.Is64), image.PhdrAddress);
        Assert.False(image.ExecutableStack);
        Assert.Equal(RW, mapper.StackProt);
        Assert.Equal([RO, RX, RW, RW], [.. new ulong[] { 0x400000, 0x401000, 0x402000, 0x403000 }.Select(a => mapper.At(a)!.Prot)]);
        Assert.Equal((0x400000UL, 0x5000UL, true), (mapper.Reservations[0].Hint, mapper.Reservations[0].Length, mapper.Reservations[0].Fixed));
        Assert.Single(mapper.Reservations);
        Assert.Equal((byte)0xC3, mapper.Read(0x4011FF, 1)[0]);
    }

    [Fact]
    public void Bss_is_cleared_from_the_last_file_byte_on()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        Load(Classic(ElfTarget.X86_64).Build(), mapper, ElfTarget.X86_64);
        Assert.All(mapper.Read(0x402F00, 0x80), b => Assert.Equal(0xDD, b));
        Assert.All(mapper.Read(0x402F80, 0x2080), b => Assert.Equal(0, b));
    }

    [Fact]
    public void Bss_of_a_read_only_segment_keeps_the_tail_and_gets_writable_pages()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        ElfBuilder elf = new ElfBuilder(ElfTarget.X86_64).Load(R | X, 0x1000, 0x401000, 0x200, 0x1800).Fill(0x1000, 0x1000, 0xAA);
        Load(elf.Build(), mapper, ElfTarget.X86_64);
        Assert.Equal(0xAA, mapper.Read(0x401200, 1)[0]);
        Assert.Equal(RWX, mapper.At(0x402000)!.Prot);
    }

    [Fact]
    public void A_segment_without_file_bytes_is_all_zero_pages()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        ElfBuilder elf = new ElfBuilder(ElfTarget.X86_64).Load(R | X, 0x1000, 0x401000, 0x200, 0x200).Load(R | W, 0x1234, 0x403210, 0, 0x1000);
        LoadedImage image = Load(elf.Build(), mapper, ElfTarget.X86_64);
        Assert.Equal((0x403000UL, 0x405000UL), (mapper.At(0x403210)!.Start, mapper.At(0x403210)!.End));
        Assert.Equal(0x405000UL, image.BrkStart);
        Assert.Equal([0x401000UL, 0x403000UL], mapper.Reservations.Select(r => r.Hint));
    }

    [Fact]
    public void Segments_far_apart_and_out_of_order_reserve_no_hole()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        ElfBuilder elf = new ElfBuilder(ElfTarget.X86_64)
            .Load(R | W, 0x2000, 0x7000_0000_0000, 0x200, 0x200).Load(R | X, 0x1000, 0x401000, 0x200, 0x200).Load(R, 0x1000, 0x401000, 0x100, 0x100);
        Load(elf.Build(), mapper, ElfTarget.X86_64);
        Assert.Equal([(0x401000UL, 0x1000UL), (0x7000_0000_0000UL, 0x1000UL)], mapper.Reservations.Select(r => (r.Hint, r.Length)));
        Assert.Equal(RO, mapper.At(0x401000)!.Prot);
    }

    [Fact]
    public void A_dynamic_program_gets_its_interpreter_through_the_prefix()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        _files.Add("/root/lib/ld.so", Classic(ElfTarget.X86_64, ElfType.Dynamic, at: 0).Build());
        LoadedImage image = Load(Classic(ElfTarget.X86_64, ElfType.Dynamic, at: 0, interpreter: "/lib/ld.so").Build(), mapper, ElfTarget.X86_64, path => "/root" + path);

        Assert.Equal(ElfTarget.X86_64.PieHint, image.LoadBias);
        Assert.Equal(image.LoadBias + 0x1010, image.Entry);
        Assert.NotEqual(0UL, image.InterpreterBase);
        Assert.Equal(image.InterpreterBase + 0x1010, image.InterpreterEntry);
        Assert.Equal("/root/lib/ld.so", image.InterpreterPath);
        Assert.Equal(image.LoadBias + 0x5000, image.BrkStart);
        Assert.True(_files.Opened[0].Disposed);
        Assert.Equal(1, _files.Opened[0].Reads);
    }

    [Fact]
    public void A_static_position_independent_program_goes_anywhere_with_its_alignment()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        ElfBuilder elf = new ElfBuilder(ElfTarget.X86_64) { Type = ElfType.Dynamic, Entry = 0x201000 }
            .Load(R | X, 0x1000, 0x201000, 0x200, 0x200, align: 0x200000).Load(R, 0, 0x200000, 0x100, 0x100, align: 12345);
        LoadedImage image = Load(elf.Build(), mapper, ElfTarget.X86_64);
        Assert.Equal((0UL, 0x2000UL, false, 0x200000UL), mapper.Reservations[0]);
        Assert.Equal(0UL, image.LoadBias % 0x200000);
        Assert.Equal(image.LoadBias + 0x200040, image.PhdrAddress);
    }

    [Theory]
    [InlineData("x86_64", null, false, false)]
    [InlineData("x86_64", R | W | X, true, false)]
    [InlineData("i386", null, true, true)]
    [InlineData("i386", R | W, false, false)]
    [InlineData("i386", R | W | X, true, false)]
    [InlineData("ppc", null, true, true)]
    public void Stack_permission(string name, uint? flags, bool executable, bool readImpliesExec)
    {
        ElfTarget target = ElfFileTests.Target(name);
        FakeMapper mapper = new(target);
        ElfBuilder elf = Classic(target);
        LoadedImage image = Load((flags is { } f ? elf.Stack(f) : elf).Build(), mapper, target);
        Assert.Equal((executable, readImpliesExec), (image.ExecutableStack, image.ReadImpliesExec));
        Assert.Equal(executable ? RWX : RW, mapper.StackProt);
        Assert.Equal(readImpliesExec ? RWX : RW, mapper.At(0x402F00)!.Prot);
        Assert.Equal(readImpliesExec ? RWX : RW, mapper.At(0x404000)!.Prot);
    }

    [Fact]
    public void A_missing_interpreter_lists_the_places()
    {
        LoadError error = Fail(Classic(ElfTarget.Ppc, interpreter: "/lib/ld.so.1").Build(), ElfTarget.Ppc, prefixes: ["/usr/ppc/", "/opt/ppc"]);
        Assert.Equal(127, error.ExitCode);
        Assert.Equal("prog: needs the ELF interpreter /lib/ld.so.1: no such file or directory. Searched:\n  /usr/ppc/lib/ld.so.1\n  /opt/ppc/lib/ld.so.1\n  /lib/ld.so.1\n"
            + "Install the C library of the program's system, or give the directory that holds it with -L DIR (or QEMU_LD_PREFIX).", error.Message);
    }

    [Fact]
    public void A_bad_interpreter_is_ELIBBAD()
    {
        byte[] program = Classic(ElfTarget.X86_64, interpreter: "/ld").Build();
        foreach ((byte[] bad, string text) in new[]
        {
            (System.Text.Encoding.ASCII.GetBytes("no program at all, but longer than a header".PadRight(100)), "/ld: the ELF interpreter is a text file"),
            (Classic(ElfTarget.Ppc).Build(), "PowerPC (32-bit, big endian) program; use qemu-ppc"),
            (new ElfBuilder(ElfTarget.X86_64) { PhNum = 0 }.Build(), "e_phnum is 0"),
        })
        {
            _files.Add("/ld", bad);
            LoadError error = Fail(program, ElfTarget.X86_64);
            Assert.Equal((LoadErrno.ELIBBAD, true), (error.Errno, error.Message.Contains(text)));
            Assert.True(_files.Opened[^1].Disposed);
        }
        _files.Add("/ld", new ElfBuilder(ElfTarget.X86_64).Load(R, 0x1000, 0x1000, 2, 1).Build());
        Assert.Equal(LoadErrno.ENOMEM, Fail(program, ElfTarget.X86_64).Errno);
        _files.Add("/ld", new ElfBuilder(ElfTarget.X86_64).Stack(R).Build());
        Assert.Equal(LoadErrno.EINVAL, Fail(program, ElfTarget.X86_64).Errno);
        // Shorter than a header: the kernel's read comes back short before it looks at what it got (elf_read).
        _files.Add("/ld", "no program\n"u8.ToArray());
        Assert.Equal(LoadErrno.EIO, Fail(program, ElfTarget.X86_64).Errno);
        _files.Refuse("/ld", LoadErrno.EACCES);
        Assert.Equal((LoadErrno.EACCES, 126), (Fail(program, ElfTarget.X86_64).Errno, Fail(program, ElfTarget.X86_64).ExitCode));
    }

    [Fact]
    public void Terabytes_of_bss_are_out_of_memory()
    {
        LoadError error = Fail(new ElfBuilder(ElfTarget.X86_64).Load(R | W, 0, 0x400000, 0x100, 0x4000_0000_0000).Build(), ElfTarget.X86_64);
        Assert.Equal((LoadErrno.ENOMEM, true), (error.Errno, error.KernelKills));
        Assert.Contains("zero bytes of segment 0", error.Message);
    }

    [Fact]
    public void An_occupied_address_is_named()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        mapper.Reserve(0x400000, 0x1000, true, 0x1000);
        Assert.False(ElfLoader.TryLoad(new FakeFile("prog", Classic(ElfTarget.X86_64).Build()), Classic(ElfTarget.X86_64).Build().AsSpan(0, 4096),
            Request(mapper, ElfTarget.X86_64), out _, out LoadError? error));
        Assert.Equal("prog: must be loaded at 0x400000 to 0x405000, which is not possible: address range already in use", error.Message);
    }

    [Fact]
    public void An_entry_outside_the_address_space_is_refused_and_elsewhere_accepted()
    {
        byte[] at(ulong entry) => new ElfBuilder(ElfTarget.X86_64) { Entry = entry }.Load(R | X, 0x1000, 0x401000, 0x200, 0x200).Build();
        Assert.Equal(LoadErrno.EINVAL, Fail(at(0x8000_0000_0000), ElfTarget.X86_64).Errno);
        Assert.Equal(0x1234UL, Load(at(0x1234), new FakeMapper(ElfTarget.X86_64), ElfTarget.X86_64).Entry);
    }

    private LoadedImage Load(byte[] content, FakeMapper mapper, ElfTarget target, Func<string, string>? resolve = null)
    {
        FakeFile file = new("prog", content);
        Assert.True(ElfLoader.TryLoad(file, content.AsSpan(0, Math.Min(4096, content.Length)), Request(mapper, target, resolve), out LoadedImage? image, out LoadError? error), error?.Message);
        Assert.Equal(0, file.Reads);
        return image;
    }

    private LoadError Fail(byte[] content, ElfTarget target, string[]? prefixes = null)
    {
        Assert.False(ElfLoader.TryLoad(new FakeFile("prog", content), content.AsSpan(0, Math.Min(4096, content.Length)),
            Request(new FakeMapper(target), target, null, prefixes), out _, out LoadError? error));
        return error;
    }

    private LoadRequest Request(FakeMapper mapper, ElfTarget target, Func<string, string>? resolve = null, string[]? prefixes = null) =>
        new() { Target = target, Mapper = mapper, Opener = _files, ResolveInterpreter = resolve, InterpreterPrefixes = prefixes ?? [] };
}
