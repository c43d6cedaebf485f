using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Double-width products and sums.
public static partial class VecEmitter
{
    private static void EmitProduct(VecOp op, in VecCode e)
    {
        switch (op)
        {
            case VecOp.MulEvenS8 or VecOp.MulEvenU8 or VecOp.MulOddS8 or VecOp.MulOddU8:
                bool isOdd = op is VecOp.MulOddS8 or VecOp.MulOddU8, isSigned = op is VecOp.MulEvenS8 or VecOp.MulOddS8;
                int t = e.Temp(), u = e.Temp();
                WidenBytes(e, t, e.A, isOdd, isSigned);
                WidenBytes(e, u, e.InRegister(e.B), isOdd, isSigned);
                e.Op(VecInsn.P(0xD5), e.To, t, u);
                break;
            case VecOp.MulEvenS16:
                t = e.Temp();
                e.Zero(t);
                e.Op(VecInsn.BlendLanes16, t, e.A, t, 0xAA);
                e.Op(VecInsn.MulAddPairs16, e.To, t, e.B);
                break;
            case VecOp.MulOddS16:
                (t, u) = (e.Temp(), e.Temp());
                e.Shift(VecShift.ShrU32, t, e.A, 16);
                e.Shift(VecShift.ShrU32, u, e.InRegister(e.B), 16);
                e.Op(VecInsn.MulAddPairs16, e.To, t, u);
                break;
            case VecOp.MulEvenU16 or VecOp.MulOddU16:
                (t, u) = (e.Temp(), e.Temp());
                e.Op(VecInsn.P(0xD5), t, e.A, e.B);
                e.Op(VecInsn.P(0xE4), u, e.A, e.B);
                if (op == VecOp.MulEvenU16)
                    e.Shift(VecShift.Shl32, u, u, 16);
                else
                    e.Shift(VecShift.ShrU32, t, t, 16);
                e.Op(VecInsn.BlendLanes16, e.To, t, u, 0xAA);
                break;
            case VecOp.MulQuadsU8 or VecOp.MulQuadsS8U8: // even and odd bytes apart
                isSigned = op == VecOp.MulQuadsS8U8;
                (int b, t, u, int v) = (e.InRegister(e.B), e.Temp(), e.Temp(), e.Work());
                WidenBytes(e, t, e.A, odd: false, isSigned);
                WidenBytes(e, u, b, odd: false, isSigned: false);
                e.Op(VecInsn.MulAddPairs16, t, t, u);
                WidenBytes(e, u, b, odd: true, isSigned: false);
                WidenBytes(e, v, e.A, odd: true, isSigned);
                e.Op(VecInsn.MulAddPairs16, u, u, v);
                e.Op(VecInsn.P(0xFE), e.To, t, u);
                break;
            case VecOp.SumQuadsS8 or VecOp.SumQuadsU8:
                (t, u) = (e.Broadcast(0x01010101), e.Broadcast(0x00010001));
                e.Op(VecInsn.MulAddPairs8, t, op == VecOp.SumQuadsS8 ? t : e.A, op == VecOp.SumQuadsS8 ? e.A : t);
                e.Op(VecInsn.MulAddPairs16, e.To, t, u);
                break;
            case VecOp.SumPairsS16:
                e.Op(VecInsn.MulAddPairs16, e.To, e.Broadcast(0x00010001), e.A);
                break;
            default:
                throw new InvalidOperationException($"vector operation {op} has no host code");
        }
    }

    private static void WidenBytes(in VecCode e, int to, int from, bool odd, bool isSigned)
    {
        if (!odd)
            e.Shift(VecShift.Shl16, to, from, 8);
        e.Shift(isSigned ? VecShift.ShrS16 : VecShift.ShrU16, to, odd ? from : to, 8);
    }
}
