using Suite.Cli;
using Suite.Guest.X86.Cpu;
using Suite.Host;
using Suite.Jit;
using Suite.Machines.Options;
using Suite.Machines.X86.Boot;

namespace Suite.Machines.X86.Command;

/// <summary>The system emulators of x86: reads the command line, builds the machine and runs it.</summary>
public static class X86SystemTool
{
    /// <summary>Runs the tool; the result is its exit status.</summary>
    /// <param name="args">The command line's words.</param>
    /// <param name="kind">Which tool it is.</param>
    public static int Start(string[] args, X86ToolKind kind)
    {
        try
        {
            MachineOptions options = MachineOptionsParser.Parse(args, new X86Lists(kind));
            if (options.Text is { } text)
            {
                HostText.WriteOut(text);
                return ExitCodes.Success;
            }

            if (options.Daemonize && !Background.IsChild)
                return Background.Start(args);
            using X86Composition machine = new(options, kind);
            if (options.PidFile is { } pidFile)
                UserFile.Write("-pidfile", pidFile, $"{Sys.Call(Nr.getpid)}\n");
            if (options.Daemonize)
                Background.Ready();
            try
            {
                return machine.Run();
            }
            finally
            {
                if (options.PidFile is { } written)
                    File.Delete(written);
            }
        }
        catch (OptionException e)
        {
            return Refuse(kind, e.Message, e.Fix);
        }
        catch (Exception e) when (e is BootException or CpuModelException or EngineException or IOException)
        {
            return Refuse(kind, e.Message, null);
        }
    }

    private static int Refuse(X86ToolKind kind, string message, string? fix)
    {
        HostText.WriteError(ToolErrors.Text(kind.Name, message, fix));
        return ExitCodes.Usage;
    }
}

/// <summary>What is different between the x86 system tools.</summary>
/// <param name="Name">"qemu-system-x86_64".</param>
/// <param name="Is64">The default processor has long mode.</param>
/// <param name="Accelerator">The accelerator when -accel says none.</param>
public sealed record X86ToolKind(string Name, bool Is64, string Accelerator)
{
    /// <summary>qemu-kvm.</summary>
    public static X86ToolKind Kvm { get; } = new("qemu-kvm", true, "kvm");

    /// <summary>qemu-system-x86_64.</summary>
    public static X86ToolKind X64 { get; } = new("qemu-system-x86_64", true, "translation");

    /// <summary>qemu-system-i386.</summary>
    public static X86ToolKind I386 { get; } = new("qemu-system-i386", false, "translation");

    /// <summary>The system emulator whose name this process was started under; null when it is no such name.</summary>
    /// <param name="own">What qemu-system-TARGET means here.</param>
    public static X86ToolKind? Called(X86ToolKind own)
    {
        string called = Environment.GetCommandLineArgs()[0];
        ReadOnlySpan<char> name = called.AsSpan(called.LastIndexOf('/') + 1);
        return name is "qemu-kvm" or "kvm" ? Kvm : name.StartsWith("qemu-system-") ? own : null;
    }
}
