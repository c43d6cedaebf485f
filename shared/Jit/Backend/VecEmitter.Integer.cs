using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Arithmetic, comparisons and shifts within lanes that the host lacks.
public static partial class VecEmitter
{
    private static void EmitInteger(VecOp op, in VecCode e)
    {
        switch (op)
        {
            case VecOp.AddS32 or VecOp.SubS32:
                SaturateS32(op == VecOp.AddS32, e);
                break;
            case VecOp.AddPairsS32:
                AddPairs(e);
                break;
            case VecOp.AddU32: // a + min(b, ~a)
                int t = e.Temp(), ones = e.Temp();
                e.Ones(ones);
                e.Op(VexOps.Xor, t, ones, e.A);
                e.Op(VecInsn.P38(0x3B), t, t, e.B);
                e.Op(VecInsn.P(0xFE), e.To, t, e.A);
                break;
            case VecOp.SubU32: // max(a, b) - b
                t = e.Temp();
                e.Op(VecInsn.P38(0x3F), t, e.A, e.B);
                e.Op(VecInsn.P(0xFA), e.To, t, e.B);
                break;
            case VecOp.AddCarry32: // no carry when the sum is not below b; 1 + that
                (t, ones) = (e.Temp(), e.Temp());
                int max = e.Temp();
                e.Op(VecInsn.P(0xFE), t, e.A, e.B);
                e.Op(VecInsn.P38(0x3F), max, t, e.B);
                e.Op(VecInsn.P(0x76), t, t, max);
                e.Ones(ones);
                e.Op(VecInsn.P(0xFA), e.To, t, ones);
                break;
            case VecOp.SubCarry32:
                t = e.Temp();
                e.Op(VecInsn.P38(0x3F), t, e.A, e.B);
                e.Op(VecInsn.P(0x76), t, t, e.A);
                e.Shift(VecShift.ShrU32, e.To, t, 31);
                break;
            case VecOp.AvgS8 or VecOp.AvgS16: // unsigned with the sign bits turned
                (t, int u) = (e.Temp(), e.Temp());
                int sign = e.Broadcast(op == VecOp.AvgS8 ? 0x80808080 : 0x80008000);
                e.Op(VexOps.Xor, t, sign, e.A);
                e.Op(VexOps.Xor, u, sign, e.B);
                e.Op(VecInsn.P(op == VecOp.AvgS8 ? (byte)0xE0 : (byte)0xE3), t, t, u);
                e.Op(VexOps.Xor, e.To, t, sign);
                break;
            case VecOp.AvgS32 or VecOp.AvgU32: // (a | b) - ((a ^ b) >> 1)
                (t, u) = (e.Temp(), e.Temp());
                e.Op(VexOps.Xor, t, e.A, e.B);
                e.Shift(op == VecOp.AvgS32 ? VecShift.ShrS32 : VecShift.ShrU32, t, t, 1);
                e.Op(VexOps.Or, u, e.A, e.B);
                e.Op(VecInsn.P(0xFA), e.To, u, t);
                break;
            case VecOp.GtU8 or VecOp.GtU16 or VecOp.GtU32:
                GreaterUnsigned(op, e);
                break;
            case >= VecOp.Shl8 and <= VecOp.RotL32:
                EmitShift(op, e);
                break;
            case VecOp.ShlImm16:
                e.Shift(VecShift.Shl16, e.To, e.A, e.Immediate);
                break;
            case VecOp.ShlImm32:
                e.Shift(VecShift.Shl32, e.To, e.A, e.Immediate);
                break;
            case VecOp.ShrUImm16:
                e.Shift(VecShift.ShrU16, e.To, e.A, e.Immediate);
                break;
            case VecOp.ShrUImm32:
                e.Shift(VecShift.ShrU32, e.To, e.A, e.Immediate);
                break;
            case VecOp.ShrSImm16:
                e.Shift(VecShift.ShrS16, e.To, e.A, e.Immediate);
                break;
            case VecOp.ShrSImm32:
                e.Shift(VecShift.ShrS32, e.To, e.A, e.Immediate);
                break;
            default:
                throw new InvalidOperationException($"vector operation {op} has no host code");
        }
    }

    // Overflow: the result's sign differs from a's, and so does (subtraction) or not (addition) b's. Then the largest number of a's sign.
    private static void SaturateS32(bool isAddition, in VecCode e)
    {
        int b = e.InRegister(e.B), r = e.Work(), t = e.Temp(), u = e.Temp();
        e.Op(VecInsn.P(isAddition ? (byte)0xFE : (byte)0xFA), r, e.A, b);
        e.Op(VexOps.Xor, t, e.A, r);
        e.Op(VexOps.Xor, u, isAddition ? r : e.A, b);
        e.Op(VexOps.And, t, t, u);
        e.Shift(VecShift.ShrS32, u, e.A, 31);
        BlendSaturated(e, r, u, t, e.Temp());
    }

    // The same where 0x80000000 in a is 2^31.
    private static void AddPairs(in VecCode e)
    {
        int b = e.InRegister(e.B), r = e.Work(), p = e.Temp(), t = e.Temp(), u = e.Temp();
        e.Broadcast(p, 0x80000000);
        e.Op(VecInsn.P(0x76), p, p, e.A);
        e.Op(VexOps.AndNot, p, p, e.A);
        e.Op(VecInsn.P(0xFE), r, e.A, b);
        e.Op(VexOps.Xor, t, r, b);
        e.Op(VexOps.Xor, u, r, p);
        e.Op(VexOps.And, t, t, u);
        e.Shift(VecShift.ShrS32, p, p, 31);
        BlendSaturated(e, r, p, t, u);
    }

    // Signs are turned from all ones or zero into the smallest or largest number, which is chosen by the signs of overflow.
    private static void BlendSaturated(in VecCode e, int result, int signs, int overflow, int largest)
    {
        e.Broadcast(largest, 0x7FFFFFFF);
        e.Op(VexOps.Xor, signs, signs, largest);
        e.BlendWords(e.To, result, signs, overflow);
    }

    private static void GreaterUnsigned(VecOp op, in VecCode e)
    {
        if (e.Features.Avx512)
        {
            // vpcmpu with "not less or equal" into k1, and out of it.
            const int Mask = 1, Greater = 6;
            bool words = op == VecOp.GtU32;
            e.Evex(new VexOp(VexMap.M0F3A, VexPrefix.P66, words ? (byte)0x1E : (byte)0x3E, EvexWide: op == VecOp.GtU16), Mask, e.A, e.InRegister(e.B), Greater);
            e.Evex(new VexOp(VexMap.M0F38, VexPrefix.PF3, words ? (byte)0x38 : (byte)0x28, EvexWide: op == VecOp.GtU16), e.To, 0, Mask);
            return;
        }

        // Not equal to the minimum.
        (byte map38, byte minimum, byte equal) = op switch { VecOp.GtU8 => ((byte)0, (byte)0xDA, (byte)0x74), VecOp.GtU16 => ((byte)1, (byte)0x3A, (byte)0x75), _ => ((byte)1, (byte)0x3B, (byte)0x76) };
        int t = e.Temp(), ones = e.Temp();
        e.Op(map38 != 0 ? VecInsn.P38(minimum) : VecInsn.P(minimum), t, e.A, e.B);
        e.Op(VecInsn.P(equal), t, t, e.A);
        e.Ones(ones);
        e.Op(VexOps.Xor, e.To, t, ones);
    }
}
