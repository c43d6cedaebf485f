namespace Suite.Guest.X86.Cpu;

/// <summary>What a model does with an instruction.</summary>
public enum ModelAction : byte
{
    /// <summary>It executes as on the host.</summary>
    Allow,

    /// <summary>It raises #UD.</summary>
    Undefined,

    /// <summary>The model does not know the meaning of the F3 prefix and ignores it: tzcnt executes as bsf, lzcnt as bsr.</summary>
    Legacy,

    /// <summary>The host lacks it: managed code computes it.</summary>
    Emulate,
}
