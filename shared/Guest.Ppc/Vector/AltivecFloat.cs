using System.Runtime.Intrinsics;
using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>AltiVec floating point in software, with all NaN rules and both settings of VSCR.NJ (AltiVec PEM 3.2).</summary>
internal static class AltivecFloat
{
    private const uint QuietBit = 0x00400000, DefaultNaN = 0x7FC00000;

    /// <summary>Helper <see cref="AltivecState.FloatHelper"/>: executes the instruction word a.</summary>
    public static ulong Execute(IrInterpreterState s, ulong a, ulong b, ulong c)
    {
        uint word = (uint)a;
        bool flush = (s.Slot<uint>(PpcSlot.Vscr) & AltivecState.NonJava) != 0;
        Vector128<byte> va = s.Slot<Vector128<byte>>(PpcSlot.Vr(PpcWord.Ra(word))), vb = s.Slot<Vector128<byte>>(PpcSlot.Vr(PpcWord.Rb(word)));
        Vector128<byte> vc = s.Slot<Vector128<byte>>(PpcSlot.Vr(PpcWord.Rc(word)));
        ref Vector128<byte> result = ref s.Slot<Vector128<byte>>(PpcSlot.Vr(PpcWord.Rt(word)));
        VecOp op = (word & 0x3F) switch
        {
            46 => VecOp.FMulAdd,
            47 => VecOp.FNegMulSub,
            6 => (word & 0x3FF) switch
            {
                0x0C6 => VecOp.FEq,
                0x1C6 => VecOp.FGe,
                0x2C6 => VecOp.FGt,
                _ => VecOp.FBounds,
            },
            _ => (word & 0x7FF) switch
            {
                0x00A => VecOp.FAdd,
                0x04A => VecOp.FSub,
                0x40A => VecOp.FMax,
                0x44A => VecOp.FMin,
                0x10A => VecOp.FRecip,
                0x14A => VecOp.FRecipSqrt,
                0x20A => VecOp.FRoundNearest,
                0x24A => VecOp.FRoundZero,
                0x28A => VecOp.FRoundUp,
                0x2CA => VecOp.FRoundDown,
                _ => VecOp.None,
            },
        };
        result = op switch
        {
            VecOp.FMulAdd or VecOp.FNegMulSub => VecFloat.Evaluate(op, 0, va, vc, vb, flush),
            >= VecOp.FRecip and <= VecOp.FRoundDown => VecFloat.Evaluate(op, 0, vb, default, default, flush),
            VecOp.None => Other(s, word, vb, flush),
            _ => VecFloat.Evaluate(op, 0, va, vb, default, flush),
        };
        return 0;
    }

    private static Vector128<byte> Other(IrInterpreterState s, uint word, Vector128<byte> operand, bool flush)
    {
        Vector128<uint> bits = operand.AsUInt32(), r = default;
        bool saturated = false;
        for (int i = 0; i < 4; i++)
        {
            uint lane = flush ? VecFloat.Flush(bits[i]) : bits[i];
            r = r.WithElement(i, (word & 0x7FF) switch
            {
                0x38A => ToUnsigned(lane, PpcWord.Ra(word), ref saturated),
                0x3CA => ToSigned(lane, PpcWord.Ra(word), ref saturated),
                0x18A => Estimate(lane, exponential: true, flush),
                _ => Estimate(lane, exponential: false, flush),
            });
        }

        if (saturated)
            s.Slot<uint>(PpcSlot.Vscr) |= AltivecState.Saturated;
        return r.AsByte();
    }

    // A NaN converts to zero without saturating.
    private static uint ToSigned(uint bits, int scale, ref bool saturated)
    {
        double value = Math.ScaleB((double)BitConverter.UInt32BitsToSingle(bits), scale);
        if (double.IsNaN(value))
            return 0;
        saturated |= value is >= 2147483648.0 or <= -2147483649.0;
        return (uint)(int)Math.Clamp(value, int.MinValue, int.MaxValue);
    }

    private static uint ToUnsigned(uint bits, int scale, ref bool saturated)
    {
        double value = Math.ScaleB((double)BitConverter.UInt32BitsToSingle(bits), scale);
        if (double.IsNaN(value))
            return 0;
        saturated |= value is >= 4294967296.0 or <= -1.0;
        return (uint)Math.Clamp(value, 0, uint.MaxValue);
    }

    // 2^x and log2(x): the nearest single where the architecture asks for 1/16 and 1/32.
    private static uint Estimate(uint bits, bool exponential, bool flush)
    {
        if (VecFloat.IsNaN(bits))
            return bits | QuietBit;
        double x = BitConverter.UInt32BitsToSingle(bits);
        float r = (float)(exponential ? Math.Pow(2, x) : Math.Log2(x));
        if (float.IsNaN(r))
            return DefaultNaN;
        uint result = BitConverter.SingleToUInt32Bits(r);
        return flush ? VecFloat.Flush(result) : result;
    }
}
