namespace Suite.Bench;

/// <summary>The command line: <c>[filter] [--rounds N] [--md FILE] [--median] [--no-qemu] [--list]</c>.</summary>
/// <param name="Filter">Only items whose class or name contains this text; "system" is the part that runs machines, "kvm" what of it runs them by KVM.</param>
/// <param name="Rounds">Rounds; each runs native, QEMU, ours, ours, QEMU, native.</param>
/// <param name="Markdown">Where to write the table as markdown, or null.</param>
/// <param name="Median">Report medians instead of minima.</param>
/// <param name="WithQemu">Run the installed QEMU too.</param>
/// <param name="List">Only list the items.</param>
internal sealed record Options(string Filter, int Rounds, string? Markdown, bool Median, bool WithQemu, bool List)
{
    private const string Usage = "usage: bench [filter|system|kvm] [--rounds N] [--md FILE] [--median] [--no-qemu] [--list]";

    /// <summary>Reads the command line; says what is wrong on standard error and returns null.</summary>
    public static Options? Parse(string[] args)
    {
        Options options = new("", 3, null, false, true, false);
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--rounds" when int.TryParse(value, out int rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    i++;
                    break;
                case "--md" when value is not null:
                    options = options with { Markdown = value };
                    i++;
                    break;
                case "--median":
                    options = options with { Median = true };
                    break;
                case "--no-qemu":
                    options = options with { WithQemu = false };
                    break;
                case "--list":
                    options = options with { List = true };
                    break;
                case var word when !word.StartsWith('-') && options.Filter.Length == 0:
                    options = options with { Filter = word };
                    break;
                default:
                    Console.Error.WriteLine($"{args[i]}: not understood\n{Usage}");
                    return null;
            }
        }
        return options;
    }
}
