using System.Buffers.Binary;
using System.Text;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Files that are not programs, or not good ones: a clear error in time, the right exit status, never a crash of the tool.</summary>
public sealed class BadInput(ITestOutputHelper log)
{
    private const int NotFound = 127;
    private const int NotExecutable = 126;

    [Fact]
    public void A_missing_file_is_127() => Expect(NotFound, "No such file", "/no/such/program");

    [Fact]
    public void An_empty_name_is_127() => Expect(NotFound, "", "");

    [Fact]
    public void A_directory_is_126() => Expect(NotExecutable, "directory", "/");

    [Fact]
    public void A_text_file_without_interpreter_line_is_126() => ExpectFile(NotExecutable, "", "just text\n"u8.ToArray());

    [Fact]
    public void An_empty_file_is_126() => ExpectFile(NotExecutable, "", []);

    [Fact]
    public void A_missing_script_interpreter_is_told() => ExpectFile(NotFound, "/no/such/interpreter", "#!/no/such/interpreter\n"u8.ToArray());

    [Fact]
    public void An_interpreter_line_without_interpreter_is_126() => ExpectFile(NotExecutable, "", "#!\n"u8.ToArray());

    [Fact]
    public void A_text_file_without_execute_permission_is_126()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("plain");
        File.WriteAllText(path, "text");
        Judge(NotExecutable, "plain", Tool.Run([path]));
    }

    [Fact]
    public void A_script_that_is_its_own_interpreter_ends()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("loop");
        Write(path, Encoding.UTF8.GetBytes($"#!{path}\n"));
        ProcessResult result = Tool.Run([path], timeoutSeconds: 20);
        Assert.True(result.ExitCode is NotExecutable or NotFound, Describe(result));
    }

    /// <summary>The message names both machines or at least the file's.</summary>
    [Theory]
    [InlineData("ARM", 40, 1, false, "ARM")]
    [InlineData("PowerPC", 20, 1, true, "PowerPC")]
    [InlineData("AArch64", 183, 2, false, "AArch64")]
    [InlineData("i386", 3, 1, false, "i386")]
    [InlineData("unknown", 0x7777, 2, false, "")]
    public void Another_machine_is_126(string machine, int number, byte elfClass, bool bigEndian, string named)
    {
        log.WriteLine(machine);
        ExpectFile(NotExecutable, named, ForeignElf(number, elfClass, bigEndian));
    }

    [Fact]
    public void A_missing_elf_interpreter_is_told_by_name()
    {
        byte[] image = File.ReadAllBytes(GuestCompiler.Build(DynamicHello(), ["-O1"]));
        ReadOnlySpan<byte> old = "/lib64/ld-linux-x86-64.so.2"u8;
        int at = image.AsSpan().IndexOf(old);
        Assert.True(at > 0);
        "/lib64/no-such-interpreter!"u8.CopyTo(image.AsSpan(at));
        ExpectFile(NotFound, "/lib64/no-such-interpreter!", image);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(119)]
    public void An_elf_cut_short_in_its_headers_is_126(int length) => ExpectFile(NotExecutable, "", StaticHello()[..length]);

    [Theory]
    [InlineData(176)]
    [InlineData(1000)]
    [InlineData(4096)]
    [InlineData(5000)]
    public void An_elf_cut_short_in_its_contents_ends(int length) => MustEnd(StaticHello()[..length], $"cut at {length}");

    /// <summary>Single fields of the headers set to hostile values.</summary>
    [Theory]
    [InlineData("entry outside", 24, 8, 0xdeadbeef000)]
    [InlineData("entry in the kernel", 24, 8, -4096)]
    [InlineData("header table far away", 32, 8, 1L << 40)]
    [InlineData("header table negative", 32, 8, -8)]
    [InlineData("header entry size 0", 54, 2, 0)]
    [InlineData("header entry size 65535", 54, 2, 65535)]
    [InlineData("no headers", 56, 2, 0)]
    [InlineData("65535 headers", 56, 2, 65535)]
    [InlineData("object file", 16, 2, 1)]
    [InlineData("core file", 16, 2, 4)]
    [InlineData("version 0", 20, 4, 0)]
    [InlineData("big endian", 5, 1, 2)]
    [InlineData("class 32", 4, 1, 1)]
    [InlineData("segment size in memory absurd", 64 + 40, 8, long.MaxValue)]
    [InlineData("segment of a petabyte", 64 + 40, 8, 1L << 50)]
    [InlineData("segment size in file absurd", 64 + 32, 8, long.MaxValue)]
    [InlineData("segment address not canonical", 64 + 16, 8, long.MinValue)]
    [InlineData("segment address zero", 64 + 16, 8, 0)]
    [InlineData("segment at the top", 64 + 16, 8, 0x7ffffffff000)]
    [InlineData("segment offset past the end", 64 + 8, 8, 1L << 45)]
    [InlineData("alignment odd", 64 + 48, 8, 3)]
    [InlineData("alignment absurd", 64 + 48, 8, long.MinValue)]
    public void A_hostile_header_field_ends(string what, int offset, int size, long value)
    {
        byte[] image = StaticHello();
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        bytes[..size].CopyTo(image.AsSpan(offset));
        MustEnd(image, what);
    }

    /// <summary>
    /// 300 seeded mutations of a small static program's headers. Whatever the guest then does is its own affair (also death by SIGSEGV); the tool must come to an end,
    /// and must not report a fault of its own.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Mutated_headers_end(int seed)
    {
        byte[] good = StaticHello();
        int headers = 64 + 56 * BinaryPrimitives.ReadUInt16LittleEndian(good.AsSpan(56));
        Random random = new(seed);
        for (int round = 0; round < 100; round++)
        {
            byte[] image = [.. good];
            int changes = random.Next(1, 6);
            for (int i = 0; i < changes; i++)
                Mutate(image, random, headers);
            MustEnd(image, $"seed {seed} round {round}");
        }
    }

    private static void Mutate(byte[] image, Random random, int headers)
    {
        // The identification bytes and the machine stay mostly intact, so that the deeper checks are reached.
        int at = random.Next(20) == 0 ? random.Next(0, headers) : random.Next(20, headers);
        switch (random.Next(5))
        {
            case 0:
                image[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                image[at] = (byte)random.Next(256);
                break;
            case 2:
                BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(at & ~7), random.NextInt64());
                break;
            case 3:
                BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(at & ~7), 1L << random.Next(64));
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(at & ~7), random.Next(2) == 0 ? 0 : -1);
                break;
        }
    }

    private static void MustEnd(byte[] image, string what)
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("program");
        Write(path, image);
        ProcessResult result = Tool.Run([path], directory.Path, timeoutSeconds: 5);
        bool ownFault = result.ErrorText.Contains("Unhandled exception") || result.ErrorText.Contains("   at Suite.");
        bool hang = result.TimedOut && !LoopsNatively(path, directory.Path);
        if (!hang && !ownFault)
            return;
        string kept = Path.Combine(Repository.Root, "out", "bad-input-" + string.Concat(what.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')));
        File.WriteAllBytes(kept, image);
        Assert.Fail($"{what}: {Describe(result)}\nthe file is kept as {kept}");
    }

    /// <summary>A mutated entry point can make an endless loop of good code; then not ending is right.</summary>
    private static bool LoopsNatively(string path, string directory)
    {
        try
        {
            return HostProcess.Run(new ProcessRequest { Program = path, Directory = directory, Timeout = TimeSpan.FromSeconds(2) }).TimedOut;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void Expect(int exitCode, string text, string program) => Judge(exitCode, text, Tool.Run([program], timeoutSeconds: 20));

    private static void ExpectFile(int exitCode, string text, byte[] content)
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("program");
        Write(path, content);
        Judge(exitCode, text, Tool.Run([path], timeoutSeconds: 20));
    }

    private static void Judge(int exitCode, string text, ProcessResult result)
    {
        Assert.True(result.ExitCode == exitCode, $"expected exit {exitCode}: {Describe(result)}");
        Assert.True(result.ErrorText.Length is > 0 and < 2000 && result.ErrorText.EndsWith('\n'), $"expected a short message: {Describe(result)}");
        Assert.Contains(text, result.ErrorText, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(result.Output);
    }

    private static string Describe(ProcessResult result) => $"{result.End}, standard error: {result.ErrorText}";

    private static void Write(string path, byte[] content)
    {
        File.WriteAllBytes(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string DynamicHello() => Path.Combine(Repository.GuestFolder("x86_64"), "hello.c");

    private static byte[] StaticHello() =>
        File.ReadAllBytes(GuestCompiler.Build(Path.Combine(Repository.GuestFolder("x86_64"), "branches.S"), ["-nostdlib", "-static", "-no-pie"]));

    /// <summary>An ELF executable of another machine: header and one program header, in its own byte order.</summary>
    private static byte[] ForeignElf(int machine, byte elfClass, bool bigEndian)
    {
        byte[] image = new byte[512];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', elfClass, (byte)(bigEndian ? 2 : 1), 1 }.CopyTo(image, 0);
        void Put(int at, int size, ulong value)
        {
            for (int i = 0; i < size; i++)
                image[at + (bigEndian ? size - 1 - i : i)] = (byte)(value >> (8 * i));
        }
        int word = elfClass == 2 ? 8 : 4;
        Put(16, 2, 2);
        Put(18, 2, (ulong)machine);
        Put(20, 4, 1);
        Put(24, word, 0x10000);
        Put(24 + word, word, elfClass == 2 ? 64u : 52u);
        int tail = 24 + 3 * word + 4;
        Put(tail, 2, elfClass == 2 ? 64u : 52u);
        Put(tail + 2, 2, elfClass == 2 ? 56u : 32u);
        Put(tail + 4, 2, 1);
        Put(elfClass == 2 ? 64 : 52, 4, 1);
        return image;
    }
}
