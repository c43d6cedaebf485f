using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Operations across lanes, and between lane widths.
public static partial class VecEmitter
{
    private static void EmitLanes(VecOp op, in VecCode e)
    {
        switch (op)
        {
            case VecOp.ShlBits or VecOp.ShrBits:
                ShiftBits(op == VecOp.ShlBits, e);
                break;
            case VecOp.ShlBytes or VecOp.ShrBytes:
                ShiftByBytes(op == VecOp.ShlBytes, e);
                break;
            case VecOp.Align:
                e.Op(VecInsn.P3A(0x0F), e.To, e.A, e.B, e.Immediate);
                break;
            case VecOp.Permute:
                Permute(e);
                break;
            case VecOp.Pack16:
                PackMasked(VexOps.And, 0x00FF00FF, VecInsn.P(0x67), e);
                break;
            case VecOp.Pack32:
                PackMasked(VexOps.And, 0x0000FFFF, VecInsn.P38(0x2B), e);
                break;
            case VecOp.PackU16U8:
                PackMasked(VecInsn.P38(0x3A), 0x00FF00FF, VecInsn.P(0x67), e);
                break;
            case VecOp.PackU32U16:
                PackMasked(VecInsn.P38(0x3B), 0x0000FFFF, VecInsn.P38(0x2B), e);
                break;
            case VecOp.PackPixel:
                PackPixel(e);
                break;
            case VecOp.WidenLowS8:
                e.Op(VecInsn.P38(0x20), e.To, 0, e.A);
                break;
            case VecOp.WidenLowS16:
                e.Op(VecInsn.P38(0x23), e.To, 0, e.A);
                break;
            case VecOp.WidenHighS8:
                int t = e.Work();
                e.Op(VecInsn.P(0x68), t, e.A, e.A);
                e.Shift(VecShift.ShrS16, e.To, t, 8);
                break;
            case VecOp.WidenHighS16:
                t = e.Work();
                e.Op(VecInsn.P(0x69), t, e.A, e.A);
                e.Shift(VecShift.ShrS32, e.To, t, 16);
                break;
            case VecOp.WidenLowPixel or VecOp.WidenHighPixel:
                WidenPixel(op == VecOp.WidenHighPixel, e);
                break;
            case VecOp.WidenEvenS32 or VecOp.WidenOddS32: // the lane twice, then its sign in the odd place
                (t, int u) = (e.Temp(), e.Temp());
                e.Op(VecInsn.Shuffle32, t, 0, e.A, op == VecOp.WidenEvenS32 ? 0xA0 : 0xF5);
                e.Shift(VecShift.ShrS32, u, t, 31);
                e.Op(VecInsn.BlendLanes32, e.To, t, u, 0xA);
                break;
            case VecOp.NarrowS64:
                NarrowS64(e);
                break;
            case VecOp.NarrowExcessS64:
                (t, u) = (e.Temp(), e.Temp());
                e.Op(VecInsn.Shuffle32, t, 0, e.A, 0xF5);
                e.Shift(VecShift.ShrS32, u, e.A, 31);
                e.Op(VexOps.Xor, t, t, u);
                e.Zero(u);
                e.Op(VecInsn.BlendLanes32, e.To, t, u, 0xA);
                break;
            default:
                throw new InvalidOperationException($"vector operation {op} has no host code");
        }
    }

    // 64-bit halves shifted, and what crosses between them; a shift by 64 yields zero.
    private static void ShiftBits(bool isLeft, in VecCode e)
    {
        int t = e.Temp(), u = e.Temp(), count = e.Temp();
        Reg n = e.GeneralTemp();
        if (e.B.IsRegister)
            e.Op(VexOps.ToGeneral32, e.B.Register, 0, (int)n);
        else
            e.Asm.Mov32(n, e.B.Memory);
        e.Asm.And32(n, 7);
        e.Op(VexOps.FromGeneral32, count, 0, (int)n);
        e.Op(VecInsn.P(isLeft ? (byte)0xF3 : (byte)0xD3), t, e.A, count);
        e.Asm.Neg(n, wide: false);
        e.Asm.Op(Alu.Add, n, 64, wide: false);
        e.Op(VexOps.FromGeneral32, count, 0, (int)n);
        e.Shift(isLeft ? VecShift.ShlBytes : VecShift.ShrBytes, u, e.A, 8);
        e.Op(VecInsn.P(isLeft ? (byte)0xD3 : (byte)0xF3), u, u, count);
        e.Op(VexOps.Or, e.To, t, u);
    }

    // A byte shuffle with indices i - n (negative ones yield zero) or i + n + 0x70 (from 0x80 on zero); the constant is 15 - i.
    private static void ShiftByBytes(bool isLeft, in VecCode e)
    {
        int t = e.Temp();
        Reg n = e.GeneralTemp();
        if (e.B.IsRegister)
            e.Op(VexOps.ToGeneral32, e.B.Register, 0, (int)n);
        else
            e.Asm.Mov32(n, e.B.Memory);
        e.Asm.Shift(Shift.Shr, n, 3, wide: false);
        e.Asm.And32(n, 15);
        if (isLeft)
            e.Asm.Neg(n, wide: false);
        e.Asm.Op(Alu.Add, n, isLeft ? 15 : 15 + 0x70, wide: false);
        e.Op(VexOps.FromGeneral32, t, 0, (int)n);
        e.Op(VecInsn.BroadcastByte, t, 0, t);
        e.Op(VecInsn.P(0xF8), t, t, e.Constant(StateLayout.Reverse16));
        e.Op(VexOps.Pshufb, e.To, e.A, t);
    }

    // Indices count from the top, so they are inverted first: then bit 4 set means a.
    private static void Permute(in VecCode e)
    {
        int b = e.InRegister(e.B);
        if (e.Features is { Avx512: true, Vbmi: true } && e.A != b)
        {
            int c = e.InRegister(e.C), index = e.Work();
            e.Ternary(index, c, c, 0x55);
            e.Evex(VecInsn.P38(0x75), index, b, e.A);
            e.Move(e.To, index);
            return;
        }

        int i = e.Broadcast(0x1F1F1F1F), mask = e.InRegister(e.C);
        e.Op(VexOps.AndNot, i, mask, i);
        if (e.A == b)
        {
            e.Op(VexOps.Pshufb, e.To, e.A, i);
            return;
        }

        int fromA = e.Temp(), fromB = e.Work();
        e.Op(VexOps.Pshufb, fromA, e.A, i);
        e.Op(VexOps.Pshufb, fromB, b, i);
        e.Shift(VecShift.Shl16, i, i, 3);
        e.BlendBytes(e.To, fromB, fromA, i);
    }

    // Both operands masked or limited, then packed by an instruction that saturates from signed lanes.
    private static void PackMasked(VexOp limit, uint constant, VexOp pack, in VecCode e)
    {
        int t = e.Broadcast(constant), u = e.Temp();
        e.Op(limit, u, t, e.B);
        e.Op(limit, t, t, e.A);
        e.Op(pack, e.To, t, u);
    }

    private static void PackPixel(in VecCode e)
    {
        int b = e.InRegister(e.B), first = e.Work(), second = e.Temp(), field = e.Temp(), mask = e.Temp();
        Pixels(e, first, e.A, field, mask);
        Pixels(e, second, b, field, mask);
        e.Op(VecInsn.P38(0x2B), e.To, first, second);
    }

    private static void Pixels(in VecCode e, int to, int from, int field, int mask)
    {
        e.Shift(VecShift.ShrU32, to, from, 9);
        e.Broadcast(mask, 0xFC00);
        e.Op(VexOps.And, to, to, mask);
        e.Shift(VecShift.ShrU32, field, from, 6);
        e.Broadcast(mask, 0x3E0);
        e.Op(VexOps.And, field, field, mask);
        e.Op(VexOps.Or, to, to, field);
        e.Shift(VecShift.ShrU32, field, from, 3);
        e.Broadcast(mask, 0x1F);
        e.Op(VexOps.And, field, field, mask);
        e.Op(VexOps.Or, to, to, field);
    }

    // Lanes signed, so that the top bit is spread over the first field; then 5 bits each to the lowest three bytes.
    private static void WidenPixel(bool isHigh, in VecCode e)
    {
        int t = e.Temp(), r = e.Work(), mask = e.Temp();
        if (isHigh)
        {
            e.Op(VecInsn.P(0x69), t, e.A, e.A);
            e.Shift(VecShift.ShrS32, t, t, 16);
        }
        else
        {
            e.Op(VecInsn.P38(0x23), t, 0, e.A);
        }

        e.Shift(VecShift.ShrS32, r, t, 15);
        e.Shift(VecShift.Shl32, r, r, 24);
        for (int i = 0; i < 3; i++)
        {
            // field i: bits 5i up, to bits 8i up
            e.Shift(VecShift.Shl32, mask, t, 27 - 5 * i);
            e.Shift(VecShift.ShrU32, mask, mask, 27);
            e.Shift(VecShift.Shl32, mask, mask, 8 * i);
            e.Op(VexOps.Or, i == 2 ? e.To : r, r, mask);
        }
    }

    // Fits when the upper half is the lower one's sign; else the largest number of the upper half's sign.
    private static void NarrowS64(in VecCode e)
    {
        int high = e.Temp(), fits = e.Temp(), largest = e.Broadcast(0x7FFFFFFF);
        e.Op(VecInsn.Shuffle32, high, 0, e.A, 0xF5);
        e.Shift(VecShift.ShrS32, fits, e.A, 31);
        e.Op(VecInsn.P(0x76), fits, fits, high);
        e.Shift(VecShift.ShrS32, high, high, 31);
        e.Op(VexOps.Xor, high, high, largest);
        e.BlendWords(high, high, e.A, fits);
        e.Zero(fits);
        e.Op(VecInsn.BlendLanes32, e.To, high, fits, 0xA);
    }
}
