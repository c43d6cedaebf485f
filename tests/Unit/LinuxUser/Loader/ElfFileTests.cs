using Suite.LinuxUser.Loader;
using static Suite.Tests.LinuxUser.Loader.ElfBuilder;

namespace Suite.Tests.LinuxUser.Loader;

public sealed class ElfFileTests
{
    public static TheoryData<string> Targets => ["x86_64", "i386", "ppc"];

    internal static ElfTarget Target(string name) => name switch
    {
        "x86_64" => ElfTarget.X86_64,
        "i386" => ElfTarget.I386,
        _ => ElfTarget.Ppc,
    };

    [Theory, MemberData(nameof(Targets))]
    public void A_right_file_parses_with_one_read(string name)
    {
        ElfTarget target = Target(name);
        FakeFile file = new("prog", Classic(target, interpreter: "/lib/ld.so").Stack(R | W).Build());
        Assert.True(ElfFile.TryRead(file, target, 0x1000, out ElfFile? elf, out LoadError? error), error?.Message);
        Assert.Equal(1, file.Reads);
        Assert.Equal("/lib/ld.so", elf.InterpreterPath);
        Assert.Equal(0x400000UL, elf.LowPage);
        Assert.Equal(0x405000UL, elf.End);
        Assert.Equal(0x400000UL + (ulong)ElfHeader.SizeFor(target.Is64), elf.PhdrVaddr);
        Assert.Equal(false, elf.StackFlag);
        Assert.Empty(elf.Oddities());
    }

    [Fact]
    public void Headers_and_interpreter_outside_the_first_page_are_read()
    {
        ElfBuilder elf = new ElfBuilder(ElfTarget.X86_64) { PhOff = 0x2F00, Entry = 0x401000 }
            .Load(R | X, 0x1000, 0x401000, 0x200, 0x200).Interpreter("/far/ld.so", 0x2800);
        FakeFile file = new("prog", elf.Build());
        Assert.True(ElfFile.TryRead(file, ElfTarget.X86_64, 0x1000, out ElfFile? parsed, out _));
        Assert.Equal("/far/ld.so", parsed.InterpreterPath);
        Assert.Equal(3, file.Reads);
        Assert.Equal(0UL, parsed.PhdrVaddr);
    }

    [Fact]
    public void The_kernel_does_not_read_class_and_byte_order()
    {
        byte[] golfed = Classic(ElfTarget.X86_64).Build();
        golfed.AsSpan(4, 12).Fill(0x90);
        Assert.Null(Fails(golfed));
    }

    [Fact]
    public void A_program_may_be_shorter_than_its_header()
    {
        // The 45 bytes of the well-known smallest i386 program are like this: headers overlap, e_phnum's high byte is missing.
        byte[] tiny = new byte[45];
        "\u007fELF"u8.CopyTo(tiny);
        (tiny[4], tiny[14], tiny[20]) = (1, 1, 45);
        (tiny[16], tiny[18], tiny[24], tiny[26], tiny[28]) = (2, 3, 0x20, 1, 4);
        (tiny[42], tiny[44]) = (32, 1);
        Assert.True(ElfFile.TryRead(new FakeFile("tiny", tiny), ElfTarget.I386, 0x1000, out ElfFile? elf, out LoadError? error), error?.Message);
        Assert.Equal((0x10000UL, 0x20020UL), (elf.LowPage, elf.End));
        Assert.False(ElfFile.TryRead(new FakeFile("tiny", tiny[..44]), ElfTarget.I386, 0x1000, out _, out error));
        Assert.Contains("damaged ELF header: class 1, byte order 0", error.Message);
    }

    [Fact]
    public void Oddities_the_kernel_accepts_are_listed_but_no_error()
    {
        ElfBuilder elf = new ElfBuilder(ElfTarget.X86_64) { Entry = 0x500000 }
            .Load(R, 0, 0x400000, 0x800, 0x800, align: 24).Load(R | X, 0x400, 0x400400, 0x800, 0x800);
        Assert.True(ElfFile.TryRead(new FakeFile("odd", elf.Build()), ElfTarget.X86_64, 0x1000, out ElfFile? parsed, out _));
        Assert.Collection(parsed.Oddities(),
            s => Assert.Contains("0x18 is not a power of two", s),
            s => Assert.Contains("segments 0 and 1 overlap at 0x400400", s),
            s => Assert.Contains("entry point 0x500000", s));
    }

    [Fact]
    public void Zero_program_headers() => Expect(Classic64(phNum: 0), LoadErrno.ENOEXEC, "e_phnum is 0", 56);

    [Fact]
    public void Too_many_program_headers() => Expect(Classic64(phNum: 1171), LoadErrno.ENOEXEC, "at most 1170", 56);

    [Fact]
    public void Extended_program_header_number() => Expect(Classic64(phNum: 0xFFFF), LoadErrno.ENOEXEC, "PN_XNUM", 56);

    [Fact]
    public void Wrong_program_header_size() => Expect(Classic64(phEntSize: 32), LoadErrno.ENOEXEC, "32 bytes (e_phentsize) where 56", 54);

    [Theory]
    [InlineData(0x2FF8UL)]
    [InlineData(0x3001UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0x8000_0000_0000_0000UL)]
    public void Program_headers_beyond_the_file(ulong phOff) => Expect(Classic64(phOff: phOff), LoadErrno.ENOEXEC, "do not fit in a file of 12288 bytes", 32);

    [Fact]
    public void More_in_file_than_in_memory() =>
        Expect(One(R, 0x1000, 0x401000, 0x300, 0x200), LoadErrno.EINVAL, "more bytes in the file (0x300) than in memory (0x200)", 64 + 32, kills: true);

    [Theory]
    [InlineData(0x7FFF_FFFF_F000UL, 0UL)]
    [InlineData(0xFFFF_FFFF_FFFF_F000UL, 0x2000UL)]
    [InlineData(0x40_1000UL, 0x7FFF_FFFF_F000UL)]
    [InlineData(0x40_1000UL, ulong.MaxValue)]
    public void Outside_the_address_space(ulong vaddr, ulong memSize) =>
        Expect(One(R, 0x1000, vaddr, 0, memSize), LoadErrno.EINVAL, "outside the address space", 64 + 16, kills: true);

    [Fact]
    public void Offset_and_address_disagree_within_a_page() =>
        Expect(One(R, 0x1010, 0x401000, 0x10, 0x10), LoadErrno.EINVAL, "differ within a page", 64 + 8, kills: true);

    [Fact]
    public void Offset_below_the_address_in_its_page_cannot_happen() =>
        Expect(One(R, 0xFFFF_FFFF_FFFF_F000, 0x401000, 0x10, 0x10), LoadErrno.EINVAL, "file offset 0xfffffffffffff000", 64 + 8, kills: true);

    [Fact]
    public void Truncated_segment()
    {
        Expect(One(R, 0x1000, 0x401000, 0x2001, 0x2001), LoadErrno.ENOEXEC, "reaches to offset 0x3001 of the file, which has only 0x3000", 64 + 32);
        Assert.True(ElfFile.TryParse(new FakeFile("t", One(R, 0x1000, 0x401000, 0x2001, 0x2001)), One(R, 0x1000, 0x401000, 0x2001, 0x2001), ElfTarget.X86_64, 0x1000,
            ElfRole.Program, allowTruncated: true, out _, out _));
    }

    [Fact]
    public void The_rest_of_the_last_page_may_be_missing() =>
        Assert.Null(Fails(new ElfBuilder(ElfTarget.X86_64) { Length = 0x1010 }.Load(R | X, 0x1000, 0x401000, 0x800, 0x800).Build()));

    [Fact]
    public void No_loadable_segment() => Expect(new ElfBuilder(ElfTarget.X86_64).Stack(R).Build(), LoadErrno.ENOEXEC, "no loadable segment", 56, kills: true);

    [Theory]
    [InlineData(1UL)]
    [InlineData(4097UL)]
    [InlineData(0xFFFF_FFFF_0000_0001UL)]
    public void Interpreter_name_of_absurd_length(ulong length) =>
        Expect(new ElfBuilder(ElfTarget.X86_64).Add(ElfSegment.Interp, R, 0x300, 0, length, length).Load(R, 0, 0x400000, 16, 16).Build(),
            LoadErrno.ENOEXEC, "2 to 4096 are possible", 64 + 32);

    [Theory]
    [InlineData(0x2FFFUL)]
    [InlineData(0x4000UL)]
    [InlineData(ulong.MaxValue)]
    public void Interpreter_name_outside_the_file(ulong offset) =>
        Expect(new ElfBuilder(ElfTarget.X86_64).Add(ElfSegment.Interp, R, offset, 0, 8, 8).Load(R, 0, 0x400000, 16, 16).Build(),
            LoadErrno.EIO, "is not inside the file", 64 + 32);

    [Fact]
    public void Interpreter_name_without_end() =>
        Expect(new ElfBuilder(ElfTarget.X86_64).Add(ElfSegment.Interp, R, 0x300, 0, 8, 8).Fill(0x300, 8, (byte)'a').Load(R, 0, 0x400000, 16, 16).Build(),
            LoadErrno.ENOEXEC, "does not end in a NUL", 0x307);

    [Fact]
    public void Absurd_alignment_of_a_position_independent_program() =>
        Expect(new ElfBuilder(ElfTarget.X86_64) { Type = ElfType.Dynamic, Entry = 0x1000 }.Load(R | X, 0x1000, 0x1000, 16, 16, align: 1UL << 63).Build(),
            LoadErrno.ENOMEM, "alignment of 0x8000000000000000", -1, kills: true);

    [Fact]
    public void Shared_library_without_entry() =>
        Expect(new ElfBuilder(ElfTarget.X86_64) { Type = ElfType.Dynamic, Entry = 0 }.Load(R, 0, 0, 0x400, 0x400).Build(),
            LoadErrno.ENOEXEC, "is a shared library without an entry point", 24, kills: true);

    [Fact]
    public void Every_truncation_is_refused_until_only_the_last_page_is_short()
    {
        byte[] whole = Classic(ElfTarget.X86_64, ElfType.Dynamic, 0, "/lib/ld.so").Build();
        for (int length = 0; length <= 0x2000; length++)
        {
            LoadError? error = Fails(whole[..length]);
            Assert.NotNull(error);
            Assert.StartsWith("prog: ", error.Message);
        }
        Assert.Null(Fails(whole[..0x2001]));
        Assert.True(ElfFile.TryRead(new FakeFile("prog", whole[..0x2F01]), ElfTarget.X86_64, 0x1000, out ElfFile? elf, out _));
        Assert.Equal(["segment 2 reaches to offset 0x2f80 of a file of 0x2f01 bytes; the missing bytes are zero"], elf.Oddities());
    }

    private static byte[] Classic64(ushort? phNum = null, ushort? phEntSize = null, ulong? phOff = null) =>
        new ElfBuilder(ElfTarget.X86_64) { PhNum = phNum, PhEntSize = phEntSize, PhOff = phOff }.Load(R | X, 0x1000, 0x401000, 0x200, 0x200).Build();

    private static byte[] One(uint flags, ulong offset, ulong vaddr, ulong fileSize, ulong memSize) =>
        new ElfBuilder(ElfTarget.X86_64).Load(flags, offset, vaddr, fileSize, memSize).Build();

    private static LoadError? Fails(byte[] content) =>
        ElfFile.TryRead(new FakeFile("prog", content), ElfTarget.X86_64, 0x1000, out _, out LoadError? error) ? null : error;

    private static void Expect(byte[] content, int errno, string text, long offset, bool kills = false)
    {
        LoadError? error = Fails(content);
        Assert.NotNull(error);
        Assert.Contains(text, error.Message);
        Assert.Equal((errno, offset, kills), (error.Errno, error.Offset, error.KernelKills));
        Assert.Equal(126, error.ExitCode);
    }
}
