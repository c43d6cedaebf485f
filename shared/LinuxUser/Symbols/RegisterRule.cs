namespace Suite.LinuxUser.Symbols;

/// <summary>How the caller's value of a register is found (DWARF 5, section 6.4.1).</summary>
internal enum RuleKind : byte
{
    /// <summary>Nothing is said: the architecture's calling convention decides, which keeps it.</summary>
    Unspecified,

    /// <summary>It is lost; of the return address: there is no caller.</summary>
    Undefined,

    SameValue,

    /// <summary>In memory at CFA plus the offset.</summary>
    Offset,

    /// <summary>The CFA plus the offset.</summary>
    ValueOffset,

    /// <summary>In another register, whose number is the offset.</summary>
    Register,

    /// <summary>In memory at an expression's value.</summary>
    Expression,

    /// <summary>An expression's value.</summary>
    ValueExpression,
}

/// <summary>A rule with its operand.</summary>
internal readonly record struct RegisterRule(RuleKind Kind, long Offset = 0, byte[]? Expression = null);
