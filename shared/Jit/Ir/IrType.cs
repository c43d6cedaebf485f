namespace Suite.Jit.Ir;

/// <summary>Type of an IR value. Comparisons yield <see cref="I32"/> 0 or 1.</summary>
public enum IrType : byte
{
    None,
    I32,
    I64,

    /// <summary>A double, or a single held as a double.</summary>
    F64,

    /// <summary>A single as the host computes with it.</summary>
    F32,

    /// <summary>16 bytes. Element 0 of a big-endian guest vector is the highest lane, so that host lane arithmetic applies.</summary>
    V128,
}
