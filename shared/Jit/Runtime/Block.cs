namespace Suite.Jit.Runtime;

/// <summary>
/// How the host instructions of one guest instruction hang together, for faults and signals in their middle.
/// A host pc at the first byte of an instruction's code is always a clean boundary: every guest register is in its host register.
/// </summary>
public enum InsnKind : byte
{
    /// <summary>One host instruction, or several of which none borrows a register.</summary>
    Copy,

    /// <summary>rcx is kept in scratch[1]: returns and indirect branches.</summary>
    BorrowsRcx,

    /// <summary>A system call made in line, see <see cref="SyscallShape"/>.</summary>
    Syscall,

    /// <summary>The comparison of code bytes ahead of a checked block; belongs to no guest instruction (guest length 0).</summary>
    Check,

    /// <summary>The host's gs base is the guest's gs base; what it was is in scratch[3].</summary>
    SegmentSwapped,

    /// <summary>Both <see cref="BorrowsRcx"/> and <see cref="SegmentSwapped"/>: an indirect branch through a gs: operand.</summary>
    BorrowsRcxSwapped,

    /// <summary>rax is kept in scratch[0] and rdx in scratch[3].</summary>
    BorrowsRaxRdx,

    /// <summary>Compatibility mode: the fs selector is the guest's for one operand; entering generated code puts the engine's back.</summary>
    FsSwapped,

    /// <summary>As <see cref="Copy"/>, but where it begins state is not whole, so a signal waits for the end.</summary>
    Open,

    /// <summary>
    /// No instruction, and no code: the block goes on at another guest address, whose distance in words from the block's start stands in the place of the host
    /// length (<see cref="BlockBuilder.Follow"/>).
    /// </summary>
    Jump,

    /// <summary>Plus a register number: that register is borrowed and kept in scratch[0].</summary>
    Borrows = 0x40,

    /// <summary>Plus a register number: that register is borrowed and kept in scratch[1], and the gs base is the guest's as with <see cref="SegmentSwapped"/>.</summary>
    BorrowsSwapped = 0x50,
}

/// <summary>Offsets in the code of <see cref="InsnKind.Syscall"/>: up to the syscall instruction it may be restarted, behind it the call is done.</summary>
public static class SyscallShape
{
    /// <summary>Distance from the start of the sequence to its syscall instruction.</summary>
    public const int CallOffset = 44;
}

/// <summary>What is known of one guest instruction of a block: lengths of guest and host code, and the kind.</summary>
internal readonly record struct InsnRecord(byte GuestLength, InsnKind Kind, ushort HostLength)
{
    private const int WordBytes = 4;

    /// <summary>How far from a block's start a jump may lead.</summary>
    public const long Reach = short.MaxValue * WordBytes;

    /// <summary>The record of a jump.</summary>
    /// <param name="distance">Bytes from the block's start, within <see cref="Reach"/>.</param>
    public static InsnRecord Jump(long distance) => new(0, InsnKind.Jump, (ushort)(short)(distance / WordBytes));

    /// <summary>Bytes of host code.</summary>
    public uint HostBytes => Kind == InsnKind.Jump ? 0u : HostLength;

    /// <summary>Guest address behind this one at <paramref name="pc"/>, in a block that starts at <paramref name="start"/>.</summary>
    public ulong Next(ulong pc, ulong start) => Kind == InsnKind.Jump ? start + (ulong)((short)HostLength * (long)WordBytes) : pc + GuestLength;
}

/// <summary>A translated straight piece of guest code with one or more exits. Host places are offsets from the region's base.</summary>
internal struct Block
{
    public ulong GuestStart;
    public uint HostStart;
    public uint HostLength;
    public int FirstRecord;

    /// <summary>First of the block's <see cref="Recovery"/>s, and how many there are.</summary>
    public int FirstRecovery, RecoveryCount;
    public int Incoming;
    public int NextOnPage;
    public int NextOnSecondPage;
    public ushort InsnCount;

    /// <summary>Bytes from <see cref="GuestStart"/> on, up to the first jump that was followed.</summary>
    public ushort GuestLength;

    /// <summary>Address of the other page that the block has code of, or of its first.</summary>
    public ulong OtherPage;
    public bool Valid;
    public bool Checked;

    /// <summary>See <see cref="BlockBuilder.Isolated"/>.</summary>
    public bool Isolated;

    /// <summary>See <see cref="BlockBuilder.IsTrace"/>.</summary>
    public bool IsTrace;

    /// <summary>See <see cref="BlockBuilder.Repeats"/>.</summary>
    public bool Repeats;

    /// <summary>First address behind the guest code.</summary>
    public readonly ulong GuestEnd => GuestStart + GuestLength;
}

/// <summary>A direct jump from one block to a guest address: where its rel32 is, and the cold exit it goes to while not linked.</summary>
internal struct Link
{
    public ulong Target;
    public uint Patch;
    public uint Stub;
    public int NextIncoming;

    /// <summary>Where to enter when the link leads to the block it stands in: behind what need not be done again. 0 for its start.</summary>
    public uint LoopHead;
    public bool Linked;
}
