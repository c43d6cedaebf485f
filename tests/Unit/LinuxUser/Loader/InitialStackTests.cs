using System.Text;
using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

public sealed class InitialStackTests
{
    private static readonly byte[] s_random = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    [Theory, MemberData(nameof(ElfFileTests.Targets), MemberType = typeof(ElfFileTests))]
    public void Everything_is_where_the_program_looks_for_it(string name)
    {
        ElfTarget target = ElfFileTests.Target(name);
        for (int extra = 0; extra < 9; extra++)
        {
            FakeMapper mapper = new(target);
            string[] argv = ["prog", "", new string('a', extra)], envp = ["HOME=/", "EMPTY="];
            StackLayout layout = Build(Request(target, mapper, argv, envp), mapper);
            StackReader reader = new(mapper, target);

            Assert.Equal(0UL, layout.StackPointer % 16);
            ulong at = layout.StackPointer;
            Assert.Equal(3UL, reader.Word(ref at));
            Assert.Equal(layout.ArgvAddress, at);
            Assert.Equal(argv, (string[])[reader.Text(reader.Word(ref at)), reader.Text(reader.Word(ref at)), reader.Text(reader.Word(ref at))]);
            Assert.Equal(0UL, reader.Word(ref at));
            Assert.Equal(layout.EnvpAddress, at);
            Assert.Equal(envp, (string[])[reader.Text(reader.Word(ref at)), reader.Text(reader.Word(ref at))]);
            Assert.Equal(0UL, reader.Word(ref at));
            Assert.Equal(layout.AuxAddress, at);
            Dictionary<uint, ulong> aux = reader.Aux(ref at, out uint[] order);
            Assert.Equal(layout.AuxAddress + (ulong)layout.AuxLength, at);

            Assert.Equal([33, 51, 16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 23, 25, 26, 31, 15], order);
            Assert.Equal((0x401010UL, 0UL, 0x1000UL, 100UL, 0UL), (aux[AuxTag.AT_ENTRY], aux[AuxTag.AT_BASE], aux[AuxTag.AT_PAGESZ], aux[AuxTag.AT_CLKTCK], aux[AuxTag.AT_SECURE]));
            Assert.Equal(((ulong)ElfHeader.SizeFor(target.Is64) + 0x400000, (ulong)ElfSegment.SizeFor(target.Is64), 3UL), (aux[AuxTag.AT_PHDR], aux[AuxTag.AT_PHENT], aux[AuxTag.AT_PHNUM]));
            Assert.Equal(1000UL, aux[AuxTag.AT_UID]);
            Assert.Equal(s_random, mapper.Read(aux[AuxTag.AT_RANDOM], 16));
            Assert.Equal("machine", reader.Text(aux[AuxTag.AT_PLATFORM]));
            Assert.Equal("./prog", reader.Text(aux[AuxTag.AT_EXECFN]));
            Assert.Equal(layout.ExecFnAddress, aux[AuxTag.AT_EXECFN]);

            Assert.Equal(string.Join('\0', argv) + "\0", Encoding.ASCII.GetString(mapper.Read(layout.ArgStart, (int)(layout.ArgEnd - layout.ArgStart))));
            Assert.Equal(string.Join('\0', envp) + "\0", Encoding.ASCII.GetString(mapper.Read(layout.ArgEnd, (int)(layout.EnvEnd - layout.ArgEnd))));
            Assert.Equal(layout.EnvEnd, layout.ExecFnAddress);
        }
    }

    [Fact]
    public void No_arguments_become_one_empty_argument()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        StackLayout layout = Build(Request(ElfTarget.X86_64, mapper, [], []), mapper);
        ulong at = layout.StackPointer;
        StackReader reader = new(mapper, ElfTarget.X86_64);
        Assert.Equal((1UL, "", 0UL), (reader.Word(ref at), reader.Text(reader.Word(ref at)), reader.Word(ref at)));
    }

    [Theory]
    [InlineData(131071, 1, true)]
    [InlineData(131072, 1, false)]
    [InlineData(100_000, 20, true)]
    [InlineData(100_000, 21, false)]
    public void Strings_are_limited_to_a_quarter_of_the_stack(int length, int count, bool fits)
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        string[] argv = [.. Enumerable.Repeat(new string('x', length), count)];
        bool built = InitialStack.TryBuild(Request(ElfTarget.X86_64, mapper, argv, []), mapper, out _, out LoadError? error);
        Assert.Equal(fits, built);
        Assert.Equal(fits ? 0 : LoadErrno.E2BIG, error?.Errno ?? 0);
    }

    [Fact]
    public void Pointers_count_too_and_small_stacks_still_get_128_kibibytes()
    {
        FakeMapper mapper = new(ElfTarget.X86_64);
        Assert.False(InitialStack.TryBuild(Request(ElfTarget.X86_64, mapper, [.. Enumerable.Repeat("", 300_000)], []), mapper, out _, out LoadError? error));
        Assert.Equal(LoadErrno.E2BIG, error.Errno);
        Assert.True(InitialStack.TryBuild(Request(ElfTarget.X86_64, mapper, [new string('x', 100_000)], [], limit: 65536), mapper, out _, out _));
        Assert.False(InitialStack.TryBuild(Request(ElfTarget.X86_64, mapper, [new string('x', 100_000)], [], limit: 65536, size: 65536), mapper, out _, out error));
        Assert.Equal(LoadErrno.E2BIG, error.Errno);
    }

    [Fact]
    public void An_entry_of_the_builder_is_refused() =>
        Assert.Throws<ArgumentException>(() =>
        {
            FakeMapper mapper = new(ElfTarget.X86_64);
            InitialStack.TryBuild(Request(ElfTarget.X86_64, mapper, ["a"], [], aux: [new AuxEntry(AuxTag.AT_PHDR, 1)]), mapper, out _, out _);
        });

    private static StackLayout Build(StackRequest request, FakeMapper mapper)
    {
        Assert.True(InitialStack.TryBuild(request, mapper, out StackLayout? layout, out LoadError? error), error?.Message);
        return layout;
    }

    private static StackRequest Request(ElfTarget target, FakeMapper mapper, string[] argv, string[] envp, ulong limit = 8 << 20, ulong size = 8 << 20, AuxEntry[]? aux = null)
    {
        byte[] program = ElfBuilder.Classic(target).Build();
        FakeFile file = new("prog", program);
        if (mapper.Reservations.Count > 0)
            mapper = new FakeMapper(target);
        Assert.True(ElfLoader.TryLoad(file, program.AsSpan(0, 4096), new LoadRequest { Target = target, Mapper = mapper, Opener = new FakeFiles(), StackSize = size },
            out LoadedImage? image, out _));
        return new StackRequest
        {
            Target = target,
            Image = image,
            Argv = [.. argv.Select(Encoding.ASCII.GetBytes)],
            Envp = [.. envp.Select(Encoding.ASCII.GetBytes)],
            ExecFn = "./prog"u8.ToArray(),
            Random = s_random,
            Platform = "machine"u8.ToArray(),
            StackLimit = limit,
            Aux = aux ??
            [
                new AuxEntry(AuxTag.AT_HWCAP2, 2), new AuxEntry(AuxTag.AT_UID, 1000), new AuxEntry(AuxTag.AT_HWCAP, 0xBFEB_FBFF),
                new AuxEntry(AuxTag.AT_MINSIGSTKSZ, 3632), new AuxEntry(AuxTag.AT_SYSINFO_EHDR, 0x7000_0000),
            ],
        };
    }

    private sealed class StackReader(FakeMapper mapper, ElfTarget target)
    {
        public ulong Word(ref ulong at)
        {
            byte[] bytes = mapper.Read(at, target.WordSize);
            at += (ulong)target.WordSize;
            if (target.BigEndian)
                Array.Reverse(bytes);
            ulong value = 0;
            for (int i = 0; i < bytes.Length; i++)
                value |= (ulong)bytes[i] << (8 * i);
            return value;
        }

        public string Text(ulong at)
        {
            StringBuilder text = new();
            for (byte b; (b = mapper.Read(at, 1)[0]) != 0; at++)
                text.Append((char)b);
            return text.ToString();
        }

        public Dictionary<uint, ulong> Aux(ref ulong at, out uint[] order)
        {
            Dictionary<uint, ulong> aux = [];
            List<uint> tags = [];
            for (uint tag; (tag = (uint)Word(ref at)) != AuxTag.AT_NULL;)
            {
                aux.Add(tag, Word(ref at));
                tags.Add(tag);
            }
            Word(ref at);
            order = [.. tags];
            return aux;
        }
    }
}
