namespace Suite.Jit;

/// <summary>What the runtime must know of the code a translator makes.</summary>
public sealed record TranslatorTraits
{
    /// <summary>Every instruction boundary inside a block has the state in its one form, so it is an entry too.</summary>
    public bool EntersInside { get; init; } = true;

    /// <summary>
    /// Indirect branches compare the target with an entry {pc, host} of one table (<see cref="BlockBuilder.JumpTo"/>); else each target has a
    /// thunk that checks, which leaves flags and registers alone.
    /// </summary>
    public bool ComparesTargets { get; init; }

    /// <summary>Generated code runs in the host's compatibility mode (cs 23h).</summary>
    public bool IsCompatibilityMode { get; init; }

    /// <summary>
    /// Entries of blocks are counted, and a block that is entered often is translated again, as a trace: it may go on behind jumps, where they lead to code that
    /// is executed as often (<see cref="BlockBuilder.Follow"/>). With <see cref="ComparesTargets"/> only.
    /// </summary>
    public bool FollowsJumps { get; init; }

    /// <summary>XSAVE components that generated code uses. All: the image is kept with XSAVEOPT; else every component is written each time.</summary>
    public ulong VectorComponents { get; init; } = ulong.MaxValue;
}
