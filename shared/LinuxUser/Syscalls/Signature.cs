namespace Suite.LinuxUser.Syscalls;

/// <summary>
/// A parsed signature. The language, by example:
/// <code>
/// dirfd, path, flags:flags(open), mode:openmode(flags) -> fd
/// fd, buf:out.bytes[ret], count:size
/// fds:inout.pollfd[nfds], nfds:uint, timeout:int
/// fd, cmd:enum(ioctl), arg:by(cmd)
/// </code>
/// An argument is <c>name:type</c>, or a type that is its own name. <c>flags</c> and <c>enum</c> name a set of constants.
/// <c>in.</c>, <c>out.</c> and <c>inout.</c> mark pointers and say what they point to, <c>eintr.</c> those written only by a call that is
/// interrupted; the count in brackets is another argument (the integer it points to, if that is a pointer), <c>ret</c> for the call's
/// result, or a number. Behind a colon stands the argument that says how many there is room for.
/// <c>by(cmd)</c> takes its type from the constant that <c>cmd</c> turns out to be. After the arrow stands the result, <c>int</c> if absent.
/// Kinds ending in 64 and <c>possplit</c> take two registers of a 32-bit guest.
/// </summary>
public sealed class Signature
{
    private Signature(SignatureArgument[] arguments, SignatureType result)
    {
        Arguments = arguments;
        Result = result;
    }

    /// <summary>In the order they are written, which is register order.</summary>
    public IReadOnlyList<SignatureArgument> Arguments { get; }

    /// <summary>How a successful result prints; <see cref="SignatureKind.Void"/> for calls that do not come back.</summary>
    public SignatureType Result { get; }

    /// <summary>Parses a row's signature.</summary>
    /// <exception cref="FormatException">The text breaks the language, or refers to an argument that is not there.</exception>
    public static Signature Parse(string text)
    {
        int arrow = text.IndexOf("->", StringComparison.Ordinal);
        string list = arrow < 0 ? text : text[..arrow];
        var result = SignatureType.Parse(arrow < 0 ? "int" : text[(arrow + 2)..].Trim());
        var arguments = new List<SignatureArgument>();
        foreach (string part in SplitArguments(list))
            arguments.Add(ParseArgument(part));
        var signature = new Signature([.. arguments], result);
        signature.CheckReferences(text);
        return signature;
    }

    /// <summary>Position of the argument called <paramref name="name"/>, or -1.</summary>
    public int IndexOf(string name)
    {
        for (int i = 0; i < Arguments.Count; i++)
            if (Arguments[i].Name == name)
                return i;
        return -1;
    }

    private static IEnumerable<string> SplitArguments(string list)
    {
        int depth = 0, start = 0;
        for (int i = 0; i < list.Length; i++)
        {
            depth += list[i] switch { '(' or '[' => 1, ')' or ']' => -1, _ => 0 };
            if (list[i] != ',' || depth != 0)
                continue;
            yield return list[start..i].Trim();
            start = i + 1;
        }
        if (list[start..].Trim() is { Length: > 0 } last)
            yield return last;
    }

    private static SignatureArgument ParseArgument(string part)
    {
        int colon = part.IndexOf(':');
        if (colon >= 0 && part.AsSpan(0, colon).IndexOf('[') < 0)
            return new SignatureArgument(part[..colon], SignatureType.Parse(part[(colon + 1)..]));
        return new SignatureArgument(part, SignatureType.Parse(part));
    }

    private void CheckReferences(string text)
    {
        foreach (SignatureArgument argument in Arguments)
        {
            SignatureType type = argument.Type;
            bool byName = type.Kind is SignatureKind.By or SignatureKind.OpenMode or SignatureKind.SocketOption;
            string reference = byName ? type.Name : type.Count;
            bool free = reference is "" or "ret" || (!byName && int.TryParse(reference, out _));
            if (!free && IndexOf(reference) < 0)
                throw new FormatException($"'{text}': {argument.Name} refers to '{reference}', which is not an argument");
        }
    }
}

/// <summary>One argument of a signature.</summary>
public readonly record struct SignatureArgument(string Name, SignatureType Type);
