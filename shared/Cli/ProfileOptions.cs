namespace Suite.Cli;

/// <summary>How guest functions are sampled (-profile).</summary>
/// <param name="Path">The file; its extension says the format.</param>
/// <param name="Rate">Samples a second of processor time.</param>
public sealed record ProfileOptions(string Path, int Rate)
{
    /// <summary>Samples a second when nothing is said: no divisor of the rates at which programs do things.</summary>
    public const int UsualRate = 997;

    /// <summary>What a file's name may end in.</summary>
    internal static IReadOnlyList<string> Extensions { get; } = [".svg", ".json", ".pb.gz", ".pb", ".folded", ".txt"];
}
