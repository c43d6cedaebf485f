using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

public sealed class ProgramFinderTests
{
    private readonly FakeFiles _files = new FakeFiles().Add("/usr/bin/ls", "").Add("/bin/ls", "").Add("./here", "").Add("here", "").Add("a.out", "").Add("dir/prog", "")
        .Refuse("/bin/locked", LoadErrno.EACCES).Refuse("/etc/passwd/x", LoadErrno.ENOTDIR).Refuse("plain", LoadErrno.EACCES).Add("/opt/sub/tool", "");

    [Theory]
    [InlineData("ls", "/usr/bin:/bin", "/usr/bin/ls")]
    [InlineData("ls", "/sbin:/bin/:/usr/bin", "/bin/ls")]
    [InlineData("ls", null, "/bin/ls")]
    [InlineData("a.out", "/usr/bin", "a.out")]
    [InlineData("here", ":/bin", "here")]
    [InlineData("dir/prog", "", "dir/prog")]
    [InlineData("/bin/ls", "/usr/bin", "/bin/ls")]
    [InlineData("tool", "/opt/sub", "/opt/sub/tool")]
    public void Found(string name, string? path, string expected)
    {
        Assert.True(ProgramFinder.TryFind(name, path, _files, out string? found, out LoadError? error), error?.Message);
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData("nothing", "/bin:/usr/bin", 127, "nothing: not found in the current directory or in PATH (/bin:/usr/bin)")]
    [InlineData("locked", "/usr/bin:/bin", 126, "/bin/locked: permission denied (not executable, or not a regular file)")]
    [InlineData("plain", "/bin", 126, "plain: permission denied (not executable, or not a regular file)")]
    [InlineData("/etc/passwd/x", "/bin", 127, "/etc/passwd/x: a part of the path is not a directory")]
    [InlineData("./nothing", "/bin", 127, "./nothing: no such file or directory")]
    [InlineData("", "/bin", 127, "'': no program named")]
    public void Not_found(string name, string? path, int exitCode, string message)
    {
        Assert.False(ProgramFinder.TryFind(name, path, _files, out _, out LoadError? error));
        Assert.Equal((exitCode, message), (error.ExitCode, error.Message));
    }
}
