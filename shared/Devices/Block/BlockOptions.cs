namespace Suite.Devices.Block;

/// <summary>How an image is opened.</summary>
/// <param name="File">Its path; or a block device of the host.</param>
public sealed record BlockOptions(string File)
{
    /// <summary>"raw", "qcow2"; null looks at the file.</summary>
    public string? Format { get; init; }

    /// <summary>The guest may not write.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>What the guest writes goes to a temporary file, which is lost at the end.</summary>
    public bool IsSnapshot { get; init; }

    /// <summary>Lock the file against other processes.</summary>
    public bool Locks { get; init; } = true;

    /// <summary>Our own image of the same file, which gives up its locks as soon as those of this one are set: no other process gets in between. Null for none.</summary>
    public IBlockDevice? Succeeds { get; init; }

    /// <summary>The format was found by looking at the file: the guest must not be able to make the file look like another one's.</summary>
    public bool GuardsHeader { get; init; }

    /// <summary>Others may write the file at the same time (a file system of a cluster).</summary>
    public bool SharesWriting { get; init; }

    /// <summary>Give room back to the host for what the guest discards.</summary>
    public bool Discards { get; init; }

    /// <summary>Leave it to the host when written data reaches the disk: fast, and lost in a crash of the host.</summary>
    public bool IgnoresFlush { get; init; }

    /// <summary>Every write reaches the disk before it is done.</summary>
    public bool WritesThrough { get; init; }
}
