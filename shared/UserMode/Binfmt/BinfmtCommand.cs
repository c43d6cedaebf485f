using Suite.Cli;
using Suite.Host;
using Suite.LinuxUser.Loader;

namespace Suite.UserMode.Binfmt;

/// <summary><c>TOOL --binfmt VERB</c>: has the kernel run a target's programs by the suite's tools. Never touches what is not the suite's own.</summary>
public sealed class BinfmtCommand
{
    private readonly string _tool;
    private readonly ElfTarget _own;
    private readonly string _executable;

    /// <param name="own">The target of the tool that runs.</param>
    /// <param name="executable">Its file.</param>
    public BinfmtCommand(ElfTarget own, string executable)
    {
        (_own, _executable) = (own, executable);
        _tool = own.Tool;
    }

    /// <summary>Carries it out and says so; the result is the exit status.</summary>
    public int Run(ReadOnlySpan<string> words)
    {
        if (!BinfmtRequest.TryParse(words, out BinfmtRequest? request, out string? error))
        {
            HostText.WriteError(ToolErrors.Text(_tool, $"--binfmt: {error}", $"{_tool} --binfmt install|status|verify|remove [--all] [flags]; '{_tool} --binfmt help' explains"));
            return ExitCodes.Usage;
        }
        if (request.Verb == "help")
        {
            HostText.WriteOut(BinfmtHelp.Text(_tool));
            return ExitCodes.Success;
        }
        if (request.Verb != "print" && BinfmtRegistry.Trouble() is { } trouble && !(request is { Verb: "install", Persistent: true }))
            return Fail(trouble);
        int status = ExitCodes.Success;
        foreach (ElfTarget target in request.All ? [ElfTarget.I386, ElfTarget.Ppc, ElfTarget.X86_64] : (ElfTarget[])[_own])
            status = Math.Max(status, RunOne(request, target));
        return status;
    }

    private int RunOne(BinfmtRequest request, ElfTarget target)
    {
        string interpreter = request.Interpreter ?? Path.Combine(Path.GetDirectoryName(_executable)!, target == _own ? Path.GetFileName(_executable) : target.Tool);
        string name = request.Name ?? target.Tool;
        if (request.Interpreter is not null && !IsTool(interpreter, target))
            return Fail($"--interpreter {interpreter}: the file of a {target.Tool} is called {target.Tool}, with something behind it if need be");
        if (target != _own && !File.Exists(interpreter))
        {
            Say($"{target.Tool}: not beside this tool ({interpreter}); left out");
            return ExitCodes.Success;
        }
        return request.Verb switch
        {
            "print" => Print(request, target, name, interpreter),
            "install" => Install(request, target, name, interpreter),
            "remove" => Remove(target, name, interpreter),
            "verify" => Verify(target, name, interpreter),
            _ => Status(target, name, interpreter),
        };
    }

    private static int Print(BinfmtRequest request, ElfTarget target, string name, string interpreter)
    {
        BinfmtFormat format = BinfmtFormat.For(target);
        HostText.WriteOut(request.DebianPackage is { } package ? format.DebianText(package, interpreter, request.Flags) : format.Line(name, interpreter, request.Flags) + "\n");
        return ExitCodes.Success;
    }

    private int Install(BinfmtRequest request, ElfTarget target, string name, string interpreter)
    {
        if (target == ElfTarget.X86_64 && !request.Force)
        {
            string reason = "this host's own programs have the same magic, the tool itself included: every program started after the registration, even a shell to undo it, would fail with "
                + "'too many levels of symbolic links', since the kernel would need the tool to start the tool";
            if (!request.All)
                return Fail($"{target.Tool} is not registered: {reason}\n  fix: run {target.Tool} PROGRAM; what it executes stays emulated without a registration. (--force registers it all the same)");
            Say($"{target.Tool}: left out: {reason}");
            return ExitCodes.Success;
        }
        BinfmtFormat format = BinfmtFormat.For(target);
        if (BinfmtRegistry.Trouble() is { } trouble)
            Say($"{name}: not registered now: {trouble}");
        else if (Register(format, name, interpreter, request.Flags) is { } error)
            return Fail(error);
        else
            Conflicts(target, name);
        if (!request.Persistent)
            return ExitCodes.Success;
        List<string> said = [];
        string? failure = new BinfmtPersistence(target.Tool, name).Install(format, interpreter, request.Flags, said);
        said.ForEach(Say);
        return failure is null ? ExitCodes.Success : Fail(failure);
    }

    // Null, or why not.
    private string? Register(BinfmtFormat format, string name, string interpreter, string flags)
    {
        if (!File.Exists(interpreter))
            return $"{interpreter} does not exist\n  fix: --interpreter PATH of the tool";
        if (BinfmtRegistry.Find(name) is { } old)
        {
            if (!IsOurs(old, interpreter))
                return $"an entry called {name} exists, and it is not ours: its interpreter is {old.Interpreter}, flags {old.Flags}\n"
                    + $"  fix: remove it with what made it (Debian: update-binfmts --package PACKAGE --remove {name}), or register beside it with --name suite-{name}";
            if (old.Enabled && Sorted(old.Flags) == Sorted(flags) && old.Interpreter == interpreter && !flags.Contains('F'))
            {
                Say($"{name}: is registered already, interpreter {interpreter}, flags {flags}");
                return null;
            }
            // With F the kernel holds the tool's file as it was: registering again takes the file of now.
            if (BinfmtRegistry.Remove(name) is { } refused)
                return refused;
        }
        if (BinfmtRegistry.Register(format.Line(name, interpreter, flags)) is { } error)
            return error;
        Say($"{name}: registered, interpreter {interpreter}, flags {(flags.Length > 0 ? flags : "none")}");
        return null;
    }

    private static void Conflicts(ElfTarget target, string name)
    {
        byte[] program = ProbeProgram.Build(target);
        foreach (BinfmtEntry other in BinfmtRegistry.All().Where(e => e.Name != name && e.Matches(program)))
            Say($"{name}: note: {other.Name} ({other.Interpreter}) takes the same programs; the kernel asks the entry registered last, now this one");
    }

    private int Remove(ElfTarget target, string name, string interpreter)
    {
        List<string> said = [];
        string? failure = new BinfmtPersistence(target.Tool, name).Remove(said);
        said.ForEach(Say);
        if (failure is not null)
            return Fail(failure);
        if (BinfmtRegistry.Find(name) is not { } entry)
        {
            Say($"{name}: is not registered");
            return ExitCodes.Success;
        }
        if (!IsOurs(entry, interpreter))
            return Fail($"the entry {name} is not ours and stays: its interpreter is {entry.Interpreter}, ours is {interpreter}\n  fix: remove it with what made it"
                + (IsTool(entry.Interpreter, target) ? $", or, if that was another copy of this tool, with --interpreter {entry.Interpreter}" : ""));
        if (BinfmtRegistry.Remove(name) is { } error)
            return Fail(error);
        Say($"{name}: removed");
        return ExitCodes.Success;
    }

    private static int Status(ElfTarget target, string name, string interpreter)
    {
        BinfmtEntry? entry = BinfmtRegistry.Find(name);
        if (entry is null)
            Say($"{name}: not registered");
        else
            Say($"{name}: {(entry.Enabled ? "registered" : "registered, but disabled")}, interpreter {entry.Interpreter}, flags {(entry.Flags.Length > 0 ? entry.Flags : "none")}"
                + (IsOurs(entry, interpreter) ? "" : $" (not ours: ours is {interpreter})"));
        if (!BinfmtRegistry.IsEnabled())
            Say($"binfmt_misc is switched off as a whole: echo 1 > {BinfmtRegistry.Place}/status");
        byte[] program = ProbeProgram.Build(target);
        foreach (BinfmtEntry other in BinfmtRegistry.All().Where(e => e.Name != name && e.Matches(program)))
            Say($"{name}: {other.Name} ({other.Interpreter}, flags {other.Flags}) takes the same programs");
        foreach (string file in new BinfmtPersistence(target.Tool, name).Files())
            Say($"{name}: kept in {file}");
        return entry is { Enabled: true } ? ExitCodes.Success : ExitCodes.Usage;
    }

    private static int Verify(ElfTarget target, string name, string interpreter)
    {
        BinfmtEntry? entry = BinfmtRegistry.Find(name);
        BinfmtVerification verification = new(target);
        bool good = verification.Run(entry);
        Say($"{name}: {(good ? "programs of this target run as the registration says" : "not as it should be")}\n{verification.Report}".TrimEnd('\n'));
        if (entry is not null && !IsOurs(entry, interpreter))
            Say($"  note: the entry's interpreter is not this tool ({interpreter})");
        return good ? ExitCodes.Success : ExitCodes.Usage;
    }

    /// <summary>An entry is ours when it names this very file, by whatever links.</summary>
    private static bool IsOurs(BinfmtEntry entry, string interpreter) => entry.Interpreter == interpreter || RealPath(entry.Interpreter) == RealPath(interpreter);

    private static bool IsTool(string path, ElfTarget target) => Path.GetFileName(path).StartsWith(target.Tool, StringComparison.Ordinal);

    private static string RealPath(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path;
        }
    }

    private static string Sorted(string flags) => string.Concat(flags.Order());

    private int Fail(string message)
    {
        HostText.WriteError($"{_tool}: {message}\n");
        return ExitCodes.Usage;
    }

    private static void Say(string line) => HostText.WriteOut(line + "\n");
}
