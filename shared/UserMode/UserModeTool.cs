using System.Diagnostics.CodeAnalysis;
using Suite.Cli;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.Jit;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Threads;
using Suite.LinuxUser.Tracing;
using Suite.UserMode.Binfmt;

namespace Suite.UserMode;

/// <summary>TOOL PROGRAM ARGUMENTS: reads the command line, loads the program and runs it.</summary>
public static class UserModeTool
{
    /// <summary>Runs the tool; the result is its exit status (a program that runs ends the process itself).</summary>
    public static int Start(string[] args, UserTarget target)
    {
        if (SystemNames.Refusal() is { } refusal)
        {
            HostText.WriteError(refusal);
            return ExitCodes.Usage;
        }
        if (args.Length > 0 && args[0] is "--binfmt" or "-binfmt" && !Invocation.IsByKernel)
            return new BinfmtCommand(target.Elf, Environment.ProcessPath!).Run(args.AsSpan(1));
        Invocation call = Invocation.Read(args);
        UserParseResult parsed = UserOptionsParser.Parse(call.Words, call.IsSecure ? _ => null : Environment.GetEnvironmentVariable, target.ToolName, target.CpuHelp);
        HostText.WriteOut(parsed.Stdout);
        HostText.WriteError(parsed.Stderr);
        if (!parsed.ShallRun)
            return parsed.ExitCode;
        UserOptions options = parsed.Options;
        if (options.DumpThreads is { } pid)
        {
            if (DumpRequest.Send(pid) is not { } trouble)
                return ExitCodes.Success;
            HostText.WriteError($"{target.ToolName}: -dump-threads: {trouble}\n");
            return ExitCodes.Usage;
        }

        if (options.Coverage)
        {
            HostText.WriteOut(Coverage.Text(target));
            return ExitCodes.Success;
        }

        if (!TryPrepare(options, call, target, out UserCpu? cpu, out LogSink? log, out StraceSettings? strace, out string? error))
        {
            HostText.WriteError($"{target.ToolName}: {error}\n");
            return ExitCodes.Usage;
        }

        if (!call.IsChild)
            foreach (string warning in cpu.Warnings)
                HostText.WriteError($"{target.ToolName}: warning: {warning}\n");
        return Run(new UserComposition(target, cpu, options, strace, call, log));
    }

    private static bool TryPrepare(UserOptions options, Invocation call, UserTarget target, [NotNullWhen(true)] out UserCpu? cpu, out LogSink? log,
        out StraceSettings? strace, [NotNullWhen(false)] out string? error)
    {
        (log, strace) = (null, null);
        if (!target.TrySelectCpu(options.Cpu, out cpu, out error))
            return false;
        if (options.Strace && !StraceSettings.TryParse(options.StraceSettings, target.SyscallRows(), call.IsChild, out strace, out error))
        {
            error = $"-strace: {error}";
            return false;
        }

        try
        {
            log = Logging.Create(options.LogItems, options.LogFile, append: call.IsChild);
            return true;
        }
        catch (IOException e)
        {
            error = e.Message;
            return false;
        }
    }

    private static int Run(UserComposition parts)
    {
        string tool = parts.Target.ToolName;
        GuestMemory memory = parts.MakeMemory();
        if (!parts.ProgramStart(memory).TryLoad(memory, out LoadedImage? image, out StackLayout? stack, out ProgramIdentity? identity, out LoadError? error))
        {
            HostText.WriteError($"{tool}: {error.Message}\n");
            if (error.KernelKills && parts.IsExecuted)
                SignalDelivery.Kill(Linux.SIGSEGV);
            return error.ExitCode;
        }

        try
        {
            GuestThread thread = parts.MainThread(memory, identity);
            parts.Cpu.SetStart(thread, image.InterpreterEntry, stack.StackPointer);
            thread.Process.Diagnosis?.Begin(thread, isFork: false);
            thread.Process.Tracer?.ThreadStarted(thread, ThreadBirth.Program);
            thread.ApplyMask();
            thread.Process.Loop(thread);
            GuestThreads.End(thread);
            GuestThreads.LeaveMain();
            return ExitCodes.Success;
        }
        catch (EngineException e)
        {
            HostText.WriteError($"{tool}: {e.Message}\n");
            return ExitCodes.Usage;
        }
    }
}
