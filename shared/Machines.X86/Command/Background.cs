using System.Diagnostics;
using Suite.Host;

namespace Suite.Machines.X86.Command;

/// <summary>-daemonize: this tool starts itself again; the first process ends when the machine of the second is ready, with its status.</summary>
internal static unsafe class Background
{
    // Set for the second process, whose standard output is a pipe that the first one reads.
    private const string Variable = "SUITE_DAEMON";

    /// <summary>True in the process that is to run the machine.</summary>
    public static bool IsChild => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Starts the second process and waits until it is ready, or has failed; the result is the exit status.</summary>
    public static int Start(string[] args)
    {
        string called = Environment.GetCommandLineArgs()[0];
        ProcessStartInfo start = new(called.EndsWith(".dll", StringComparison.Ordinal) ? Environment.ProcessPath! : called, args) { RedirectStandardOutput = true };
        start.Environment[Variable] = "1";
        using Process child = Process.Start(start)!;
        if (child.StandardOutput.Read() >= 0)
            return 0;
        child.WaitForExit();
        return child.ExitCode;
    }

    /// <summary>The machine is built: a session of its own, the terminal is let go, and the first process ends.</summary>
    public static void Ready()
    {
        const int Input = 0, Output = 1, Error = 2;
        byte ok = 1;
        Sys.Call(Nr.setsid);
        Sys.Call(Nr.write, Output, (long)&ok, 1);
        fixed (byte* path = "/dev/null\0"u8)
        {
            long nothing = Sys.Call(Nr.openat, Linux.AT_FDCWD, (long)path, Linux.O_RDWR | Linux.O_CLOEXEC);
            foreach (int stream in (ReadOnlySpan<int>)[Input, Output, Error])
                Sys.Call(Nr.dup3, nothing, stream);
        }
    }
}
