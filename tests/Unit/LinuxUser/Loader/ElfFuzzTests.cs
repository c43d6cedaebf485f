using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>
/// Thousands of damaged headers. The fakes assert that nothing is read outside the file and nothing mapped outside what was reserved;
/// here only the absence of exceptions and the presence of a sentence are checked.
/// </summary>
public sealed class ElfFuzzTests
{
    private const int Rounds = 4000;

    private static readonly ulong[] s_nasty =
        [0, 1, 0x7F, 0xFF, 0xFFF, 0x1000, 0x1001, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_F000, 0x7FFF_FFFF_F000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, ulong.MaxValue, ulong.MaxValue - 0xFFF];

    [Theory, MemberData(nameof(ElfFileTests.Targets), MemberType = typeof(ElfFileTests))]
    public void Damaged_headers_never_break_the_loader(string name)
    {
        ElfTarget target = ElfFileTests.Target(name);
        byte[][] seeds =
        [
            ElfBuilder.Classic(target).Stack(6).Build(),
            ElfBuilder.Classic(target, ElfType.Dynamic, 0, "/ld").Stack(6).Build(),
            ElfBuilder.Classic(target, ElfType.Dynamic, 0).Build(),
        ];
        Random random = new(7);
        int loaded = 0, refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] program = Mutate(seeds[round % seeds.Length], random, target);
            byte[] interpreter = round % 2 == 0 ? Mutate(seeds[2], random, target) : seeds[2];
            bool allowTruncated = (round & 4) != 0;
            LoadRequest request = new()
            {
                Target = target,
                Mapper = new FakeMapper(target),
                Opener = new FakeFiles().Add("/ld", interpreter),
                AllowTruncated = allowTruncated,
            };
            using FakeFile file = new("prog", program);
            if (ElfLoader.TryLoad(file, program.AsSpan(0, Math.Min(program.Length, ElfFile.HeadBytes)), request, out LoadedImage? image, out LoadError? error))
            {
                Assert.True(image.InterpreterEntry < target.AddressLimit);
                loaded++;
            }
            else
            {
                Assert.True(error.Errno > 0 && error.Message.Length > 10);
                refused++;
            }
        }
        Assert.True(loaded > Rounds / 50 && refused > Rounds / 50, $"{loaded} loaded, {refused} refused: the mutations miss their mark");
    }

    [Fact]
    public void Random_script_lines_never_break_the_resolver()
    {
        Random random = new(11);
        byte[] alphabet = [0, (byte)' ', (byte)'\t', (byte)'\n', (byte)'\r', (byte)'a', (byte)'/', 0xFF];
        for (int round = 0; round < Rounds; round++)
        {
            byte[] content = new byte[random.Next(2, 300)];
            for (int i = 0; i < content.Length; i++)
                content[i] = alphabet[random.Next(alphabet.Length)];
            "#!"u8.CopyTo(content);
            if (ScriptResolver.TryParseLine(content, out byte[] interpreter, out byte[]? argument))
            {
                Assert.DoesNotContain((byte)' ', interpreter);
                Assert.DoesNotContain((byte)0, interpreter);
                Assert.True(argument is null || !argument.Contains((byte)'\n'));
            }
        }
    }

    private static byte[] Mutate(byte[] seed, Random random, ElfTarget target)
    {
        byte[] file = (byte[])seed.Clone();
        int headers = ElfHeader.SizeFor(target.Is64) + 6 * ElfSegment.SizeFor(target.Is64);
        for (int n = random.Next(1, 5); n > 0; n--)
        {
            // The machine and the magic stay mostly intact, or nothing behind them is ever reached.
            int at = random.Next(random.Next(10) == 0 ? 0 : 20, headers);
            switch (random.Next(3))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                default:
                    PutWord(file, at & ~(target.WordSize - 1), s_nasty[random.Next(s_nasty.Length)], target);
                    break;
            }
        }
        return random.Next(8) == 0 ? file[..random.Next(file.Length)] : file;
    }

    private static void PutWord(byte[] file, int at, ulong value, ElfTarget target)
    {
        for (int i = 0; i < target.WordSize; i++)
            file[at + (target.BigEndian ? target.WordSize - 1 - i : i)] = (byte)(value >> (8 * i));
    }
}
