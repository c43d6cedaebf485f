namespace Suite.Jit.Ir;

/// <summary>How a slot's value is had from what generated code keeps.</summary>
public enum IrLateKind : byte
{
    /// <summary>The constant in A, 32 bits.</summary>
    Constant,

    /// <summary>The double in A.</summary>
    Double,

    /// <summary>The single in A, as a double.</summary>
    Widened,

    /// <summary>The ordering of the doubles in A and B, 64 bits.</summary>
    Order,

    /// <summary>Whether the doubles in A and B are unordered, 32 bits.</summary>
    Unordered,
}
