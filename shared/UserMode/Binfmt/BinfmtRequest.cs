using System.Diagnostics.CodeAnalysis;

namespace Suite.UserMode.Binfmt;

/// <summary>What <c>TOOL --binfmt ...</c> was asked to do.</summary>
public sealed record BinfmtRequest
{
    /// <summary>install, status, verify, remove, print or help.</summary>
    public required string Verb { get; init; }

    /// <summary>For every tool of the suite that is beside this one.</summary>
    public bool All { get; init; }

    /// <summary>Letters of O, C, F and P, in that order.</summary>
    public string Flags { get; init; } = DefaultFlags;

    /// <summary>The entry's name; null for the tool's.</summary>
    public string? Name { get; init; }

    /// <summary>The path to register; null for the tool's own.</summary>
    public string? Interpreter { get; init; }

    /// <summary>For print: the Debian package whose update-binfmts file is wanted, instead of the kernel's line.</summary>
    public string? DebianPackage { get; init; }

    /// <summary>Written for the next start of the system too.</summary>
    public bool Persistent { get; init; }

    /// <summary>Done although it does harm.</summary>
    public bool Force { get; init; }

    /// <summary>What is registered unless others are asked for.</summary>
    public const string DefaultFlags = "OFP";

    private const string AllFlags = "OCFP";

    /// <summary>Reads the words behind --binfmt.</summary>
    /// <param name="words">Them.</param>
    /// <param name="request">What they ask for.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryParse(ReadOnlySpan<string> words, [NotNullWhen(true)] out BinfmtRequest? request, [NotNullWhen(false)] out string? error)
    {
        request = null;
        error = null;
        if (words.Length == 0 || words[0] is not ("install" or "status" or "verify" or "remove" or "print" or "help"))
        {
            error = words.Length == 0 ? "a verb is missing" : $"'{words[0]}' is not a verb";
            return false;
        }
        BinfmtRequest asked = new() { Verb = words[0] };
        string? flags = null;
        for (int i = 1; i < words.Length; i++)
        {
            string word = words[i].TrimStart('-');
            int equals = word.IndexOf('=');
            string key = equals < 0 ? word : word[..equals];
            string? value = equals < 0 ? null : word[(equals + 1)..];
            if (key is "flags" or "name" or "interpreter" or "debian" && value is null && ++i < words.Length)
                value = words[i];
            switch (key)
            {
                case "all" when value is null:
                    asked = asked with { All = true };
                    break;
                case "persistent" when value is null:
                    asked = asked with { Persistent = true };
                    break;
                case "force" when value is null:
                    asked = asked with { Force = true };
                    break;
                case "flags" when value is not null && IsFlags(value):
                    flags += value;
                    break;
                case "name" when value is { Length: > 0 } && !value.AsSpan().ContainsAny(":/ ") && value is not ("register" or "status" or "." or ".."):
                    asked = asked with { Name = value };
                    break;
                case "debian" when value is { Length: > 0 } && asked.Verb == "print":
                    asked = asked with { DebianPackage = value };
                    break;
                case "interpreter" when value is not null && value.StartsWith('/') && !value.Contains(':') && !value.Contains('\n'):
                    asked = asked with { Interpreter = value };
                    break;
                case { Length: > 0 } when value is null && IsFlags(key):
                    flags += key;
                    break;
                default:
                    error = $"'{words[i < words.Length ? i : ^1]}' is not understood{(key is "flags" ? " (letters of O, C, F and P expected)" : "")}";
                    return false;
            }
        }
        if (asked is { All: true, Name: not null } or { All: true, Interpreter: not null })
        {
            error = "--name and --interpreter are for one tool, --all is for several";
            return false;
        }
        string letters = flags is null ? DefaultFlags : flags.Contains('C') ? flags + "O" : flags; // C is of no use without O; the kernel adds it
        request = asked with { Flags = string.Concat(AllFlags.Where(letters.Contains)) };
        return true;
    }

    private static bool IsFlags(string word) => word == "none" || word.All(AllFlags.Contains);
}
