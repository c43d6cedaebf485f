using System.Text;
using Suite.Cli;
using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;

namespace Suite.UserMode;

/// <summary>How this process was started: by a person, or by the tool itself for a program that a guest executed (<see cref="Respawn"/>).</summary>
internal sealed class Invocation
{
    private readonly string? _childArgv0;

    private Invocation(string[] words, bool isChild, string? argv0, string? debugger = null)
    {
        (Words, IsChild, _childArgv0, Debugger) = (words, isChild, argv0, debugger);
    }

    /// <summary>Options, program, program's arguments.</summary>
    public string[] Words { get; }

    public bool IsChild { get; }

    /// <summary>What the debugger of the program that executed this one handed on; null when there was none.</summary>
    public string? Debugger { get; }

    /// <summary>The limits on memory that the executing guest had set (<see cref="Suite.LinuxUser.Proc.GuestSettings.Decode"/>); null for none.</summary>
    public string? Limits { get; private init; }

    /// <summary>The program was started with SIGPIPE ignored. Only a respawned tool can know: the runtime ignores it before Main.</summary>
    public bool PipeIgnored => IsChild && Environment.GetEnvironmentVariable(PipeVariable) is not null;

    private const string PipeVariable = "SUITE_SIGPIPE_IGNORED";

    public static Invocation Read(string[] args)
    {
        if (args.Any(a => a.Contains('\uFFFD')) && HostProcess.Arguments() is { } raw)
            args = [.. raw.Skip(1).Select(a => GuestText.FromBytes(a))];
        string? debugger = null, limits = null;
        for (; args.Length > 2 && args[0] is Respawn.DebuggedVerb or Respawn.LimitsVerb; args = args[2..])
        {
            if (args[0] == Respawn.DebuggedVerb)
                debugger = args[1];
            else
                limits = args[1];
        }

        if (args.Length < 4 || args[0] != Respawn.ChildVerb || !int.TryParse(args[1], out int options) || args.Length < options + 4)
            return new Invocation(args, false, null);
        return new Invocation([.. args.Skip(2).Take(options), .. args.Skip(options + 3)], true, args[options + 2], debugger) { Limits = limits };
    }

    /// <summary>argv of the program: -0 or the executing guest's word for argv[0].</summary>
    public byte[][] GuestArguments(UserOptions options)
    {
        string argv0 = _childArgv0 ?? options.Argv0 ?? options.Program!;
        return [GuestText.ToBytes(argv0), .. options.GuestArgs.Select(GuestText.ToBytes)];
    }

    /// <summary>The tool again, with the options this one was given.</summary>
    public Respawn MakeRespawn(UserOptions options, string toolName, LogSink? log)
    {
        int count = Words.Length - options.GuestArgs.Length - 1;
        List<byte[]> words = [.. Words.Take(count).Select(w => GuestText.ToBytes(w))];
        if (log?.Descriptor is not { } descriptor)
            return new Respawn(Encoding.UTF8.GetBytes(toolName), [.. words]);
        if (words.Count > 0 && words[^1].AsSpan().SequenceEqual("--"u8))
            words.RemoveAt(words.Count - 1);
        if (options.LogFile is null)
            words.AddRange([[.. "-D"u8], Encoding.ASCII.GetBytes($"fd:{descriptor}")]);
        return new Respawn(Encoding.UTF8.GetBytes(toolName), [.. words]) { Passed = descriptor };
    }
}
