namespace Suite.EndToEnd;

/// <summary>Signals that the tool itself is started with blocked: the guest has them blocked, the emulator gets its own through.</summary>
public sealed class InheritedSignals
{
    // Setting a handler makes the emulator wait for the runtime's thread, which had inherited that the emulator's signal is blocked: it waited for ever.
    [Theory]
    [InlineData("signal.valid_signals() - {34}")] // which the .NET runtime lets in before anybody can look
    [InlineData("{64}")]
    [InlineData("{signal.SIGTERM, signal.SIGUSR1}")]
    public void A_program_started_with_signals_blocked_runs_and_has_them_blocked(string blocked)
    {
        string start = $"import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, {blocked}); os.execv(sys.argv[1], sys.argv[1:])";
        string[] program = ["/bin/bash", "-c", "trap 'echo caught' USR2; kill -USR2 $$; exec grep ^SigBlk /proc/self/status"];
        Assert.Equal(Python([start, .. program]), Python([start, Repository.ToolPath("qemu-x86_64"), .. program]));
    }

    private static string Python(string[] arguments)
    {
        ProcessResult result = HostProcess.Run(new ProcessRequest { Program = GuestCompiler.FindInPath("python3"), Arguments = ["-c", .. arguments], Timeout = TimeSpan.FromSeconds(30) });
        Assert.True(result.ExitCode == 0 && result.ErrorText.Length == 0, $"status {result.ExitCode}, {result.ErrorText}");
        return result.Text;
    }
}
