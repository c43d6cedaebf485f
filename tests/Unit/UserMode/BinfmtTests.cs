using Suite.LinuxUser.Loader;
using Suite.UserMode.Binfmt;

namespace Suite.Tests.UserMode;

/// <summary>Registrations as text, and the program that verifies them.</summary>
public sealed class BinfmtTests
{
    private const string Any = @"\xff\xff\xff\xff\xff\xff\xff\xfc\xff\xff\xff\xff\xff\xff\xff\xff";

    [Fact]
    public void Lines_have_class_order_machine_and_open_bits_of_each_target()
    {
        Assert.Equal(@":qemu-ppc:M::\x7f\x45\x4c\x46\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x14:" + Any + @"\xff\xfe\xff\xff:/bin/q:OFP",
            BinfmtFormat.For(ElfTarget.Ppc).Line("qemu-ppc", "/bin/q", "OFP"));
        Assert.Equal(@":n:M::\x7f\x45\x4c\x46\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x03\x00:" + Any + @"\xfe\xff\xff\xff:/q:",
            BinfmtFormat.For(ElfTarget.I386).Line("n", "/q", ""));
        Assert.Equal(@":n:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00:" + Any + @"\xfe\xff\xff\xff:/q:",
            BinfmtFormat.For(ElfTarget.X86_64).Line("n", "/q", ""));
        Assert.Contains("credentials no\nfix_binary yes\npreserve yes\n", BinfmtFormat.For(ElfTarget.Ppc).DebianText("p", "/q", "OFP"));
    }

    [Theory]
    [InlineData(2, 0, true)]
    [InlineData(3, 3, true)]
    [InlineData(1, 0, false)]
    [InlineData(4, 0, false)]
    [InlineData(2, 9, false)]
    public void Programs_of_every_kind_match_and_nothing_else(int type, int abi, bool matches)
    {
        foreach (ElfTarget target in (ElfTarget[])[ElfTarget.I386, ElfTarget.Ppc, ElfTarget.X86_64])
        {
            BinfmtFormat format = BinfmtFormat.For(target);
            BinfmtEntry entry = new("n", true, "/q", "", 0, format.Magic, format.Mask);
            byte[] head = ProbeProgram.Build(target);
            (head[target.BigEndian ? 17 : 16], head[7]) = ((byte)type, (byte)abi);
            Assert.Equal(matches, entry.Matches(head));
            Assert.False((entry with { Enabled = false }).Matches(head));
            head[target.BigEndian ? 19 : 18]++;
            Assert.False(entry.Matches(head));
        }
    }

    [Fact]
    public void Entries_are_read_as_the_kernel_writes_them()
    {
        BinfmtEntry entry = BinfmtEntry.Parse("x", "disabled\ninterpreter /usr/bin/q with space\nflags: POF\noffset 3\nmagic 7f45\nmask ff0f\n");
        Assert.Equal(("x", false, "/usr/bin/q with space", "POF", 3), (entry.Name, entry.Enabled, entry.Interpreter, entry.Flags, entry.Offset));
        Assert.Equal([0x7f, 0x45], entry.Magic);
        Assert.Equal([0xff, 0x0f], entry.Mask);
        Assert.False(BinfmtEntry.Parse("e", "enabled\ninterpreter /x\nflags: \nextension .jar\n").Matches(new byte[64]));
    }

    [Theory]
    [InlineData("install", "OFP")]
    [InlineData("install C", "OC")]
    [InlineData("install --flags none", "")]
    [InlineData("install F P", "FP")]
    [InlineData("install --all --flags=PF", "FP")]
    public void Flags_asked_for(string words, string flags)
    {
        Assert.True(BinfmtRequest.TryParse(words.Split(' '), out BinfmtRequest? request, out string? error), error);
        Assert.Equal(flags, request.Flags);
    }

    [Theory]
    [InlineData("")]
    [InlineData("register")]
    [InlineData("install X")]
    [InlineData("install --flags")]
    [InlineData("install --name a/b")]
    [InlineData("install --all --name x")]
    [InlineData("install --interpreter relative")]
    public void What_cannot_be_understood_is_refused(string words) =>
        Assert.False(BinfmtRequest.TryParse(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), out _, out _));
}
