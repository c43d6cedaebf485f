using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>
/// --binfmt for real: in a user namespace, which has a binfmt_misc table of its own (Linux 6.7), so that nothing of this machine's changes.
/// </summary>
public sealed class BinfmtMisc(ITestOutputHelper log)
{
    public static TheoryData<string> Targets => ["i386", "ppc"];

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_kernel_runs_programs_also_in_an_empty_chroot(string name)
    {
        string tool = Repository.ToolPath($"qemu-{name}");
        if (InNamespace($"{tool} --binfmt install && {tool} --binfmt verify && {tool} --binfmt status && {tool} --binfmt remove && {tool} --binfmt status") is not { } result)
            return;
        Assert.Equal("exit 1", result.End);
        Assert.Contains($"qemu-{name}: registered, interpreter {tool}, flags OFP\n", result.Text);
        Assert.Matches(@"runs programs: +yes\n", result.Text);
        Assert.Matches(@"argv\[0\] kept: +yes\n", result.Text);
        Assert.Matches(@"works after chroot: +yes, with nothing else in it\n", result.Text);
        Assert.EndsWith($"qemu-{name}: removed\nqemu-{name}: not registered\n", string.Concat(result.Text.Split('\n').Where(l => l.Length > 0 && !l.Contains("kept in")).Select(l => l + "\n")));
    }

    [Fact]
    public void Each_flag_does_what_is_said_of_it()
    {
        string tool = Repository.ToolPath("qemu-ppc");
        if (InNamespace($"for f in none P F C; do echo \"<$f>\"; {tool} --binfmt install $f; {tool} --binfmt verify; done") is not { } result)
            return;
        string[] parts = result.Text.Split('<');
        Assert.Matches(@"flags none[^<]*argv\[0\] kept: +no[^<]*chroot: +no[^<]*honoured: +no", parts[1]);
        Assert.Matches(@"flags P[^<]*argv\[0\] kept: +yes[^<]*chroot: +no[^<]*honoured: +no", parts[2]);
        Assert.Matches(@"flags F[^<]*argv\[0\] kept: +no[^<]*chroot: +yes[^<]*honoured: +no", parts[3]);
        Assert.Matches(@"flags OC[^<]*argv\[0\] kept: +no[^<]*chroot: +no[^<]*honoured: +yes", parts[4]);
    }

    /// <summary>With C the emulator has its program's rights, so its caller's QEMU_* must not direct it.</summary>
    [Fact]
    public void Set_user_id_programs_do_not_listen_to_their_callers_variables()
    {
        if (!GuestTarget.Ppc.CanBuild)
            return;
        using TemporaryDirectory work = new();
        string file = work.File("who.c"), tool = Repository.ToolPath("qemu-ppc");
        File.WriteAllText(file, "#include <stdio.h>\n#include <sys/auxv.h>\n#include <unistd.h>\nint main(int c, char **v) { printf(\"%s %d %lu\\n\", v[0], geteuid(), getauxval(AT_SECURE)); return c; }");
        string program = GuestCompiler.Build(file, ["-static"], GuestTarget.Ppc.CompilerPrefix);
        string copy = work.File("who");
        File.Copy(program, copy);
        if (InNamespace($"chown 1000 {copy}; chmod 4755 {copy}; chmod 755 {work.Path}; {tool} --binfmt install CP; QEMU_STRACE=1 QEMU_ARGV0=x sh -c 'exec {copy}'; QEMU_STRACE=1 {program}") is not { } result)
            return;
        Assert.Equal($"{copy} 1000 1\n{program} 0 0\n", string.Concat(result.Text.Split('\n').Where(l => l.StartsWith('/')).Select(l => l + "\n")));
        Assert.Equal(1, result.ErrorText.Split("exit_group").Length - 1);
    }

    [Fact]
    public void Only_its_own_entries_are_touched_and_others_are_named()
    {
        string tool = Repository.ToolPath("qemu-ppc");
        const string Table = "/proc/sys/fs/binfmt_misc";
        if (InNamespace($$"""
            printf ':qemu-ppc:M::\\x7fELF\\x01\\x02\\x01::/bin/cat:' > {{Table}}/register
            {{tool}} --binfmt install; echo "<$?>"
            {{tool}} --binfmt remove; echo "<$?>"
            {{tool}} --binfmt install --name=suite-ppc; {{tool}} --binfmt verify --name=suite-ppc
            {{tool}} --binfmt remove --name=suite-ppc; ls {{Table}}
            """) is not { } result)
            return;
        Assert.Contains("an entry called qemu-ppc exists, and it is not ours: its interpreter is /bin/cat", result.ErrorText);
        Assert.Contains("the entry qemu-ppc is not ours and stays", result.ErrorText);
        Assert.Contains("<1>\n<1>\n", result.Text);
        Assert.Matches(@"same magic: +qemu-ppc \(/bin/cat\)[^\n]*\n +runs programs: +yes", result.Text);
        Assert.EndsWith("qemu-ppc\nregister\nstatus\n", result.Text);
    }

    [Fact]
    public void The_hosts_own_magic_is_refused_with_the_reason()
    {
        ProcessResult result = Tool.Run(["--binfmt", "print"]);
        Assert.StartsWith(@":qemu-x86_64:M::\x7f\x45\x4c\x46\x02\x01\x01", result.Text);
        if (InNamespace($"{Repository.ToolPath("qemu-x86_64")} --binfmt install") is not { } refused)
            return;
        Assert.Equal("exit 1", refused.End);
        Assert.Contains("the kernel would need the tool to start the tool", refused.ErrorText);
    }

    [Fact]
    public void A_table_that_is_not_there_is_said_with_the_remedy()
    {
        ProcessResult result = HostProcess.Run(new ProcessRequest
        {
            Program = "/usr/bin/unshare",
            Arguments = ["-U", "-r", "-m", "sh", "-c", $"mount -t tmpfs none /proc/sys/fs/binfmt_misc || exit 77; {Repository.ToolPath("qemu-ppc")} --binfmt install"],
            Directory = "/",
        });
        if (result.ExitCode == 77 || result.ErrorText.Contains("unshare"))
        {
            log.WriteLine("skipped: no user namespaces here");
            return;
        }
        Assert.Equal("exit 1", result.End);
        Assert.Contains("fix: ", result.ErrorText);
        Assert.Contains("mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc", result.ErrorText);
    }

    /// <summary>Runs a shell script where it may register; null, with the reason said, where that cannot be had.</summary>
    private ProcessResult? InNamespace(string script)
    {
        ProcessResult result = HostProcess.Run(new ProcessRequest
        {
            Program = "/usr/bin/unshare",
            Arguments = ["-U", "--map-users=0,0,65536", "--map-groups=0,0,65536", "--setuid", "0", "--setgid", "0", "-m", "sh", "-c",
                $"mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 77\n[ -w /proc/sys/fs/binfmt_misc/register ] || exit 77\n{script}"],
            Directory = "/",
        });
        if (result.ExitCode != 77 && !result.ErrorText.Contains("unshare:"))
            return result;
        log.WriteLine($"skipped: binfmt_misc cannot be mounted in a user namespace of this user and kernel: {result.ErrorText}");
        return null;
    }
}
