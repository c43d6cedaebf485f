namespace Suite.LinuxUser.Syscalls;

/// <summary>How an argument or struct field is to be understood.</summary>
public enum SignatureKind : byte
{
    Int, Uint, Long, Ulong, Hex, Hex64, Size, Limit, Offset, Offset64, SplitOffset, Ptr,
    Fd, Dirfd, Pid, Uid, Gid, Dev, Inode, Mode, FileMode, OpenMode, CloneFlags, Signal, SignalHandler,
    Path, Str, Strings, Flags, Flags64, SignalBits, Enum, SocketOption, By, Pointer, Void, None,
}

/// <summary>Which way the kernel moves what a pointer points to; what is interrupted is written only by a call that fails with EINTR.</summary>
public enum SignatureDirection : byte { In, Out, InOut, Interrupted }

/// <summary>
/// The type of one argument: a kind, and what the kind needs. Written forms: <c>kind</c>, <c>kind(set)</c>, <c>by(argument,slot)</c>,
/// and <c>in.thing</c>, <c>out.thing</c>, <c>inout.thing</c>, <c>eintr.thing</c> with an optional <c>[count]</c> or <c>[count:room]</c>.
/// </summary>
public readonly record struct SignatureType(SignatureKind Kind)
{
    /// <summary>Name of the constant set (flags, enum), of the other argument (by, openmode, sockopt), or of the thing pointed to.</summary>
    public string Name { get; init; } = "";

    /// <summary>For pointers.</summary>
    public SignatureDirection Direction { get; init; }

    /// <summary>What stood in brackets: an argument's name, <c>ret</c>, a number, or nothing.</summary>
    public string Count { get; init; } = "";

    /// <summary>What stood behind a colon in the brackets: the argument that says how many elements there is room for.</summary>
    public string Capacity { get; init; } = "";

    /// <summary>For <c>by</c>: which of the types the selecting constant lists.</summary>
    public int Slot { get; init; }

    /// <summary>True when the kernel fills in what the pointer names.</summary>
    public bool IsOutput => Kind == SignatureKind.Pointer && Direction != SignatureDirection.In;

    /// <summary>Parses one type; the forms are those of the type's description.</summary>
    /// <exception cref="FormatException">The text is not a type.</exception>
    public static SignatureType Parse(string text)
    {
        foreach ((string prefix, SignatureDirection direction) in Directions)
            if (text.StartsWith(prefix, StringComparison.Ordinal))
                return ParsePointer(text[prefix.Length..], direction);

        int open = text.IndexOf('(');
        string word = open < 0 ? text : text[..open];
        string inner = open < 0 ? "" : text[(open + 1)..].TrimEnd(')');
        SignatureKind kind = KindOf(word);
        int comma = inner.IndexOf(',');
        if (kind == SignatureKind.By && comma >= 0)
            return new SignatureType(kind) { Name = inner[..comma], Slot = int.Parse(inner[(comma + 1)..]) };
        bool needsName = kind is SignatureKind.Flags or SignatureKind.Flags64 or SignatureKind.Enum or SignatureKind.By or SignatureKind.OpenMode or SignatureKind.SocketOption;
        if (needsName != inner.Length > 0)
            throw new FormatException($"'{text}': {(needsName ? "a name in parentheses is missing" : "takes no parentheses")}");
        return new SignatureType(kind) { Name = inner };
    }

    private static (string, SignatureDirection)[] Directions =>
        [("in.", SignatureDirection.In), ("out.", SignatureDirection.Out), ("inout.", SignatureDirection.InOut), ("eintr.", SignatureDirection.Interrupted)];

    private static SignatureType ParsePointer(string text, SignatureDirection direction)
    {
        int open = text.IndexOf('[');
        if (open >= 0 && !text.EndsWith(']'))
            throw new FormatException($"'{text}': the bracket is not closed");
        string count = open < 0 ? "" : text[(open + 1)..^1];
        int colon = count.IndexOf(':');
        return new SignatureType(SignatureKind.Pointer)
        {
            Name = open < 0 ? text : text[..open],
            Count = colon < 0 ? count : count[..colon],
            Capacity = colon < 0 ? "" : count[(colon + 1)..],
            Direction = direction,
        };
    }

    private static SignatureKind KindOf(string word) =>
        TryKindOf(word, out SignatureKind kind) ? kind : throw new FormatException($"'{word}' is not a kind of argument");

    private static bool TryKindOf(string word, out SignatureKind kind)
    {
        SignatureKind? found = word switch
        {
            "int" => SignatureKind.Int,
            "uint" => SignatureKind.Uint,
            "long" => SignatureKind.Long,
            "ulong" => SignatureKind.Ulong,
            "hex" => SignatureKind.Hex,
            "hex64" => SignatureKind.Hex64,
            "size" => SignatureKind.Size,
            "limit" => SignatureKind.Limit,
            "offset" => SignatureKind.Offset,
            "offset64" => SignatureKind.Offset64,
            "possplit" => SignatureKind.SplitOffset,
            "ptr" => SignatureKind.Ptr,
            "fd" => SignatureKind.Fd,
            "dirfd" => SignatureKind.Dirfd,
            "pid" => SignatureKind.Pid,
            "uid" => SignatureKind.Uid,
            "gid" => SignatureKind.Gid,
            "inode" => SignatureKind.Inode,
            "dev" => SignatureKind.Dev,
            "mode" => SignatureKind.Mode,
            "filemode" => SignatureKind.FileMode,
            "openmode" => SignatureKind.OpenMode,
            "cloneflags" => SignatureKind.CloneFlags,
            "signal" => SignatureKind.Signal,
            "sighandler" => SignatureKind.SignalHandler,
            "path" => SignatureKind.Path,
            "str" => SignatureKind.Str,
            "strings" => SignatureKind.Strings,
            "flags" => SignatureKind.Flags,
            "flags64" => SignatureKind.Flags64,
            "sigbits" => SignatureKind.SignalBits,
            "enum" => SignatureKind.Enum,
            "sockopt" => SignatureKind.SocketOption,
            "by" => SignatureKind.By,
            "void" => SignatureKind.Void,
            "none" => SignatureKind.None,
            _ => null,
        };
        kind = found.GetValueOrDefault();
        return found.HasValue;
    }
}
