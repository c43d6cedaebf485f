using System.Diagnostics.CodeAnalysis;

namespace Suite.LinuxUser.Loader;

/// <summary>Follows #! lines to the program that interprets them (fs/binfmt_script.c and exec_binprm in fs/exec.c, Linux 6.x).</summary>
public static class ScriptResolver
{
    private const int LineBytes = 256;
    private const int MaxDepth = 5;

    /// <summary>Opens <paramref name="path"/> and, while it is a script, its interpreter.</summary>
    /// <param name="path">The file to execute.</param>
    /// <param name="argv">Its arguments, without NULs; an empty list becomes one empty argument, as in Linux 5.18 and later.</param>
    /// <param name="opener">The file system.</param>
    /// <param name="program">The final program; the caller disposes of it.</param>
    /// <param name="error">Why there is none.</param>
    /// <param name="opened">The file when it is open already (a binfmt_misc or fexecve descriptor); taken over, and not checked for permission again.</param>
    public static bool TryResolve(string path, byte[][] argv, IFileOpener opener,
        [NotNullWhen(true)] out OpenedProgram? program, [NotNullWhen(false)] out LoadError? error, IProgramFile? opened = null)
    {
        program = null;
        byte[] name = GuestText.ToBytes(path), execFn = name;
        if (argv.Length == 0)
            argv = [[]];
        byte[] head = new byte[ElfFile.HeadBytes];
        IProgramFile? file = opened;
        string current = path;
        string? script = null;
        for (int depth = 0; ; depth++)
        {
            if (depth > MaxDepth)
            {
                file?.Dispose();
                error = new LoadError(LoadErrno.ELOOP, $"{path}: #! scripts nested more than {MaxDepth} deep (the last is {script})");
                return false;
            }
            int errno = 0;
            file ??= Open(current, opener, out errno);
            if (file is null)
            {
                error = OpenFailure(current, script, errno);
                return false;
            }
            int got = FileReading.ReadUpTo(file, 0, head);
            if (got < 0)
            {
                file.Dispose();
                error = new LoadError(-got, $"{current}: cannot read: {LoadErrno.Text(-got)}");
                return false;
            }
            ReadOnlySpan<byte> read = head.AsSpan(0, got);
            if (!read.StartsWith("#!"u8) || !TryParseLine(read, out byte[] interpreter, out byte[]? argument))
            {
                program = new OpenedProgram { File = file, Head = head.AsMemory(0, got), Argv = argv, ExecFn = execFn, ScriptDepth = depth };
                error = null;
                return true;
            }
            file.Dispose();
            file = null;
            argv = Splice(interpreter, argument, name, argv);
            script = current;
            name = interpreter;
            current = GuestText.FromBytes(interpreter);
        }
    }

    /// <summary>
    /// Parses a #! line. False when it names no interpreter, or the name may be cut off by the limit of 256 bytes: then the kernel
    /// takes the file for no script (ENOEXEC).
    /// </summary>
    /// <param name="head">The first bytes of a file that starts with #!.</param>
    /// <param name="interpreter">The name, possibly empty (a file that ends right after #!).</param>
    /// <param name="argument">Everything after the name, as one argument, or null.</param>
    public static bool TryParseLine(ReadOnlySpan<byte> head, out byte[] interpreter, out byte[]? argument)
    {
        interpreter = [];
        argument = null;
        // The kernel's buffer: zero after the end of the file, which is why a missing newline keeps trailing blanks.
        Span<byte> line = stackalloc byte[LineBytes];
        line.Clear();
        head[..Math.Min(head.Length, LineBytes)].CopyTo(line);

        int end = line.IndexOf((byte)'\n');
        if (end < 0)
        {
            int first = NextNonBlank(line, 2, LineBytes - 1);
            if (first < 0 || NextTerminator(line, first, LineBytes - 1) < 0)
                return false;
            end = LineBytes - 1;
        }
        while (IsBlank(line[end - 1]))
            end--;
        int nameAt = NextNonBlank(line, 2, end);
        if (nameAt < 0 || nameAt == end)
            return false;
        int separator = NextTerminator(line, nameAt, end);
        int argumentAt = separator >= 0 && line[separator] != 0 ? NextNonBlank(line, separator, end) : -1;

        interpreter = GuestText.CString(line[nameAt..(separator >= 0 ? separator : end)]).ToArray();
        if (argumentAt >= 0)
            argument = GuestText.CString(line[argumentAt..end]).ToArray();
        return true;
    }

    /// <summary>open_exec: an empty name is the current directory for it, and so not executable.</summary>
    internal static IProgramFile? Open(string path, IFileOpener opener, out int errno)
    {
        errno = LoadErrno.EACCES;
        return path.Length != 0 && opener.IsExecutable(path, out errno) ? opener.Open(path, out errno) : null;
    }

    private static byte[][] Splice(byte[] interpreter, byte[]? argument, byte[] script, byte[][] argv)
    {
        int front = argument is null ? 2 : 3;
        byte[][] spliced = new byte[front + argv.Length - 1][];
        spliced[0] = interpreter;
        if (argument is not null)
            spliced[1] = argument;
        spliced[front - 1] = script;
        argv.AsSpan(1).CopyTo(spliced.AsSpan(front));
        return spliced;
    }

    private static LoadError OpenFailure(string path, string? script, int errno)
    {
        if (script is null)
            return new LoadError(errno, $"{path}: {LoadErrno.Text(errno)}");
        string hint = path.Length == 0 ? " (the line ends after #!)"
            : path[^1] == '\r' ? " (the line ends in a carriage return: convert the script to Unix line ends)"
            : "";
        return new LoadError(errno, $"{script}: its #! line names the interpreter '{path.TrimEnd('\r')}': {LoadErrno.Text(errno)}{hint}");
    }

    private static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t';

    private static int NextNonBlank(ReadOnlySpan<byte> line, int from, int last)
    {
        for (int i = from; i <= last; i++)
        {
            if (!IsBlank(line[i]))
                return i;
        }
        return -1;
    }

    private static int NextTerminator(ReadOnlySpan<byte> line, int from, int last)
    {
        for (int i = from; i <= last; i++)
        {
            if (IsBlank(line[i]) || line[i] == 0)
                return i;
        }
        return -1;
    }
}
