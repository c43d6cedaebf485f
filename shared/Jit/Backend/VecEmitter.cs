using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

/// <summary>Host code of the vector operations: VEX of AVX2 throughout, AVX-512 where it is shorter.</summary>
public static partial class VecEmitter
{
    /// <summary>False for operations that are left to the interpreter on this host.</summary>
    public static bool Supports(VecOp op, HostFeatures features) => features.Avx2 && (features.Fma || op is not (VecOp.FMulAdd or VecOp.FNegMulSub));

    /// <summary>Emits one operation that is supported.</summary>
    public static void Emit(VecOp op, in VecCode e)
    {
        VexOp simple = Simple(op);
        if (simple.Opcode != 0)
            e.Op(simple, e.To, e.A, e.B);
        else if (op <= VecOp.PickBytes)
            EmitMove(op, e);
        else if (op <= VecOp.ShrSImm32)
            EmitInteger(op, e);
        else if (op <= VecOp.NarrowExcessS64)
            EmitLanes(op, e);
        else if (op <= VecOp.SumPairsS16)
            EmitProduct(op, e);
        else
            EmitFloat(op, e);
    }

    // Operations that are one instruction of two operands; opcode 0 for the others.
    private static VexOp Simple(VecOp op) => op switch
    {
        VecOp.And => VexOps.And,
        VecOp.Or => VexOps.Or,
        VecOp.Xor => VexOps.Xor,
        VecOp.Add8 => VecInsn.P(0xFC),
        VecOp.Add16 => VecInsn.P(0xFD),
        VecOp.Add32 => VecInsn.P(0xFE),
        VecOp.Add64 => VecInsn.P(0xD4),
        VecOp.Sub8 => VecInsn.P(0xF8),
        VecOp.Sub16 => VecInsn.P(0xF9),
        VecOp.Sub32 => VecInsn.P(0xFA),
        VecOp.AddS8 => VecInsn.P(0xEC),
        VecOp.AddS16 => VecInsn.P(0xED),
        VecOp.AddU8 => VecInsn.P(0xDC),
        VecOp.AddU16 => VecInsn.P(0xDD),
        VecOp.SubS8 => VecInsn.P(0xE8),
        VecOp.SubS16 => VecInsn.P(0xE9),
        VecOp.SubU8 => VecInsn.P(0xD8),
        VecOp.SubU16 => VecInsn.P(0xD9),
        VecOp.AvgU8 => VecInsn.P(0xE0),
        VecOp.AvgU16 => VecInsn.P(0xE3),
        VecOp.MaxS8 => VecInsn.P38(0x3C),
        VecOp.MaxS16 => VecInsn.P(0xEE),
        VecOp.MaxS32 => VecInsn.P38(0x3D),
        VecOp.MaxU8 => VecInsn.P(0xDE),
        VecOp.MaxU16 => VecInsn.P38(0x3E),
        VecOp.MaxU32 => VecInsn.P38(0x3F),
        VecOp.MinS8 => VecInsn.P38(0x38),
        VecOp.MinS16 => VecInsn.P(0xEA),
        VecOp.MinS32 => VecInsn.P38(0x39),
        VecOp.MinU8 => VecInsn.P(0xDA),
        VecOp.MinU16 => VecInsn.P38(0x3A),
        VecOp.MinU32 => VecInsn.P38(0x3B),
        VecOp.Eq8 => VecInsn.P(0x74),
        VecOp.Eq16 => VecInsn.P(0x75),
        VecOp.Eq32 => VecInsn.P(0x76),
        VecOp.GtS8 => VecInsn.P(0x64),
        VecOp.GtS16 => VecInsn.P(0x65),
        VecOp.GtS32 => VecInsn.P(0x66),
        VecOp.InterleaveLow8 => VecInsn.P(0x60),
        VecOp.InterleaveLow16 => VecInsn.P(0x61),
        VecOp.InterleaveLow32 => VecInsn.P(0x62),
        VecOp.InterleaveHigh8 => VecInsn.P(0x68),
        VecOp.InterleaveHigh16 => VecInsn.P(0x69),
        VecOp.InterleaveHigh32 => VecInsn.P(0x6A),
        VecOp.PackS16S8 => VecInsn.P(0x63),
        VecOp.PackS16U8 => VecInsn.P(0x67),
        VecOp.PackS32S16 => VecInsn.P(0x6B),
        VecOp.PackS32U16 => VecInsn.P38(0x2B),
        VecOp.MulLow16 => VecInsn.P(0xD5),
        VecOp.MulHighS16 => VecInsn.P(0xE5),
        VecOp.MulPairs16 => VecInsn.MulAddPairs16,
        VecOp.FAdd => VecInsn.Ps(0x58),
        VecOp.FSub => VecInsn.Ps(0x5C),
        _ => default,
    };

    private static void EmitMove(VecOp op, in VecCode e)
    {
        switch (op)
        {
            case VecOp.AndNot:
                e.Op(VexOps.AndNot, e.To, e.InRegister(e.B), e.A);
                break;
            case VecOp.Nor:
                Nor(e);
                break;
            case VecOp.Select:
                Select(e);
                break;
            case VecOp.OrXor:
                OrXor(e);
                break;
            case VecOp.Constant32:
                Constant32(e);
                break;
            case VecOp.Splat8 or VecOp.Splat16:
                int bytes = op == VecOp.Splat8 ? e.Immediate : e.Immediate * 2, from = e.A;
                if (bytes != 0)
                    e.Shift(VecShift.ShrBytes, from = e.Work(), e.A, bytes);
                e.Op(op == VecOp.Splat8 ? VecInsn.BroadcastByte : VecInsn.BroadcastHalf, e.To, 0, from);
                break;
            case VecOp.Splat32:
                e.Op(VecInsn.Shuffle32, e.To, 0, e.A, e.Immediate * 0x55);
                break;
            case VecOp.FromI32:
                e.Op(VexOps.FromGeneral32, e.To, 0, e.A);
                break;
            case VecOp.Low64:
                e.Op(VexOps.LoadQuad, e.To, 0, e.A);
                break;
            case VecOp.Ramp:
                Ramp(e);
                break;
            case VecOp.Mask8:
                e.Op(VecInsn.P(0xD7), e.To, 0, e.A);
                break;
            case VecOp.Any:
                e.Op(VecInsn.P38(0x17), e.A, 0, e.A);
                e.Asm.Setcc(Cond.NE, (Reg)e.To);
                e.Asm.MovzxByte((Reg)e.To, (Reg)e.To);
                break;
            default:
                int t = e.Temp();
                e.Op(VexOps.FromGeneral32, t, 0, e.B);
                e.Op(VexOps.Pshufb, t, e.A, t);
                e.Op(VexOps.ToGeneral32, t, 0, e.To);
                break;
        }
    }

    private static void Nor(in VecCode e)
    {
        if (e.Features.Avx512)
        {
            e.Ternary(e.To, e.A, e.InRegister(e.B), 0x11);
            return;
        }

        int t = e.Temp(), ones = e.Temp();
        e.Op(VexOps.Or, t, e.A, e.B);
        e.Ones(ones);
        e.Op(VexOps.Xor, e.To, t, ones);
    }

    private static void Select(in VecCode e)
    {
        if (!e.Features.Avx512)
        {
            int t = e.Temp();
            e.Op(VexOps.Xor, t, e.A, e.B);
            e.Op(VexOps.And, t, t, e.C);
            e.Op(VexOps.Xor, e.To, t, e.A);
            return;
        }

        int b = e.InRegister(e.B), c = e.InRegister(e.C);
        if (e.To == e.A)
            e.Ternary(e.To, b, c, 0xD8);
        else if (e.To == b)
            e.Ternary(e.To, e.A, c, 0xE4);
        else
        {
            e.Move(e.To, c);
            e.Ternary(e.To, b, e.A, 0xCA);
        }
    }

    private static void OrXor(in VecCode e)
    {
        if (!e.Features.Avx512)
        {
            int t = e.Temp(), b0 = e.InRegister(e.B);
            e.Op(VexOps.Xor, t, b0, e.C);
            e.Op(VexOps.Or, e.To, t, e.A);
            return;
        }

        int b = e.InRegister(e.B), c = e.InRegister(e.C);
        if (e.To == b)
            e.Ternary(e.To, e.A, c, 0xDE);
        else if (e.To == c)
            e.Ternary(e.To, e.A, b, 0xDE);
        else
        {
            e.Move(e.To, e.A);
            e.Ternary(e.To, b, c, 0xF6);
        }
    }

    private static void Constant32(in VecCode e)
    {
        if (e.Immediate == 0)
            e.Zero(e.To);
        else if (e.Immediate == -1)
            e.Ones(e.To);
        else
            e.Broadcast(e.To, (uint)e.Immediate);
    }

    // 15 - i is among the constants.
    private static void Ramp(in VecCode e)
    {
        int t = e.Temp(), start = e.A;
        if (e.Immediate != 15)
        {
            Reg general = e.GeneralTemp();
            e.Asm.Lea(general, Mem.At((Reg)e.A, e.Immediate - 15), wide: false);
            start = (int)general;
        }

        e.Op(VexOps.FromGeneral32, t, 0, start);
        e.Op(VecInsn.BroadcastByte, t, 0, t);
        e.Op(VecInsn.P(0xFC), e.To, t, e.Constant(StateLayout.Reverse16));
    }
}
