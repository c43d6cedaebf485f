using System.Diagnostics;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>The real gdb, by script, on programs that the tools run with -g.</summary>
public sealed class GdbTests(ITestOutputHelper output)
{
    private const string Interrupt = "shell P=$PPID; (sleep 0.5; kill -INT $P) > /dev/null 2>&1 &\n";

    public static TheoryData<string> Targets => [.. GuestTarget.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Breakpoints_backtraces_steps_and_registers(string target)
    {
        Session s = Run(target, "", """
            break inner
            condition 1 k == 2
            continue
            backtrace
            print *p
            finish
            stepi
            print $pc == $oldpc
            info threads
            info auxv
            info proc
            monitor info mappings
            set var counter = 100
            print add(40, 2)
            delete
            continue
            """);
        s.Has("Breakpoint 1, inner", "k=2) at", "in outer (n=4)", "main (argc=", "{x = 2, y = 2}", "Value returned is", "= 8", "AT_PHDR", "AT_ENTRY", "exe = ", "= 42", "exited with code 07");
        s.Says("[stack]");
        s.Program("outer 28 counter 103 scale 3\n");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Watchpoints(string target)
    {
        Session s = Run(target, "", """
            break main
            continue
            watch counter
            continue
            continue
            print/x $pc
            delete
            rwatch ratio
            continue
            delete
            break inner
            continue
            watch p->x
            continue
            continue
            info watchpoints
            delete
            continue
            """);
        s.Has("Hardware watchpoint 2: counter", "Old value = 0", "New value = 1", "Old value = 1", "New value = 3", "Hardware read watchpoint 3: ratio", "Value = 1.5");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Vector_and_float_registers_are_read_and_written(string target)
    {
        Session s = Run(target, "", target == "ppc"
            ? """
              break scale
              continue
              print $f1
              set var $f1 = 8.0
              print $f1
              set var $vr3.v4_int32 = {1, 2, 3, 4}
              stepi
              print $vr3.v4_int32
              print/x $cr
              continue
              """
            : """
              break scale
              continue
              set var $xmm7.v4_int32 = {1, 2, 3, 4}
              stepi
              print $xmm7.v4_int32
              print $mxcsr
              print $fctrl
              print $ftag
              print $st0
              continue
              """);
        s.Has("= {1, 2, 3, 4}");
        if (target == "ppc")
            s.Has("$1 = 1.5", "$2 = 8");
        else
            s.Has("= [ IM DM ZM OM UM PM ]", "= 895");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Threads_stop_and_go_together(string target)
    {
        Session s = Run(target, "threads", """
            break meet
            continue
            info threads
            thread apply all backtrace 1
            thread 2
            stepi
            set scheduler-locking on
            stepi
            set scheduler-locking off
            delete
            continue
            """);
        s.Has("hit Breakpoint 1, meet ()", "Thread 4 (", "Switching to thread 2", "exited normally");
        s.Program("joined\n");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Signals_are_passed_dropped_and_changed(string target)
    {
        Session s = Run(target, "signals", """
            handle SIGUSR1 stop print pass
            continue
            print $_siginfo.si_signo
            continue
            signal 0
            signal SIGUSR2
            """);
        s.Has("received signal SIGUSR1", "= 10", "exited normally");
        s.Program("got 10\ngot 0\ngot 12\n");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_crash_shows_where_and_why(string target)
    {
        Session s = Run(target, "crash", """
            continue
            print $_siginfo._sifields._sigfault.si_addr
            backtrace 1
            continue
            """);
        s.Has("received signal SIGSEGV", "0x1234", "main (argc=", "terminated with signal SIGSEGV");
        s.Program(end: "signal 11");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void System_calls_are_caught(string target)
    {
        Session s = Run(target, "", """
            catch syscall write
            continue
            continue
            delete
            continue
            """);
        s.Has("(call to syscall write)", "(returned from syscall write)", "exited with code 07");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Children_and_programs_are_told(string target)
    {
        Session s = Run(target, "forks", """
            catch fork
            catch vfork
            catch exec
            continue
            continue
            continue
            continue
            """);
        s.Has("(forked process", "(vforked process", "(exec'd ", "exited with code 011");
        s.Program("child 21\nleaf 9\n");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_child_of_a_fork_is_followed(string target)
    {
        Session s = Run(target, "forks", """
            set follow-fork-mode child
            break child_work
            continue
            backtrace
            finish
            continue
            """);
        s.Has("fork to child", "child_work (n=3)", "main (argc=", "= 21", "exited with code 025");
        s.Program("child 21\nleaf 9\n", "exit 9");
    }

    [Fact]
    public void The_child_of_a_vfork_is_followed_into_its_program()
    {
        Session s = Run("x86_64", "forks", """
            catch vfork
            continue
            set follow-fork-mode child
            delete
            catch exec
            continue
            delete
            break main
            continue
            print argv[1]
            continue
            """);
        s.Has("(vforked process", "vfork parent process", "(exec'd ", "\"leaf\"", "exited with code 011");
        s.Program("child 21\nleaf 9\n", "exit 9");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void An_interrupt_stops_a_call_which_goes_on(string target)
    {
        Session s = Run(target, "pause", $"""
            {Interrupt}continue
            backtrace
            print add(40, 2)
            continue
            """);
        s.Has("received signal SIGINT", "main (argc=", "= 42", "exited normally");
        s.Program("nanosleep 0\n");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void An_interrupt_stops_a_loop(string target)
    {
        Session s = Run(target, "loop", $"""
            {Interrupt}continue
            print turns > 0
            stepi
            stepi
            signal SIGUSR1
            """);
        s.Has("received signal SIGINT", "main (argc=", "= 1", "exited with code 012");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_debugger_may_come_late_go_and_come_again(string target)
    {
        Session s = Run(target, "loop", """
            backtrace 1
            detach
            shell sleep 0.2
            target extended-remote SOCKET
            print turns > 0
            kill
            """, ",wait=off");
        s.Has("main (argc=", "detached]", "= 1", "killed]");
        s.Program(end: "signal 9");
    }

    [Fact]
    public void Symbols_of_shared_libraries_are_found()
    {
        Session s = Run("x86_64", "", """
            break main
            continue
            break write
            continue
            info sharedlibrary
            backtrace 1
            continue
            """, flags: ["-pthread"]);
        s.Has("libc.so.6", "write");
    }

    [Fact]
    public void A_bad_endpoint_is_refused()
    {
        Assert.Contains("is not a TCP port", Tool.Run(["-g", "99999", "/bin/true"]).ErrorText);
        Assert.Contains("its folder does not exist", Tool.Run(["-g", "/nowhere/at/all", "/bin/true"]).ErrorText);
    }

    private Session Run(string targetName, string mode, string script, string wait = "", IReadOnlyList<string>? flags = null)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!target.CanBuild || GuestCompiler.Locate("gdb-multiarch") is not { } gdb)
        {
            output.WriteLine($"skipped: gdb-multiarch or a compiler for {targetName} is not installed");
            return new Session(null, null);
        }

        string source = Path.Combine(Repository.GuestFolder("debug"), "debuggee.c");
        string program = GuestCompiler.Build(source, [.. target.Flags, "-g", "-O0", .. flags ?? ["-static", "-pthread"]], target.CompilerPrefix);
        using TemporaryDirectory folder = new();
        string socket = folder.File("gdb"), file = folder.File("script");
        File.WriteAllText(file, $"set pagination off\nset confirm off\nset sysroot /\nset width 0\ntarget {(wait.Length == 0 ? "remote" : "extended-remote")} {socket}\nset $oldpc = $pc\n{script.Replace("SOCKET", socket)}\n");
        string[] arguments = mode.Length == 0 ? ["-g", socket + wait, program] : ["-g", socket + wait, program, mode];
        Task<ProcessResult> run = Task.Factory.StartNew(() => Tool.Run(arguments, tool: target.Tool), TaskCreationOptions.LongRunning);
        Stopwatch clock = Stopwatch.StartNew();
        while (!File.Exists(socket) && !run.IsCompleted && clock.Elapsed < TimeSpan.FromSeconds(20))
            Thread.Sleep(5);
        if (wait.Length > 0)
            Thread.Sleep(200);
        ProcessResult debugger = HostProcess.Run(new ProcessRequest { Program = gdb, Arguments = ["-nx", "-batch", "-x", file, program] });
        output.WriteLine(debugger.Text + debugger.ErrorText);
        ProcessResult result = run.GetAwaiter().GetResult();
        output.WriteLine(result.Text + result.ErrorText + result.End);
        return new Session(debugger, result);
    }

    // Both null when it was skipped; then everything holds.
    private sealed record Session(ProcessResult? Debugger, ProcessResult? Result)
    {
        /// <summary>What the program printed and how it ended.</summary>
        public void Program(string? text = null, string? end = null)
        {
            if (Result is null)
                return;
            Assert.Equal(text ?? Result.Text, Result.Text);
            Assert.Equal(end ?? Result.End, Result.End);
        }

        /// <summary>gdb printed this on standard error, where the answers to monitor commands go.</summary>
        public void Says(string part)
        {
            if (Debugger is not null)
                Assert.Contains(part, Debugger.ErrorText);
        }

        /// <summary>gdb printed these, in this order.</summary>
        public void Has(params ReadOnlySpan<string> parts)
        {
            int at = 0;
            foreach (string part in parts)
            {
                if (Debugger is null)
                    return;
                int found = Debugger.Text.IndexOf(part, at, StringComparison.Ordinal);
                Assert.True(found >= 0, $"'{part}' is not in what gdb printed, behind the parts before it:\n{Debugger.Text}{Debugger.ErrorText}");
                at = found + part.Length;
            }
        }
    }
}
