using System.Text;
using Suite.LinuxUser.Proc;

namespace Suite.Tests.LinuxUser.Proc;

/// <summary>What a process of this tool emulates, from its command line.</summary>
public sealed class ProcEmulatedCommandTests
{
    [Theory]
    [InlineData("tool --suite-exec 0 sh /bin/dash -c true", "/bin/dash", "sh -c true")]
    [InlineData("tool --suite-exec 2 -cpu max -prog /bin/prog", "/bin/prog", "-prog")]
    [InlineData("tool /bin/prog -L x", "/bin/prog", "/bin/prog -L x")]
    [InlineData("tool -strace -L /sys -0 name /bin/prog a", "/bin/prog", "name a")]
    [InlineData("tool --cpu max -- -odd a", "-odd", "-odd a")]
    public void The_guests_words_are_found(string line, string program, string arguments)
    {
        Assert.True(EmulatedCommand.TryParse(Words(line), out EmulatedCommand command));
        Assert.Equal(program, Encoding.ASCII.GetString(command.Program));
        Assert.Equal(arguments.Replace(' ', '\0') + "\0", Encoding.ASCII.GetString(command.CommandLine()));
    }

    [Theory]
    [InlineData("tool")]
    [InlineData("tool -strace")]
    [InlineData("tool -L")]
    [InlineData("tool --suite-exec")]
    [InlineData("tool --suite-exec x name path")]
    [InlineData("tool --suite-exec 1 name path")]
    [InlineData("tool --suite-exec 2147483647 name path")]
    public void Other_words_are_no_command(string line) => Assert.False(EmulatedCommand.TryParse(Words(line), out _));

    [Fact]
    public void A_script_shows_its_interpreter()
    {
        Assert.True(EmulatedCommand.TryParse(Words("tool --suite-exec 0 s ./s a"), out EmulatedCommand command));
        command = command.FollowScripts(name => name.AsSpan().SequenceEqual("./s"u8) ? "#! /bin/sh -e\n"u8.ToArray() : "\u007fELF"u8.ToArray());
        Assert.Equal("/bin/sh", Encoding.ASCII.GetString(command.Program));
        Assert.Equal("/bin/sh\0-e\0./s\0a\0", Encoding.ASCII.GetString(command.CommandLine()));
    }

    private static byte[][] Words(string line) => [.. line.Split(' ').Select(Encoding.ASCII.GetBytes)];
}
