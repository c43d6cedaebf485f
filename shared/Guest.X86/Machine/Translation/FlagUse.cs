using Iced.Intel;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>Which arithmetic flags an instruction reads, and which it certainly or possibly sets.</summary>
/// <param name="Reads">Flags whose values matter to it.</param>
/// <param name="Kills">Flags that have a new value behind it, whatever happens.</param>
/// <param name="Changes">Flags that may have a new value.</param>
internal readonly record struct FlagUse(RflagsBits Reads, RflagsBits Kills, RflagsBits Changes)
{
    /// <summary>The six arithmetic flags.</summary>
    public const RflagsBits All = RflagsBits.OF | RflagsBits.SF | RflagsBits.ZF | RflagsBits.AF | RflagsBits.PF | RflagsBits.CF;

    /// <summary>For an instruction that managed code executes: everything has to be right before it.</summary>
    public static FlagUse Opaque => new(All, RflagsBits.None, All);

    /// <summary>The use of a plain instruction.</summary>
    public static FlagUse Of(in Instruction insn)
    {
        if (insn.Mnemonic is Mnemonic.Rcl or Mnemonic.Rcr)
            return new FlagUse(RflagsBits.CF, RflagsBits.None, RflagsBits.CF | RflagsBits.OF); // even where the count makes the rotation a whole turn
        RflagsBits changes = insn.RflagsModified & All;
        RflagsBits kept = IsConditional(in insn) ? changes : KeepsUndefined(in insn) ? insn.RflagsUndefined : RflagsBits.None;
        return new FlagUse(insn.RflagsRead & All, changes & ~kept, changes);
    }

    // What the manual calls undefined is, for these and on some processors, what it was before. Others set it to something of their own.
    private static bool KeepsUndefined(in Instruction insn) => insn.Mnemonic is Mnemonic.Imul or Mnemonic.Mul or Mnemonic.Div or Mnemonic.Idiv or Mnemonic.Bsf or Mnemonic.Bsr;

    // A shift by zero leaves the flags alone.
    private static bool IsConditional(in Instruction insn) => insn.Mnemonic switch
    {
        Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl or Mnemonic.Rcr or Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Shld or Mnemonic.Shrd => true,
        _ => false,
    };
}

/// <summary>Where the guest's arithmetic flags are at a place of a block.</summary>
internal enum FlagPlace
{
    /// <summary>Nowhere: they will be overwritten before anyone reads them.</summary>
    Dead,

    /// <summary>In the host's flags.</summary>
    Host,

    /// <summary>In <see cref="VcpuArea.Flags"/>.</summary>
    Memory,

    /// <summary>In both.</summary>
    Both,
}
