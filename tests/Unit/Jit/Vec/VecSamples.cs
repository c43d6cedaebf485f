using System.Runtime.Intrinsics;
using Suite.Jit.Ir;

namespace Suite.Tests.Jit.Vec;

/// <summary>Operands for vector operations: extreme and random lanes, and only what an operation is defined for.</summary>
internal static class VecSamples
{
    private static readonly uint[] Words =
    [
        0, 1, ~0u, 0x7FFFFFFF, 0x80000000, 0x80008000, 0x7FFF7FFF, 0x80808080, 0x7F7F7F7F, 0x00FF00FF, 0xFF00FF00, 0x0000FFFF, 0xFFFF0000, 0xFF80FF80,
        0x007F0080, 0x00007FFF, 0x00018000, 0xFFFF8000, 0xFFFF7FFF,
    ];

    private static readonly uint[] Floats =
    [
        0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00800000, 0x80800000, 0x3F800000, 0xBF800000, 0x3F7FFFFF, 0x3F000000, 0xBF000000, 0x3FC00000,
        0xC0200000, 0x4B000001, 0x4B800000, 0x4EFFFFFF, 0x4F000000, 0xCF000000, 0xCF000001, 0x4F7FFFFF, 0x4F800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000,
    ];

    private static readonly uint[] QuietNaNs = [0x7FC00000, 0xFFC12345, 0x7FD55555, 0xFFFFFFFF];

    /// <summary>Types of operands and result; None for an operand that is not there.</summary>
    public readonly record struct Shape(IrType A, IrType B, IrType C, IrType Result);

    public static Shape ShapeOf(VecOp op) => op switch
    {
        VecOp.Constant32 => new(IrType.None, IrType.None, IrType.None, IrType.V128),
        VecOp.FromI32 or VecOp.Ramp => new(IrType.I32, IrType.None, IrType.None, IrType.V128),
        VecOp.Mask8 or VecOp.Any => new(IrType.V128, IrType.None, IrType.None, IrType.I32),
        VecOp.PickBytes => new(IrType.V128, IrType.I32, IrType.None, IrType.I32),
        VecOp.Select or VecOp.OrXor or VecOp.Permute or VecOp.FMulAdd or VecOp.FNegMulSub => new(IrType.V128, IrType.V128, IrType.V128, IrType.V128),
        VecOp.Splat8 or VecOp.Splat16 or VecOp.Splat32 or VecOp.Low64 or (>= VecOp.ShlImm16 and <= VecOp.ShrSImm32) or (>= VecOp.WidenLowS8 and <= VecOp.NarrowExcessS64)
            or (>= VecOp.SumQuadsS8 and <= VecOp.SumPairsS16) or (>= VecOp.FRecip and <= VecOp.FRoundDown) or >= VecOp.FScale => new(IrType.V128, IrType.None, IrType.None, IrType.V128),
        _ => new(IrType.V128, IrType.V128, IrType.None, IrType.V128),
    };

    public static int Immediate(VecOp op, Random random) => op switch
    {
        VecOp.Constant32 => (int)Word(random),
        VecOp.Splat8 => random.Next(16),
        VecOp.Splat16 => random.Next(8),
        VecOp.Splat32 => random.Next(4),
        VecOp.Ramp => random.Next(2) == 0 ? 15 : 31,
        VecOp.ShlImm16 or VecOp.ShrUImm16 or VecOp.ShrSImm16 => random.Next(16),
        VecOp.ShlImm32 or VecOp.ShrUImm32 or VecOp.ShrSImm32 => random.Next(32),
        VecOp.Align => random.Next(17),
        VecOp.FScale => random.Next(-31, 32),
        _ => 0,
    };

    /// <summary>The I32 operand.</summary>
    public static uint General(VecOp op, Random random) => op == VecOp.PickBytes ? (uint)random.NextInt64(1L << 32) & 0x7F7F7F7F : Word(random);

    public static Vector128<byte> Operand(VecOp op, Random random)
    {
        Vector128<uint> v = default;
        bool isFloat = op >= VecOp.FAdd && op is not (VecOp.FFromS32 or VecOp.FFromU32);
        for (int i = 0; i < 4; i++)
            v = v.WithElement(i, isFloat ? Float(op, random) : Word(random));
        return op == VecOp.Any && random.Next(2) == 0 ? default : v.AsByte();
    }

    private static uint Word(Random random) => random.Next(3) switch
    {
        0 => Words[random.Next(Words.Length)],
        1 => Words[random.Next(Words.Length)] + (uint)random.Next(-2, 3) * (random.Next(2) == 0 ? 1u : 0x10001),
        _ => (uint)random.NextInt64(1L << 32),
    };

    private static uint Float(VecOp op, Random random)
    {
        bool trapsOnNaN = op is VecOp.FMax or VecOp.FMin or (>= VecOp.FClampS32 and <= VecOp.FTruncateU32);
        uint bits = random.Next(5) switch
        {
            0 or 1 => Floats[random.Next(Floats.Length)],
            2 => QuietNaNs[random.Next(QuietNaNs.Length)],
            3 => BitConverter.SingleToUInt32Bits((float)(random.NextDouble() * Math.Pow(2, random.Next(-20, 36)) * (random.Next(2) == 0 ? 1 : -1))),
            _ => (uint)random.NextInt64(1L << 32),
        };
        if (VecFloat.IsNaN(bits))
            bits = trapsOnNaN ? 0x3F800000 : bits | 0x00400000;
        float value = BitConverter.UInt32BitsToSingle(bits);
        return op switch
        {
            VecOp.FTruncateS32 => BitConverter.SingleToUInt32Bits(Math.Clamp(value, -2147483648f, 2147483520f)),
            VecOp.FTruncateU32 => BitConverter.SingleToUInt32Bits(Math.Clamp(value, -0.99999994f, 4294967040f)),
            _ => bits,
        };
    }
}
