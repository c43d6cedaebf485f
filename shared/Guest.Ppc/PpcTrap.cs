namespace Suite.Guest.Ppc;

/// <summary>Arguments of <see cref="Jit.Runtime.ExitReason.Special"/> exits of this guest.</summary>
public static class PpcTrap
{
    /// <summary>Interpret the instruction exactly, then go on.</summary>
    public const uint Interpret = 0;

    /// <summary>Illegal instruction: SIGILL, ILL_ILLOPC.</summary>
    public const uint Illegal = 1;

    /// <summary>Privileged instruction: SIGILL, ILL_PRVOPC.</summary>
    public const uint Privileged = 2;

    /// <summary>Trap instruction: SIGTRAP.</summary>
    public const uint Trap = 3;

    /// <summary>Alignment that Linux does not fix up: SIGBUS, BUS_ADRALN.</summary>
    public const uint Alignment = 4;

    /// <summary>Enabled floating-point exception: SIGFPE, its code from FPSCR or SPEFSCR.</summary>
    public const uint FloatException = 5;

    /// <summary>A unit the model lacks: SIGILL.</summary>
    public const uint Unavailable = 6;
}
