using System.Text;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>What a process that runs this tool emulates, read off its command line.</summary>
/// <param name="Program">The program's path as it was given.</param>
/// <param name="Arguments">The program's arguments, argv[0] first.</param>
internal readonly record struct EmulatedCommand(byte[] Program, byte[][] Arguments)
{
    /// <summary>The program was executed, so that its name is a path; one that a user gave without a slash was looked for in $PATH.</summary>
    public bool IsPath { get; init; }

    private const int LineBytes = 256, MaxScripts = 5;

    /// <summary>
    /// Understands both ways the tool is started: by itself for a program a guest executes (<see cref="Respawn.Exec"/>), and by a user:
    /// <c>tool options program arguments</c>.
    /// </summary>
    /// <param name="words">The tool's own argv.</param>
    /// <param name="command">The guest's.</param>
    public static bool TryParse(ReadOnlySpan<byte[]> words, out EmulatedCommand command)
    {
        command = default;
        // What a traced or filtered process hands on comes first: a verb and a word each.
        while (words.Length > 3 && ExecHandover.IsVerb(words[1]))
            words = words[2..];
        if (words.Length < 2)
            return false;
        if (words[1].AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(Respawn.ChildVerb)))
            return TryParseRespawned(words[2..], out command);
        byte[]? name = null;
        int at = 1;
        for (; at < words.Length && words[at] is [(byte)'-', ..]; at++)
        {
            ReadOnlySpan<byte> option = words[at];
            if (option.SequenceEqual("--"u8))
            {
                at++;
                break;
            }

            option = option.StartsWith("--"u8) ? option[1..] : option;
            if (!TakesValue(option))
                continue;
            if (option.SequenceEqual("-0"u8) && at + 1 < words.Length)
                name = words[at + 1];
            at++;
        }

        if (at >= words.Length)
            return false;
        command = new EmulatedCommand(words[at], [name ?? words[at], .. words[(at + 1)..]]);
        return true;
    }

    /// <summary>Follows #! lines as execve(2) does: the program becomes the interpreter, with the script among its arguments.</summary>
    /// <param name="readHead">First bytes of a file by name, or null.</param>
    public EmulatedCommand FollowScripts(Func<byte[], byte[]?> readHead)
    {
        EmulatedCommand command = this;
        for (int depth = 0; depth < MaxScripts; depth++)
        {
            byte[]? head = readHead(command.Program);
            if (head is null || !head.AsSpan().StartsWith("#!"u8)
                || !ScriptResolver.TryParseLine(head.AsSpan(0, Math.Min(head.Length, LineBytes)), out byte[] interpreter, out byte[]? argument))
                break;
            byte[][] between = argument is null ? [interpreter, command.Program] : [interpreter, argument, command.Program];
            command = command with { Program = interpreter, Arguments = [.. between, .. command.Arguments.AsSpan(Math.Min(1, command.Arguments.Length))] };
        }

        return command;
    }

    /// <summary>The arguments as /proc/PID/cmdline holds them.</summary>
    public byte[] CommandLine() => [.. Arguments.SelectMany(a => (byte[])[.. a, 0])];

    // number of options, options, argv[0], path, arguments
    private static bool TryParseRespawned(ReadOnlySpan<byte[]> words, out EmulatedCommand command)
    {
        command = default;
        if (words.IsEmpty || !ProcName.TryNumber(words[0], out int options) || options > words.Length - 3)
            return false;
        words = words[(1 + options)..];
        command = new EmulatedCommand(words[1], [words[0], .. words[2..]]) { IsPath = true };
        return true;
    }

    // The options of QEMU's user mode that are followed by a value; all others stand alone.
    private static bool TakesValue(ReadOnlySpan<byte> option) => Encoding.ASCII.GetString(option) is
        "-L" or "-cpu" or "-E" or "-U" or "-0" or "-s" or "-B" or "-R" or "-r" or "-d" or "-D" or "-dfilter" or "-seed" or "-tb-size" or "-p" or "-g" or "-completion"
        or "-report" or "-watchdog" or "-dump-threads";
}
