namespace Suite.Machines.X86.Boot;

/// <summary>A stretch of memory and what is put there: bytes, a part of a file, zeros behind them.</summary>
/// <param name="Address">Physical.</param>
/// <param name="Name">For messages: "initrd".</param>
public sealed record BootPiece(ulong Address, string Name)
{
    /// <summary>Bytes known already; may be empty.</summary>
    public byte[] Bytes { get; init; } = [];

    /// <summary>The file that the rest comes from.</summary>
    public LoaderFile? File { get; init; }

    public ulong FileOffset { get; init; }

    public ulong FileLength { get; init; }

    /// <summary>Zeros at the end.</summary>
    public ulong Zeros { get; init; }

    /// <summary>All bytes of it.</summary>
    public ulong Length => (ulong)Bytes.Length + FileLength + Zeros;
}
