using System.Runtime.InteropServices;

namespace Suite.Guest.X86.Machine;

/// <summary>Numbers of the segment registers, as instructions encode them, then the two system segments.</summary>
public enum SegmentName
{
    Es,
    Cs,
    Ss,
    Ds,
    Fs,
    Gs,
    Ldtr,
    Tr,
}

/// <summary>A segment register with what the processor keeps of the descriptor (Intel SDM volume 3, 3.4.3 and 24.4.1 for the attributes' layout).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Segment
{
    /// <summary>Added to offsets. In long mode only of fs, gs and the system segments.</summary>
    public ulong Base;

    /// <summary>In bytes: granularity is already applied.</summary>
    public uint Limit;

    /// <summary>Bits of the descriptor: type 0-3, S 4, DPL 5-6, P 7, AVL 12, L 13, D/B 14, G 15; bit 16: not usable (null).</summary>
    public uint Attributes;

    /// <summary>The visible part.</summary>
    public ushort Selector;

    /// <summary>Bits of <see cref="Attributes"/>.</summary>
    public const uint TypeMask = 0xF, Accessed = 1, Writable = 2, Readable = 2, ExpandDown = 4, Conforming = 4, Code = 8, CodeOrData = 1 << 4, Present = 1 << 7,
        Long = 1 << 13, Big = 1 << 14, Granular = 1 << 15, Unusable = 1 << 16;

    /// <summary>Shift of the DPL in <see cref="Attributes"/>.</summary>
    public const int DplShift = 5;

    /// <summary>Descriptor privilege level.</summary>
    public readonly int Dpl => (int)(Attributes >> DplShift & 3);

    /// <summary>Requested privilege level of the selector.</summary>
    public readonly int Rpl => Selector & 3;

    /// <summary>True when all bits of a mask are set.</summary>
    public readonly bool Has(uint mask) => (Attributes & mask) == mask;
}

/// <summary>GDTR or IDTR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TableRegister
{
    public ulong Base;
    public ushort Limit;
}
