using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Shifts and rotations by the counts in another vector.
public static partial class VecEmitter
{
    private static void EmitShift(VecOp op, in VecCode e)
    {
        switch (op)
        {
            case VecOp.RotL32 when e.Features.Avx512:
                e.Evex(VecInsn.P38(0x15), e.To, e.A, e.InRegister(e.B));
                break;
            case VecOp.Shl32 or VecOp.ShrU32 or VecOp.ShrS32:
                int count = e.Broadcast(31);
                e.Op(VexOps.And, count, count, e.B);
                e.Op(Variable32(op), e.To, e.A, count);
                break;
            case VecOp.RotL32:
                Rotate32(e);
                break;
            case VecOp.Shl16 or VecOp.ShrU16 or VecOp.ShrS16 when e.Features.Avx512:
                count = e.Broadcast(0x000F000F);
                e.Op(VexOps.And, count, count, e.B);
                e.Evex(VecInsn.P38Wide(op switch { VecOp.Shl16 => 0x12, VecOp.ShrU16 => 0x10, _ => 0x11 }), e.To, e.A, count);
                break;
            case VecOp.RotL16 when e.Features.Avx512:
                count = e.Broadcast(0x000F000F);
                e.Op(VexOps.And, count, count, e.B);
                int other = e.Broadcast(0x00100010), t = e.Temp();
                e.Op(VecInsn.P(0xF9), other, other, count);
                e.Evex(VecInsn.P38Wide(0x12), t, e.A, count);
                e.Evex(VecInsn.P38Wide(0x10), other, e.A, other);
                e.Op(VexOps.Or, e.To, t, other);
                break;
            case VecOp.Shl16 or VecOp.ShrU16 or VecOp.ShrS16 or VecOp.RotL16:
                Shift16(op, e);
                break;
            case VecOp.RotL8 when e.Features.Avx512:
                Rotate8(e);
                break;
            default:
                Shift8(op, e);
                break;
        }
    }

    // Each byte twice in 16 bits, shifted; the upper one is the result. Even bytes, then odd ones.
    private static void Rotate8(in VecCode e)
    {
        int b = e.InRegister(e.B), even = e.Temp(), odd = e.Temp(), t = e.Work();
        e.Shift(VecShift.Shl16, even, e.A, 8);
        e.Shift(VecShift.ShrU16, odd, e.A, 8);
        e.Shift(VecShift.ShrU16, t, even, 8);
        e.Op(VexOps.Or, even, even, t);
        e.Shift(VecShift.Shl16, t, odd, 8);
        e.Op(VexOps.Or, odd, odd, t);
        e.Shift(VecShift.Shl16, t, b, 13);
        e.Shift(VecShift.ShrU16, t, t, 13);
        e.Evex(VecInsn.P38Wide(0x12), even, even, t);
        e.Shift(VecShift.Shl16, t, b, 5);
        e.Shift(VecShift.ShrU16, t, t, 13);
        e.Evex(VecInsn.P38Wide(0x12), odd, odd, t);
        e.Shift(VecShift.ShrU16, even, even, 8);
        e.Shift(VecShift.ShrU16, odd, odd, 8);
        e.Shift(VecShift.Shl16, odd, odd, 8);
        e.Op(VexOps.Or, e.To, even, odd);
    }

    private static VexOp Variable32(VecOp op) => op switch
    {
        VecOp.Shl32 or VecOp.Shl16 or VecOp.RotL16 => VecInsn.ShlVariable32,
        VecOp.ShrU32 or VecOp.ShrU16 => VecInsn.ShrUVariable32,
        _ => VecInsn.ShrSVariable32,
    };

    private static void Rotate32(in VecCode e)
    {
        int count = e.Broadcast(31), other = e.Broadcast(32), t = e.Temp();
        e.Op(VexOps.And, count, count, e.B);
        e.Op(VecInsn.P(0xFA), other, other, count);
        e.Op(VecInsn.ShlVariable32, t, e.A, count);
        e.Op(VecInsn.ShrUVariable32, other, e.A, other);
        e.Op(VexOps.Or, e.To, t, other);
    }

    // In 32-bit lanes: even halves moved or widened so that nothing foreign gets in, odd ones the same; then both put together. A rotation shifts
    // two copies of a half.
    private static void Shift16(VecOp op, in VecCode e)
    {
        int b = e.InRegister(e.B), even = e.Temp(), odd = e.Temp(), count = e.Temp();
        switch (op)
        {
            case VecOp.Shl16:
                e.Move(even, e.A);
                e.Zero(odd);
                e.Op(VecInsn.BlendLanes16, odd, odd, e.A, 0xAA);
                break;
            case VecOp.ShrU16:
                e.Zero(even);
                e.Op(VecInsn.BlendLanes16, even, e.A, even, 0xAA);
                e.Move(odd, e.A);
                break;
            case VecOp.ShrS16:
                e.Shift(VecShift.Shl32, even, e.A, 16);
                e.Shift(VecShift.ShrS32, even, even, 16);
                e.Move(odd, e.A);
                break;
            default:
                e.Shift(VecShift.Shl32, even, e.A, 16);
                e.Op(VecInsn.BlendLanes16, even, e.A, even, 0xAA);
                e.Shift(VecShift.ShrU32, odd, e.A, 16);
                e.Op(VecInsn.BlendLanes16, odd, odd, e.A, 0xAA);
                break;
        }

        e.Broadcast(count, 0x0000000F);
        e.Op(VexOps.And, count, count, b);
        e.Op(Variable32(op), even, even, count);
        if (op == VecOp.RotL16)
            e.Shift(VecShift.ShrU32, even, even, 16);
        e.Broadcast(count, 0x000F000F);
        e.Op(VexOps.And, count, count, b);
        e.Shift(VecShift.ShrU32, count, count, 16);
        e.Op(Variable32(op), odd, odd, count);
        e.Op(VecInsn.BlendLanes16, e.To, even, odd, 0xAA);
    }

    // By 4, 2 and 1 where the count has that bit, which is brought to the top of each byte.
    private static void Shift8(VecOp op, in VecCode e)
    {
        int count = e.Temp(), value = e.Work(), shifted = e.Temp(), constant = e.Temp();
        int low = op == VecOp.RotL8 ? e.Temp() : -1;
        if (e.B.IsRegister)
            e.Shift(VecShift.Shl16, count, e.B.Register, 5);
        else
        {
            e.Op(VexOps.LoadVector, count, 0, e.B);
            e.Shift(VecShift.Shl16, count, count, 5);
        }

        int from = e.A;
        for (int by = 4; by > 0; by >>= 1)
        {
            ShiftBytes(op, e, shifted, from, by, constant, low);
            e.BlendBytes(by == 1 ? e.To : value, from, shifted, count);
            e.Op(VecInsn.P(0xFC), count, count, count);
            from = value;
        }
    }

    private static void ShiftBytes(VecOp op, in VecCode e, int to, int from, int by, int constant, int low)
    {
        uint kept = 0x01010101u * (uint)(op is VecOp.Shl8 or VecOp.RotL8 ? 0xFF << by & 0xFF : 0xFF >> by);
        e.Shift(op is VecOp.Shl8 or VecOp.RotL8 ? VecShift.Shl16 : VecShift.ShrU16, to, from, by);
        e.Broadcast(constant, kept);
        e.Op(VexOps.And, to, to, constant);
        if (op == VecOp.ShrS8)
        {
            e.Broadcast(constant, 0x01010101u * (0x80u >> by)); // (x ^ sign) - sign extends from the moved sign bit
            e.Op(VexOps.Xor, to, to, constant);
            e.Op(VecInsn.P(0xF8), to, to, constant);
        }
        else if (op == VecOp.RotL8)
        {
            // The bits that leave at the top come in below.
            e.Shift(VecShift.ShrU16, low, from, 8 - by);
            e.Op(VexOps.AndNot, low, constant, low);
            e.Op(VexOps.Or, to, to, low);
        }
    }
}
