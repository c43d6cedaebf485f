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

    /// <summary>
    /// --persistent in a throw-away root: the line systemd would give to the kernel is one the kernel takes, the file for update-binfmts has its keys, what others wrote is left
    /// alone, and remove takes away what install wrote and nothing else.
    /// </summary>
    [Fact]
    public void What_is_to_last_is_written_for_systemd_and_for_debian()
    {
        using TemporaryDirectory work = new();
        string recorder = work.File("recorder.c");
        File.WriteAllText(recorder, "#include <stdio.h>\nint main(int c, char **v) { FILE *f = fopen(\"/asked\", \"a\"); for (int i = 1; i < c; i++) fprintf(f, \"%s \", v[i]); fputs(\"\\n\", f); return 0; }");
        if (InRootNamespace($$"""
            set -e
            R={{work.Path}}/root; mkdir -p $R/usr/sbin $R/usr/lib/systemd $R/proc $R/etc
            cp {{Repository.ToolPath("qemu-ppc")}} $R/usr/qemu-ppc; cp {{GuestCompiler.Build(recorder, ["-static"])}} $R/usr/sbin/update-binfmts
            mount --rbind /proc $R/proc; T=/proc/sys/fs/binfmt_misc
            run() { chroot $R /usr/qemu-ppc --binfmt "$@"; }
            run install --persistent
            echo "<systemd>"; cat $R/etc/binfmt.d/qemu-ppc.conf
            echo "<debian>"; cat $R/usr/share/binfmts/qemu-ppc; cat $R/asked
            echo "<again>"; cp $T/qemu-ppc first; echo -1 > $T/qemu-ppc
            grep -v '^#' $R/etc/binfmt.d/qemu-ppc.conf | tr -d '\n' | sed "s|:/usr/qemu-ppc:|:$R/usr/qemu-ppc:|" > $T/register
            grep -v interpreter first > a; grep -v interpreter $T/qemu-ppc > b; cmp a b && echo "as install registered it"
            echo -1 > $T/qemu-ppc
            run install --persistent > /dev/null
            echo "<status>"; run status
            echo "<remove>"; run remove; ls -A $R/etc/binfmt.d $R/usr/share/binfmts; tail -n 1 $R/asked
            echo "<others>"; echo '# of a package' > $R/etc/binfmt.d/qemu-ppc.conf
            run install --persistent || echo "refused"
            run remove; cat $R/etc/binfmt.d/qemu-ppc.conf
            """, work.Path) is not { } result)
            return;
        Assert.True(result.End == "exit 0", $"{result.End}\n{result.Text}\n{result.ErrorText}");
        Dictionary<string, string> parts = result.Text.Split('<').Skip(1).Select(p => p.Split(">\n", 2)).ToDictionary(p => p[0], p => p[1]);
        const string Magic = @"\x7f\x45\x4c\x46\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x14", Mask = @"\xff\xff\xff\xff\xff\xff\xff\xfc\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff";
        Assert.Equal($"# Written by qemu-ppc --binfmt install; 'qemu-ppc --binfmt remove' removes it.\n:qemu-ppc:M::{Magic}:{Mask}:/usr/qemu-ppc:OFP\n", parts["systemd"]);
        Assert.Equal($"package suite-local\ninterpreter /usr/qemu-ppc\nmagic {Magic}\noffset 0\nmask {Mask}\ncredentials no\nfix_binary yes\npreserve yes\n--import qemu-ppc \n", parts["debian"]);
        Assert.Equal("as install registered it\n", parts["again"]);
        Assert.Contains("qemu-ppc: kept in /etc/binfmt.d/qemu-ppc.conf\nqemu-ppc: kept in /usr/share/binfmts/qemu-ppc\n", parts["status"]);
        Assert.Contains("removed /usr/share/binfmts/qemu-ppc\nremoved /etc/binfmt.d/qemu-ppc.conf\nqemu-ppc: removed\n", parts["remove"]);
        Assert.EndsWith("--unimport qemu-ppc \n", parts["remove"]);
        Assert.DoesNotContain("qemu-ppc.conf\n\n", parts["remove"]);
        Assert.Contains("refused\n", parts["others"]);
        Assert.EndsWith("# of a package\n", parts["others"]);
        Assert.Contains("/etc/binfmt.d/qemu-ppc.conf exists and is not ours", result.ErrorText);
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
    private ProcessResult? InNamespace(string script) => InNamespace(script, "/", "-U", "--map-users=0,0,65536", "--map-groups=0,0,65536", "--setuid", "0", "--setgid", "0");

    /// <summary>The same where root is the only user there is, which takes no helper programs.</summary>
    private ProcessResult? InRootNamespace(string script, string directory) => InNamespace(script, directory, "-U", "-r");

    private ProcessResult? InNamespace(string script, string directory, params string[] mapping)
    {
        ProcessResult result = HostProcess.Run(new ProcessRequest
        {
            Program = "/usr/bin/unshare",
            Arguments = [.. mapping, "-m", "sh", "-c", $"mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 77\n[ -w /proc/sys/fs/binfmt_misc/register ] || exit 77\n{script}"],
            Directory = directory,
        });
        if (result.ExitCode != 77 && !result.ErrorText.Contains("unshare:"))
            return result;
        log.WriteLine($"skipped: binfmt_misc cannot be mounted in a user namespace of this user and kernel: {result.ErrorText}");
        return null;
    }
}
