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

    private Invocation(string[] words, bool isChild, string? argv0)
    {
        (Words, IsChild, _childArgv0) = (words, isChild, argv0);
    }

    /// <summary>Options, program, program's arguments.</summary>
    public string[] Words { get; }

    public bool IsChild { get; }

    /// <summary>What the program that executed this one handed on.</summary>
    public ExecHandover Handover { get; private init; } = ExecHandover.Nothing;

    /// <summary>The program was started with SIGPIPE ignored. Only a respawned tool can know: the runtime ignores it before Main.</summary>
    public bool PipeIgnored => IsChild && Environment.GetEnvironmentVariable(PipeVariable) is not null;

    private const string PipeVariable = "SUITE_SIGPIPE_IGNORED";

    /// <summary>The kernel's binfmt_misc started the tool, with flag P or O: what stands first is a program, whatever it looks like.</summary>
    public static bool IsByKernel => (HostProcess.AuxValue(AuxTag.AT_FLAGS) & AuxTag.PreserveArgv0) != 0 || HostProcess.AuxValue(AuxTag.AT_EXECFD) != 0;

    /// <summary>The program, opened by the kernel (flag O); null when the tool is to open it.</summary>
    public int? ProgramDescriptor { get; private init; }

    /// <summary>What is to be run is a file by its path, not a word to be looked for in $PATH.</summary>
    public bool NamesFile => IsChild || IsByKernel;

    /// <summary>The kernel gave this process rights that its caller has not (flag C and a set-user-id program): the caller's wishes do not count.</summary>
    public bool IsSecure { get; } = HostProcess.AuxValue(AuxTag.AT_SECURE) != 0;

    public static Invocation Read(string[] args)
    {
        if (Array.Exists(args, static a => a.Contains('\uFFFD')) && HostProcess.Arguments() is { } raw)
            args = [.. raw.Skip(1).Select(a => GuestText.FromBytes(a))];
        if (IsByKernel && args.Length > 0)
            return FromKernel(args);
        ExecHandover handover = ExecHandover.Read(ref args);
        if (args.Length < 4 || args[0] != Respawn.ChildVerb || !int.TryParse(args[1], out int options) || args.Length < options + 4)
            return new Invocation(args, false, null);
        return new Invocation([.. args.AsSpan(2, options), .. args.AsSpan(options + 3)], true, args[options + 2]) { Handover = handover };
    }

    // TOOL PATH [ARGV0] ARGUMENTS: fs/binfmt_misc.c, load_misc_binary.
    private static Invocation FromKernel(string[] args)
    {
        bool kept = (HostProcess.AuxValue(AuxTag.AT_FLAGS) & AuxTag.PreserveArgv0) != 0 && args.Length > 1;
        string[] words = [.. args[0].StartsWith('-') ? (string[])["--"] : [], args[0], .. args.Skip(kept ? 2 : 1)];
        ulong descriptor = HostProcess.AuxValue(AuxTag.AT_EXECFD);
        return new Invocation(words, false, kept ? args[1] : null) { ProgramDescriptor = descriptor == 0 ? null : (int)descriptor };
    }

    /// <summary>argv of the program: -0 or the executing guest's word for argv[0].</summary>
    public byte[][] GuestArguments(UserOptions options)
    {
        string argv0 = _childArgv0 ?? options.Argv0 ?? options.Program!;
        return [GuestText.ToBytes(argv0), .. Array.ConvertAll(options.GuestArgs, GuestText.ToBytes)];
    }

    /// <summary>The tool again, with the options this one was given.</summary>
    public Respawn MakeRespawn(UserOptions options, string toolName, LogSink? log)
    {
        int count = Words.Length - options.GuestArgs.Length - 1;
        List<byte[]> words = [.. Array.ConvertAll(Words[..count], GuestText.ToBytes)];
        if (log?.Descriptor is not { } descriptor)
            return new Respawn(Encoding.UTF8.GetBytes(toolName), [.. words]);
        if (words.Count > 0 && words[^1].AsSpan().SequenceEqual("--"u8))
            words.RemoveAt(words.Count - 1);
        if (options.LogFile is null)
            words.AddRange([[.. "-D"u8], Encoding.ASCII.GetBytes($"fd:{descriptor}")]);
        return new Respawn(Encoding.UTF8.GetBytes(toolName), [.. words]) { Passed = descriptor };
    }
}
