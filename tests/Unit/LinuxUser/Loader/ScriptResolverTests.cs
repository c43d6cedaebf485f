using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ScriptResolverTests
{
    public static TheoryData<string> Lines =>
    [
        "@\n", "@", "@ \n", "@ ", "@ -x\n", "@ -x", "@  -x  y \t\n", "@\t-x y  ", " @ -x\n", "\t \t@\n", "@\0junk\n", "@ -x\0y\n", "@ a\0", "@\n\n",
        "\n", " \n", "", " ", "\t\t\n", "@ " + new string('y', 400), "@" + new string(' ', 300), new string(' ', 253), new string(' ', 254), new string(' ', 300),
        new string('z', 300), new string('z', 300) + "\n", "@ é ü\n",
    ];

    /// <summary>The kernel under us is the oracle: the same script is run natively with echo as interpreter.</summary>
    [Theory, MemberData(nameof(Lines))]
    public void Lines_are_read_as_the_kernel_reads_them(string line)
    {
        using Scratch scratch = new();
        File.CreateSymbolicLink(scratch.Path("echo"), "/bin/echo");
        string script = scratch.Script("script", "#!" + line.Replace("@", scratch.Path("echo")));
        FakeFiles files = new FakeFiles().Add(script, File.ReadAllBytes(script)).Add(scratch.Path("echo"), "\u007fELF");

        string ours = ScriptResolver.TryResolve(script, [Bytes("zero"), Bytes("one"), Bytes("")], files, out OpenedProgram? program, out LoadError? error)
            ? program.ScriptDepth == 0 ? $"errno {LoadErrno.ENOEXEC}" : string.Join(' ', program.Argv.Skip(1).Select(Encoding.UTF8.GetString)) + "\n"
            : $"errno {error.Errno}";
        Assert.Equal(Native(script, "one", ""), ours);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Nesting_ends_where_the_kernel_ends_it(int depth)
    {
        using Scratch scratch = new();
        FakeFiles files = new FakeFiles().Add("/bin/echo", "\u007fELF");
        string interpreter = "/bin/echo";
        for (int i = 1; i <= depth; i++)
        {
            string next = scratch.Script($"s{i}", $"#!{interpreter} a{i}\n");
            files.Add(next, File.ReadAllBytes(next));
            interpreter = next;
        }
        string ours = ScriptResolver.TryResolve(interpreter, [Bytes("zero"), Bytes("one")], files, out OpenedProgram? program, out LoadError? error)
            ? string.Join(' ', program.Argv.Skip(1).Select(Encoding.UTF8.GetString)) + "\n"
            : $"errno {error.Errno}";
        Assert.Equal(Native(interpreter, "one"), ours);
        Assert.All(files.Opened, f => Assert.True(f.Disposed || f.Path == "/bin/echo"));
    }

    [Fact]
    public void The_result_carries_program_arguments_and_first_name()
    {
        FakeFiles files = new FakeFiles().Add("s", "#! interp -a b \n").Add("interp", "\u007fELF...");
        Assert.True(ScriptResolver.TryResolve("s", [Bytes("x"), Bytes("1")], files, out OpenedProgram? program, out _));
        Assert.Equal(["interp", "-a b", "s", "1"], program.Argv.Select(Encoding.UTF8.GetString));
        Assert.Equal("s", Encoding.UTF8.GetString(program.ExecFn));
        Assert.Equal("interp", program.File.Path);
        Assert.Equal(1, program.ScriptDepth);
        Assert.Equal(7, program.Head.Length);
    }

    [Fact]
    public void A_program_is_itself_and_an_empty_argument_list_gets_one()
    {
        FakeFiles files = new FakeFiles().Add("p", "\u007fELF");
        Assert.True(ScriptResolver.TryResolve("p", [], files, out OpenedProgram? program, out _));
        Assert.Equal([[]], program.Argv);
        Assert.Equal(0, program.ScriptDepth);
    }

    [Fact]
    public void An_open_file_is_taken_over()
    {
        FakeFile file = new("/proc/self/fd/3", Encoding.ASCII.GetBytes("#!/i\n"));
        Assert.True(ScriptResolver.TryResolve("/dev/fd/3", [Bytes("x")], new FakeFiles().Add("/i", "\u007fELF"), out OpenedProgram? program, out _, file));
        Assert.True(file.Disposed);
        Assert.Equal("/dev/fd/3", Encoding.UTF8.GetString(program.Argv[1]));
    }

    [Theory]
    [InlineData("#!/no/such\n", "s: its #! line names the interpreter '/no/such': no such file or directory")]
    [InlineData("#!/bin/sh\r\n", "s: its #! line names the interpreter '/bin/sh': no such file or directory (the line ends in a carriage return: convert the script to Unix line ends)")]
    [InlineData("#!", "s: its #! line names the interpreter '': permission denied (not executable, or not a regular file) (the line ends after #!)")]
    public void A_missing_interpreter_is_explained(string content, string message)
    {
        Assert.False(ScriptResolver.TryResolve("s", [Bytes("s")], new FakeFiles().Add("s", content).Add("/bin/sh", "\u007fELF"), out _, out LoadError? error));
        Assert.Equal((message, content.Length > 2 ? 127 : 126), (error.Message, error.ExitCode));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Native(string script, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(script, arguments) { RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 })!;
            return process.StandardOutput.ReadToEnd();
        }
        catch (Win32Exception refused)
        {
            return $"errno {refused.NativeErrorCode}";
        }
    }

    private sealed class Scratch : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("loader").FullName;

        public string Path(string name) => System.IO.Path.Combine(_directory, name);

        public string Script(string name, string content)
        {
            File.WriteAllBytes(Path(name), Encoding.UTF8.GetBytes(content));
            File.SetUnixFileMode(Path(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return Path(name);
        }

        public void Dispose() => Directory.Delete(_directory, recursive: true);
    }
}
