using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Single precision. Whatever may fault comes before the destination is written.
public static partial class VecEmitter
{
    // Predicates of vcmpps that do not signal for quiet NaNs.
    private const int Equal = 0x00, Unordered = 0x03, Ordered = 0x07, NotLessOrEqual = 0x16, NotGreaterOrEqual = 0x19, GreaterOrEqual = 0x1D, Greater = 0x1E;

    // vroundps: no precision exception.
    private const int Nearest = 8, Down = 9, Up = 10, Truncate = 11;

    private static void EmitFloat(VecOp op, in VecCode e)
    {
        switch (op)
        {
            case VecOp.FMulAdd or VecOp.FNegMulSub:
                MultiplyAdd(op == VecOp.FNegMulSub, e);
                break;
            case VecOp.FMax or VecOp.FMin: // of two zeros the host takes the second: both ways, then +0 or -0 of them
                int t = e.Temp(), b = e.InRegister(e.B), u = e.Temp();
                VexOp minMax = VecInsn.Ps(op == VecOp.FMax ? (byte)0x5F : (byte)0x5D);
                e.Op(minMax, t, e.A, b);
                e.Op(minMax, u, b, e.A);
                e.Op(op == VecOp.FMax ? VexOps.And : VexOps.Or, e.To, t, u);
                break;
            case VecOp.FRecip:
                e.Op(VecInsn.Ps(0x5E), e.To, e.Broadcast(0x3F800000), e.A);
                break;
            case VecOp.FRecipSqrt:
                (t, u) = (e.Temp(), e.Broadcast(0x3F800000));
                e.Op(VecInsn.Ps(0x51), t, 0, e.A);
                e.Op(VecInsn.Ps(0x5E), e.To, u, t);
                break;
            case VecOp.FRoundNearest:
                e.Op(VecInsn.P3A(0x08), e.To, 0, e.A, Nearest);
                break;
            case VecOp.FRoundZero:
                e.Op(VecInsn.P3A(0x08), e.To, 0, e.A, Truncate);
                break;
            case VecOp.FRoundUp:
                e.Op(VecInsn.P3A(0x08), e.To, 0, e.A, Up);
                break;
            case VecOp.FRoundDown:
                e.Op(VecInsn.P3A(0x08), e.To, 0, e.A, Down);
                break;
            case VecOp.FEq:
                e.Op(VecInsn.CompareSingle, e.To, e.A, e.B, Equal);
                break;
            case VecOp.FGe:
                e.Op(VecInsn.CompareSingle, e.To, e.A, e.B, GreaterOrEqual);
                break;
            case VecOp.FGt:
                e.Op(VecInsn.CompareSingle, e.To, e.A, e.B, Greater);
                break;
            case VecOp.FBounds:
                Bounds(e);
                break;
            case VecOp.FScale:
                e.Op(VecInsn.Ps(0x59), e.To, e.A, e.Broadcast((uint)(127 + e.Immediate) << 23));
                break;
            case VecOp.FFromS32:
                e.Op(VecInsn.Ps(0x5B), e.To, 0, e.A);
                break;
            case VecOp.FFromU32:
                FromUnsigned(e);
                break;
            case VecOp.FClampS32:
                Clamp(e, 0x4EFFFFFF, 0xCF000000);
                break;
            case VecOp.FClampU32:
                Clamp(e, 0x4F7FFFFF, 0xBF7FFFFF);
                break;
            case VecOp.FTruncateS32:
                e.Op(VecInsn.TruncateToInt, e.To, 0, e.A);
                break;
            case VecOp.FTruncateU32:
                TruncateUnsigned(e);
                break;
            default:
                throw new InvalidOperationException($"vector operation {op} has no host code");
        }
    }

    // Of several NaNs the host takes the first factor (in this form the first operand), then the second, then the addend; wanted is the addend before
    // the second factor. Where the addend is a NaN and the first factor is not, it is the result.
    private static void MultiplyAdd(bool negated, in VecCode e)
    {
        int c = e.InRegister(e.C), r = e.Temp(), t = e.Temp();
        e.Move(r, e.A);
        e.Op(VecInsn.P38(negated ? (byte)0x9A : (byte)0x98), r, c, e.B);
        e.Op(VecInsn.CompareSingle, t, c, c, Unordered);
        int u = e.To != e.A && e.To != c ? e.To : e.Temp();
        e.Op(VecInsn.CompareSingle, u, e.A, e.A, Ordered);
        e.Op(VexOps.And, t, t, u);
        if (!negated)
        {
            e.BlendWords(e.To, r, c, t);
            return;
        }

        e.BlendWords(r, r, c, t);
        e.Op(VecInsn.CompareSingle, t, r, r, Ordered);
        e.Shift(VecShift.Shl32, t, t, 31);
        e.Op(VexOps.Xor, e.To, r, t);
    }

    private static void Bounds(in VecCode e)
    {
        int t = e.Temp(), negative = e.Broadcast(0x80000000);
        e.Op(VexOps.Xor, negative, negative, e.B);
        e.Op(VecInsn.CompareSingle, t, e.A, e.B, NotLessOrEqual);
        e.Op(VecInsn.CompareSingle, negative, e.A, negative, NotGreaterOrEqual);
        e.Shift(VecShift.Shl32, t, t, 31);
        e.Shift(VecShift.ShrU32, negative, negative, 31);
        e.Shift(VecShift.Shl32, negative, negative, 30);
        e.Op(VexOps.Or, e.To, t, negative);
    }

    // Halves are exact, their sum is rounded once.
    private static void FromUnsigned(in VecCode e)
    {
        if (e.Features.Avx512)
        {
            e.Evex(new VexOp(VexMap.M0F, VexPrefix.PF2, 0x7A), e.To, 0, e.A);
            return;
        }

        int low = e.Temp(), high = e.Temp();
        e.Zero(low);
        e.Op(VecInsn.BlendLanes16, low, e.A, low, 0xAA);
        e.Shift(VecShift.ShrU32, high, e.A, 16);
        e.Op(VecInsn.Ps(0x5B), low, 0, low);
        e.Op(VecInsn.Ps(0x5B), high, 0, high);
        e.Op(VecInsn.Ps(0x59), high, high, e.Broadcast(0x47800000));
        e.Op(VecInsn.Ps(0x58), e.To, high, low);
    }

    private static void Clamp(in VecCode e, uint above, uint below)
    {
        int t = e.Broadcast(above), u = e.Broadcast(below);
        e.Op(VecInsn.Ps(0x5D), t, e.A, t);
        e.Op(VecInsn.Ps(0x5F), e.To, t, u);
    }

    // From 2^31 on, that is taken off first and put back as the top bit.
    private static void TruncateUnsigned(in VecCode e)
    {
        if (e.Features.Avx512)
        {
            e.Evex(VecInsn.Ps(0x78), e.To, 0, e.A);
            return;
        }

        int limit = e.Broadcast(0x4F000000), over = e.Temp();
        e.Op(VecInsn.CompareSingle, over, e.A, limit, GreaterOrEqual);
        e.Op(VexOps.And, limit, limit, over);
        e.Op(VecInsn.Ps(0x5C), limit, e.A, limit);
        e.Op(VecInsn.TruncateToInt, limit, 0, limit);
        e.Shift(VecShift.Shl32, over, over, 31);
        e.Op(VexOps.Xor, e.To, limit, over);
    }
}
