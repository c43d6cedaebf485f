using System.Globalization;
using System.Text;

namespace Suite.LinuxUser.Process;

/// <summary>
/// What a process that executes a program hands to the tool that runs it next, beside the program itself: pairs of a verb and a word before
/// <see cref="Respawn.ChildVerb"/>.
/// </summary>
/// <param name="Tracer">What the tracer of this process tells the tracer of the new one; null when there is none.</param>
/// <param name="Filters">Descriptor from which the new tool reads the seccomp filters it runs under; negative for none.</param>
/// <param name="Limits">The limits that stay with the guest; null when there are none.</param>
/// <param name="SignalMask">The signals the guest blocks, bit n-1 for signal n: a tool starts with all of them blocked, so that none is lost or acts on the tool.</param>
public readonly record struct ExecHandover(string? Tracer, int Filters, string? Limits, ulong SignalMask)
{
    public const string TracerVerb = "--suite-debugged", FiltersVerb = "--suite-filters", LimitsVerb = "--suite-limits", SignalsVerb = "--suite-signals";

    /// <summary>Nothing to hand over.</summary>
    public static ExecHandover Nothing => new(null, -1, null, 0);

    /// <summary>True for a verb that comes, with a word behind it, before <see cref="Respawn.ChildVerb"/>.</summary>
    public static bool IsVerb(ReadOnlySpan<byte> word) =>
        Ascii.Equals(word, TracerVerb) || Ascii.Equals(word, FiltersVerb) || Ascii.Equals(word, LimitsVerb) || Ascii.Equals(word, SignalsVerb);

    /// <summary>Takes the pairs from the front of a tool's arguments; the rest is left in <paramref name="args"/>.</summary>
    public static ExecHandover Read(ref string[] args)
    {
        ExecHandover found = Nothing;
        for (; args.Length > 2 && args[0] is TracerVerb or FiltersVerb or LimitsVerb or SignalsVerb; args = args[2..])
        {
            found = args[0] switch
            {
                TracerVerb => found with { Tracer = args[1] },
                LimitsVerb => found with { Limits = args[1] },
                SignalsVerb => found with { SignalMask = ulong.TryParse(args[1], NumberStyles.HexNumber, null, out ulong mask) ? mask : 0 },
                _ => found with { Filters = int.TryParse(args[1], out int descriptor) ? descriptor : -1 },
            };
        }

        return found;
    }

    /// <summary>The pairs.</summary>
    public byte[][] Words() =>
    [
        .. Pair(TracerVerb, Tracer),
        .. Pair(FiltersVerb, Filters < 0 ? null : Filters.ToString()),
        .. Pair(LimitsVerb, Limits),
        .. Pair(SignalsVerb, SignalMask == 0 ? null : SignalMask.ToString("x")),
    ];

    private static byte[][] Pair(string verb, string? word) => word is null ? [] : [Encoding.ASCII.GetBytes(verb), Encoding.ASCII.GetBytes(word)];
}
