namespace Suite.Guest.X86.Machine;

/// <summary>Exception vectors (Intel SDM volume 3, table 6-1).</summary>
public enum X86Vector : byte
{
    DivideError = 0,
    Debug = 1,
    Nmi = 2,
    Breakpoint = 3,
    Overflow = 4,
    BoundRange = 5,
    InvalidOpcode = 6,
    DeviceNotAvailable = 7,
    DoubleFault = 8,
    InvalidTss = 10,
    SegmentNotPresent = 11,
    StackFault = 12,
    GeneralProtection = 13,
    PageFault = 14,
    X87Fault = 16,
    AlignmentCheck = 17,
    MachineCheck = 18,
    SimdFault = 19,
}

/// <summary>An instruction raised an exception; nothing of it has taken effect.</summary>
/// <param name="vector">Which.</param>
/// <param name="error">The error code, for those that push one.</param>
/// <param name="address">Page faults: the linear address.</param>
public sealed class X86Fault(X86Vector vector, uint error = 0, ulong address = 0) : Exception($"#{vector} ({error:x})")
{
    public X86Vector Vector { get; } = vector;

    public uint Error { get; } = error;

    public ulong Address { get; } = address;
}
