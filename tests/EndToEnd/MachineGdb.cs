using System.Diagnostics;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>The real gdb, by script, on a small kernel that a machine runs with -gdb.</summary>
public sealed class MachineGdb(ITestOutputHelper output)
{
    [Fact]
    public void Breakpoints_watchpoints_and_registers_under_translation() => Debug(
        "translation",
        """
        break tick
        continue
        backtrace
        delete
        watch counter
        continue
        continue
        delete
        break say
        continue
        delete
        rwatch place.x
        continue
        print place
        print $cr0 & 1
        delete
        continue
        """,
        "Breakpoint 1, tick (by=1)", "rounds (n=4)", "kernel ()", "Hardware watchpoint 2: counter", "Old value = 0", "New value = 1", "Old value = 1", "New value = 3", "Breakpoint 3, say",
        "Hardware read watchpoint 4: place.x", "Value = 3", "{x = 3, y = -6}", "= 1", "exited with code 07");

    [Fact]
    public void Breakpoints_and_steps_under_kvm() => Debug(
        "kvm",
        """
        break tick
        continue
        backtrace
        set $before = $pc
        stepi
        print $pc != $before
        delete
        continue
        """,
        "Breakpoint 1, tick (by=1)", "rounds (n=4)", "kernel ()", "= 1", "exited with code 07");

    // What gdb must print, in this order.
    private void Debug(string accelerator, string script, params ReadOnlySpan<string> expected)
    {
        int at = 0;
        if (Run(accelerator, script) is not { } text)
            return;
        foreach (string part in expected)
        {
            int found = text.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"'{part}' is not in what gdb printed, behind the parts before it:\n{text}");
            at = found + part.Length;
        }
    }

    // What gdb printed; null when it was skipped.
    private string? Run(string accelerator, string script)
    {
        if (GuestCompiler.Locate("gdb-multiarch") is not { } gdb || (accelerator == "kvm" && !File.Exists("/dev/kvm")))
        {
            output.WriteLine("skipped: gdb-multiarch or /dev/kvm is missing");
            return null;
        }

        string[] flags = ["-m32", "-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-no-pie", "-fno-stack-protector", "-O0", "-g", "-Wl,-n", "-Wl,-Ttext=0x200000", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments"];
        string kernel = GuestCompiler.Build(Path.Combine(Repository.GuestFolder("x86-system"), "debuggee.c"), flags);
        using TemporaryDirectory folder = new();
        string socket = folder.File("gdb"), file = folder.File("script");
        File.WriteAllText(file, $"set pagination off\nset confirm off\nset width 0\ntarget remote {socket}\n{script}\n");
        Task<ProcessResult> run = Task.Factory.StartNew(
            () => Tool.Run(
                ["-accel", accelerator, "-m", "16", "-display", "none", "-serial", "none", "-monitor", "none", "-debugcon", "stdio", "-device", "isa-debug-exit,iobase=0xf4", "-kernel", kernel, "-S", "-gdb", "unix:" + socket],
                tool: "qemu-system-i386"),
            TaskCreationOptions.LongRunning);
        Stopwatch clock = Stopwatch.StartNew();
        while (!File.Exists(socket) && !run.IsCompleted && clock.Elapsed < TimeSpan.FromSeconds(20))
            Thread.Sleep(5);
        ProcessResult debugger = HostProcess.Run(new ProcessRequest { Program = gdb, Arguments = ["-nx", "-batch", "-x", file, kernel] });
        output.WriteLine(debugger.Text + debugger.ErrorText);
        ProcessResult result = run.GetAwaiter().GetResult();
        output.WriteLine(result.Text + result.ErrorText + result.End);
        Assert.Equal(("sum 10\n", 7), (result.Text, result.ExitCode));
        return debugger.Text;
    }
}
