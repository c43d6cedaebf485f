using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tests.Jit.Backend;

/// <summary>Equal random states on both sides, and what differs afterwards.</summary>
internal static unsafe class IrStates
{
    private static readonly double[] Doubles = [0, -0.0, 1, -1, 0.5, 3.25, 1e300, -1e300, 1e-310, double.Epsilon, double.PositiveInfinity, double.NegativeInfinity,
        double.NaN, double.MaxValue, 1 << 20, -12345.678];

    public static void Randomize(IrHost h, Random random, bool floats)
    {
        for (int i = 0; i < h.Shadow.Length; i++)
            h.Shadow[i] = (byte)random.Next();
        h.Shadow.CopyTo(new Span<byte>((byte*)IrHost.Data, h.Shadow.Length));
        h.State->Gpr[StateLayout.BlockRegister] = (ulong)h.Block;
        VectorImage.MarkInUse(h.State);
        VectorImage.MarkInUse(h.Interpreted);
        foreach (VcpuState* s in (VcpuState*[])[h.State, h.Interpreted])
        {
            byte* block = (byte*)s->Gpr[StateLayout.BlockRegister];
            new Span<byte>(block, IrTestLayout.BlockBytes).Fill(0xA5);
            h.Layout.WriteConstants(block);
        }

        for (int slot = 0; slot < h.Layout.Slots.Length; slot++)
        {
            (ulong low, ulong high) = Value(h.Layout.Slots[slot], random, floats);
            Store(h.Layout, h.State, slot, low, high);
            Store(h.Layout, h.Interpreted, slot, low, high);
        }
    }

    /// <summary>The first slot or byte of memory that differs, or null. After a fault or a conditional trap lazy slots are free.</summary>
    public static string? Difference(IrHost h, bool lazyFree)
    {
        for (int slot = 0; slot < h.Layout.Slots.Length; slot++)
        {
            ref readonly StateSlot s = ref h.Layout.Slots[slot];
            if (s.IsLazy && lazyFree)
                continue;
            (ulong low, ulong high) = Fetch(h.Layout, h.State, slot);
            (ulong wantLow, ulong wantHigh) = Fetch(h.Layout, h.Interpreted, slot);
            bool bothNaN = s.Type == IrType.F64 && double.IsNaN(BitConverter.UInt64BitsToDouble(low)) && double.IsNaN(BitConverter.UInt64BitsToDouble(wantLow));
            if ((low != wantLow || high != wantHigh) && !bothNaN)
                return $"{s.Name} is {high:x16}{low:x16}, expected {wantHigh:x16}{wantLow:x16}";
        }

        int at = new ReadOnlySpan<byte>((byte*)IrHost.Data, h.Shadow.Length).CommonPrefixLength(h.Shadow);
        return at == h.Shadow.Length ? null : $"memory differs at {IrHost.Data + at:x}";
    }

    private static (ulong, ulong) Value(in StateSlot slot, Random random, bool floats)
    {
        ulong any = (ulong)random.NextInt64() ^ (ulong)random.NextInt64() << 1;
        return slot.Type switch
        {
            IrType.I32 when slot.Name[0] == 'c' => (any & 1, 0),
            IrType.I32 => (random.Next(3) == 0 ? (uint)random.Next(-3, 40) : (uint)any, 0),
            IrType.I64 when slot.Name[0] == 'o' => (random.Next(3) switch
            {
                0 => (ulong)(long)random.Next(-2, 3),
                1 => IrMath.OrderFromBits((uint)any),
                _ => (ulong)((long)(any & 0x1_FFFF_FFFF) - 0xFFFF_FFFF),
            }, 0),
            IrType.F64 when floats => (BitConverter.DoubleToUInt64Bits(random.Next(2) == 0 ? Doubles[random.Next(Doubles.Length)] : random.NextDouble() * 1000), 0),
            IrType.V128 => (any, (ulong)random.NextInt64()),
            _ => (any, 0),
        };
    }

    private static void Store(StateLayout layout, VcpuState* s, int slot, ulong low, ulong high)
    {
        void* at = layout.AddressOf(s, slot);
        ref readonly StateSlot about = ref layout.Slots[slot];
        if (about.Type == IrType.I32 && about.Home == SlotHome.Memory)
            *(uint*)at = (uint)low;
        else
            *(ulong*)at = low;
        if (about.Type == IrType.V128)
            ((ulong*)at)[1] = high;
    }

    private static (ulong Low, ulong High) Fetch(StateLayout layout, VcpuState* s, int slot)
    {
        void* at = layout.AddressOf(s, slot);
        ref readonly StateSlot about = ref layout.Slots[slot];
        ulong low = about.Type == IrType.I32 && about.Home == SlotHome.Memory ? *(uint*)at : *(ulong*)at;
        return (low, about.Type == IrType.V128 ? ((ulong*)at)[1] : 0);
    }
}
