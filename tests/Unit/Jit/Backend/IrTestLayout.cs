using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Tests.Jit.Backend;

/// <summary>A made-up guest: integer registers (some pinned), orderings, flags, doubles, vectors, and lazy slots.</summary>
internal static class IrTestLayout
{
    public const int Integers = 24, Orders = 4, Longs = 4, Flags = 4, Doubles = 10, Vectors = 6, Lazies = 2, LazyDoubles = 3;
    public const int Integer0 = 0, Order0 = Integers, Long0 = Order0 + Orders, Flag0 = Long0 + Longs, Double0 = Flag0 + Flags, Vector0 = Double0 + Doubles, Lazy0 = Vector0 + Vectors, LazyDouble0 = Lazy0 + Lazies;

    public const int BlockBytes = 4096, SpillOffset = 2048, ConstantsOffset = SpillOffset + StateLayout.SpillBytes, MxcsrOffset = 3072;

    private static readonly Reg[] Pinned = [Reg.Rbx, Reg.Rsi, Reg.Rdi, Reg.R8, Reg.R9, Reg.R10, Reg.R11, Reg.R12, Reg.R13, Reg.R14, Reg.R15];

    public static StateLayout Create(HostFeatures features)
    {
        List<StateSlot> slots = [];
        int offset = 0;
        for (int i = 0; i < Integers; i++)
            slots.Add(i < Pinned.Length
                ? new StateSlot($"r{i}", IrType.I32, Next(4), SlotHome.Register, (byte)Pinned[i])
                : new StateSlot($"r{i}", IrType.I32, Next(4)));
        for (int i = 0; i < Orders; i++)
            slots.Add(new StateSlot($"o{i}", IrType.I64, Next(8)));
        for (int i = 0; i < Longs; i++)
            slots.Add(new StateSlot($"l{i}", IrType.I64, Next(8)));
        for (int i = 0; i < Flags; i++)
            slots.Add(new StateSlot($"c{i}", IrType.I32, Next(4)));
        for (int i = 0; i < Doubles; i++)
            slots.Add(i < 5
                ? new StateSlot($"f{i}", IrType.F64, Next(8), SlotHome.VectorRegister, (byte)(features.Avx512 ? 16 + 3 * i : 8 + i))
                : new StateSlot($"f{i}", IrType.F64, Next(8)));
        for (int i = 0; i < Vectors; i++)
            slots.Add(i < 3
                ? new StateSlot($"v{i}", IrType.V128, Next(16), SlotHome.VectorRegister, (byte)(features.Avx512 && i == 2 ? 31 : 6 + i / 2 + 7 * (i % 2)))
                : new StateSlot($"v{i}", IrType.V128, Next(16)));
        for (int i = 0; i < Lazies; i++)
            slots.Add(new StateSlot($"z{i}", IrType.I32, Next(4), IsLazy: true));
        for (int i = 0; i < LazyDoubles; i++)
            slots.Add(new StateSlot($"y{i}", IrType.F64, Next(8), IsLazy: true));
        return new StateLayout([.. slots], BlockBytes)
        {
            SpillOffset = SpillOffset,
            ConstantsOffset = ConstantsOffset,
            ScalarMxcsrOffset = MxcsrOffset,
            VectorMxcsrOffset = MxcsrOffset + 4,
            VectorModeOffset = MxcsrOffset + 8,
            CleanMxcsrOffset = MxcsrOffset + 12,
        };

        int Next(int size)
        {
            int at = offset = (offset + size - 1) & -size;
            offset += size;
            return at;
        }
    }
}
