namespace Suite.Jit.Ir;

/// <summary>Where a piece of guest state lives while compiled code runs.</summary>
public enum SlotHome : byte
{
    /// <summary>In the guest's state block, at the slot's offset.</summary>
    Memory,

    /// <summary>In a general host register.</summary>
    Register,

    /// <summary>In a host vector register.</summary>
    VectorRegister,
}

/// <summary>One piece of guest state: a register, a condition field, a carry bit.</summary>
/// <param name="Name">For listings.</param>
/// <param name="Type">I32, I64, F64 or V128.</param>
/// <param name="Offset">Bytes from the start of the state block; also the canonical home of a slot that is not pinned.</param>
/// <param name="Home">Pinned to a register or not.</param>
/// <param name="Register">Its number when pinned.</param>
/// <param name="IsLazy">Need not be exact when a memory access faults or an instruction is left to the interpreter: only at exits.</param>
public readonly record struct StateSlot(string Name, IrType Type, int Offset, SlotHome Home = SlotHome.Memory, byte Register = 0, bool IsLazy = false);

/// <summary>
/// The state of a guest as IR and back end see it: numbered slots. The state block's address is in rbp while compiled code runs
/// (<see cref="Runtime.VcpuState.Gpr"/>[5] outside); pinned slots live in <see cref="Runtime.VcpuState.Gpr"/> and the vector area outside.
/// </summary>
public sealed class StateLayout
{
    public StateLayout(StateSlot[] slots, int size)
    {
        Slots = slots;
        Size = size;
    }

    public StateSlot[] Slots { get; }

    /// <summary>Bytes of the state block.</summary>
    public int Size { get; }

    /// <summary>Offsets (I32) of the MXCSR values for scalar and vector floating point, and of the flag that says which is loaded; -1 without vectors.</summary>
    public int ScalarMxcsrOffset { get; init; } = -1;
    public int VectorMxcsrOffset { get; init; } = -1;
    public int VectorModeOffset { get; init; } = -1;

    /// <summary>Offset (I32) of the scalar MXCSR as it is without sticky flags.</summary>
    public int CleanMxcsrOffset { get; init; } = -1;

    /// <summary>Offset of <see cref="SpillBytes"/> bytes in which compiled code keeps intermediate values, a multiple of 16. No guest state.</summary>
    public int SpillOffset { get; init; } = -1;

    /// <summary>Offset of <see cref="ConstantBytes"/> bytes, a multiple of 16, that <see cref="WriteConstants"/> fills once for each thread.</summary>
    public int ConstantsOffset { get; init; } = -1;

    public const int SpillBytes = 512, ConstantBytes = VectorConstants + 4 * 32;

    /// <summary>Places of the constants, from <see cref="ConstantsOffset"/>: byte-reversing shuffle, of 16 bytes and of the low 8 and 4; sign and magnitude of a double.</summary>
    public const int Reverse16 = 0, Reverse8 = 8, Reverse4 = 12, SignMask = 32, MagnitudeMask = 48, OrderLessValue = 64, OrderUnorderedValue = 72, ZeroValue = 80, LastBit = 88;

    /// <summary>Where <see cref="VectorConstantValues"/> are.</summary>
    public const int VectorConstants = 96;

    /// <summary>Among them, sign and magnitude of a single in the lowest lane.</summary>
    public const int SingleSignMask = VectorConstants + 4 * 4, SingleMagnitudeMask = VectorConstants + 4 * 5;

    /// <summary>What vector operations need in all 32-bit lanes: bits of lanes, then singles (1, 2^16, 2^31 and the bounds of conversions).</summary>
    public static ReadOnlySpan<uint> VectorConstantValues =>
    [
        0x00FF00FF, 0x0000FFFF, 0x80808080, 0x80008000, 0x80000000, 0x7FFFFFFF, 0x01010101, 0x00010001, 0x1F1F1F1F, 0x000F000F, 0x0000000F, 0x00100010,
        0x0000001F, 0x00000020, 0xF0F0F0F0, 0xFCFCFCFC, 0xFEFEFEFE, 0x0F0F0F0F, 0x3F3F3F3F, 0x7F7F7F7F, 0x08080808, 0x20202020, 0x40404040, 0x0000FC00,
        0x000003E0, 0x3F800000, 0x47800000, 0x4F000000, 0x4EFFFFFF, 0xCF000000, 0x4F7FFFFF, 0xBF7FFFFF,
    ];

    /// <summary>Fills the constants of a state block.</summary>
    public unsafe void WriteConstants(byte* block)
    {
        byte* at = block + ConstantsOffset;
        new Span<byte>(at, ConstantBytes).Clear();
        for (int i = 0; i < 16; i++)
            at[Reverse16 + i] = (byte)(15 - i);
        new Span<byte>(at + 16, 16).Fill(0x80); // the shorter ones read on into this: a shuffle index that yields zero
        *(ulong*)(at + SignMask) = 1UL << 63;
        *(ulong*)(at + MagnitudeMask) = ~(1UL << 63);
        *(ulong*)(at + LastBit) = 1;
        *(ulong*)(at + OrderLessValue) = IrMath.Less;
        *(ulong*)(at + OrderUnorderedValue) = IrMath.Unordered;
        VectorConstantValues.CopyTo(new Span<uint>(at + VectorConstants, (ConstantBytes - VectorConstants) / 4));
    }

    /// <summary>Where a slot's value is for managed code, on the thread or with the thread stopped outside compiled code.</summary>
    public unsafe void* AddressOf(Runtime.VcpuState* s, int slot) => AddressOf(s, in Slots[slot]);

    private static unsafe void* AddressOf(Runtime.VcpuState* s, in StateSlot slot) => slot.Home switch
    {
        SlotHome.Register => &s->Gpr[slot.Register],
        SlotHome.VectorRegister => VectorImage.Register(s, slot.Register),
        _ => (byte*)s->Gpr[BlockRegister] + slot.Offset,
    };

    /// <summary>rbp.</summary>
    public const int BlockRegister = 5;
}
