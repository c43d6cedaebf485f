namespace Suite.Guest.X86.Machine.Translation;

/// <summary>What the translator does with an instruction.</summary>
internal enum InsnForm : byte
{
    /// <summary>Computation on registers and at most one memory operand.</summary>
    Plain,

    /// <summary>push, pop, leave.</summary>
    Stack,

    /// <summary>A near transfer of control.</summary>
    Branch,

    /// <summary>A system instruction in a few host instructions.</summary>
    Inline,

    /// <summary>No effect: nop, prefetch.</summary>
    Nothing,

    /// <summary>The core's.</summary>
    Core,

    /// <summary>Plain, but executed one by one: its memory operand is unusual.</summary>
    Careful,
}
