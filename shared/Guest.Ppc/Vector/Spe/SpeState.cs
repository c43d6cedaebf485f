using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>What SPE instructions in software see: 64-bit registers, accumulator, SPEFSCR (SPE PEM 2.2).</summary>
internal readonly struct SpeState(IrInterpreterState state)
{
    /// <summary>Helper that executes the instruction word a; the result is the condition field of a comparison.</summary>
    public const int Helper = 251;

    // SPEFSCR: sticky overflow, overflow; of the upper word, then of the lower.
    private const uint SummaryHigh = 0x80000000, OverflowHigh = 0x40000000, Summary = 0x8000, Overflow = 0x4000;

    public ref ulong Acc => ref state.Slot<ulong>(PpcSlot.Acc);

    public ref uint Spefscr => ref state.Slot<uint>(PpcSlot.Spefscr);

    public ulong Get(int register) => (ulong)High(register) << 32 | Low(register);

    public uint High(int register) => state.Slot<uint>(PpcSlot.GprHigh(register));

    public uint Low(int register) => state.Slot<uint>(PpcSlot.Gpr(register));

    public void SetLow(int register, uint value) => state.Slot<uint>(PpcSlot.Gpr(register)) = value;

    public void Set(int register, ulong value)
    {
        state.Slot<uint>(PpcSlot.GprHigh(register)) = (uint)(value >> 32);
        SetLow(register, (uint)value);
    }

    /// <summary>OVH, OV and their sticky summaries.</summary>
    public void SetOverflow(bool high, bool low)
    {
        uint bits = Spefscr & ~(OverflowHigh | Overflow);
        if (high)
            bits |= OverflowHigh | SummaryHigh;
        if (low)
            bits |= Overflow | Summary;
        Spefscr = bits;
    }

    /// <summary>Executes one instruction.</summary>
    public static ulong Execute(IrInterpreterState s, ulong a, ulong b, ulong c)
    {
        uint word = (uint)a, extended = word & 0x7FF;
        var state = new SpeState(s);
        switch (extended)
        {
            case >= 0x280 and < 0x300:
                return SpeFloat.Execute(state, word);
            case >= 0x400 and < 0x4C0 or >= 0x500 and < 0x600:
                SpeMultiply.Execute(state, word);
                return 0;
            default:
                return SpeInteger.Execute(state, word);
        }
    }
}
