using Suite.Guest.Ppc.Float;
using Suite.Jit.Backend;
using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>
/// Floating point (Power ISA 2.07 I 4). Every register instruction has two forms. The exact one is a helper over <see cref="SoftFloat"/>; the interpreter
/// runs it. The fast one computes with the host's unit and leaves FPSCR to be derived when it is read (<see cref="FpscrState"/>): what the host does
/// differently is an unmasked exception or a TrapIf, and either way the interpreter does that one instruction again, exactly.
/// Record forms and most instructions on FPSCR exist in the exact form only; fast are those that C libraries save and restore it with.
/// </summary>
internal static unsafe partial class FloatRows
{
    private const PpcFeature Basic = PpcFeature.Float;

    /// <summary>The smallest normal number of single precision.</summary>
    private const ulong SmallestSingle = 897UL << 52;

    public static PpcRow[] Rows =>
    [
        .. Memory,
        PpcRow.A("fadd", 63, FpOpcode.Add, "frt,fra,frb,.", &Add, Basic),
        PpcRow.A("fadds", 59, FpOpcode.Add, "frt,fra,frb,.", &Add, Basic),
        PpcRow.A("fsub", 63, FpOpcode.Sub, "frt,fra,frb,.", &Sub, Basic),
        PpcRow.A("fsubs", 59, FpOpcode.Sub, "frt,fra,frb,.", &Sub, Basic),
        PpcRow.A("fmul", 63, FpOpcode.Mul, "frt,fra,frc,.", &Mul, Basic),
        PpcRow.A("fmuls", 59, FpOpcode.Mul, "frt,fra,frc,.", &Mul, Basic),
        PpcRow.A("fdiv", 63, FpOpcode.Div, "frt,fra,frb,.", &Div, Basic),
        PpcRow.A("fdivs", 59, FpOpcode.Div, "frt,fra,frb,.", &Div, Basic),
        PpcRow.A("fmadd", 63, FpOpcode.Madd, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fmadds", 59, FpOpcode.Madd, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fmsub", 63, FpOpcode.Msub, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fmsubs", 59, FpOpcode.Msub, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fnmadd", 63, FpOpcode.Nmadd, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fnmadds", 59, FpOpcode.Nmadd, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fnmsub", 63, FpOpcode.Nmsub, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fnmsubs", 59, FpOpcode.Nmsub, "frt,fra,frc,frb,.", &MulAdd, Basic),
        PpcRow.A("fsqrt", 63, FpOpcode.Sqrt, "frt,frb,.", &Sqrt, Basic | PpcFeature.FloatSqrt),
        PpcRow.A("fsqrts", 59, FpOpcode.Sqrt, "frt,frb,.", &Sqrt, Basic | PpcFeature.FloatSqrt),
        PpcRow.A("fres", 59, FpOpcode.Res, "frt,frb,.", &Res, Basic | PpcFeature.FloatRes),
        PpcRow.A("frsqrte", 63, FpOpcode.Rsqrte, "frt,frb,.", &Rsqrte, Basic | PpcFeature.FloatRsqrte),
        PpcRow.A("fsel", 63, FpOpcode.Sel, "frt,fra,frc,frb,.", &Sel, Basic | PpcFeature.FloatSelect),
        PpcRow.X("frsp", 63, FpOpcode.Rsp, "frt,frb,.", &Rsp, Basic),
        PpcRow.X("fctiw", 63, FpOpcode.Ctiw, "frt,frb,.", &Ctiw, Basic),
        PpcRow.X("fctiwz", 63, FpOpcode.Ctiwz, "frt,frb,.", &Ctiw, Basic),
        PpcRow.X("fmr", 63, FpOpcode.Mr, "frt,frb,.", &Mr, Basic),
        PpcRow.X("fneg", 63, FpOpcode.Neg, "frt,frb,.", &Neg, Basic),
        PpcRow.X("fabs", 63, FpOpcode.Abs, "frt,frb,.", &Abs, Basic),
        PpcRow.X("fnabs", 63, FpOpcode.Nabs, "frt,frb,.", &Nabs, Basic),
        PpcRow.X("fcmpu", 63, FpOpcode.Cmpu, "bf,fra,frb", &Compare, Basic),
        PpcRow.X("fcmpo", 63, FpOpcode.Cmpo, "bf,fra,frb", &Compare, Basic),
        PpcRow.X("mffs", 63, FpOpcode.Mffs, "frt,.", &Mffs, Basic),
        PpcRow.X("mcrfs", 63, FpOpcode.Mcrfs, "bf,bfa", &Exactly, Basic),
        PpcRow.X("mtfsf", 63, FpOpcode.Mtfsf, "flm,frb,.", &SetAll, Basic),
        PpcRow.X("mtfsfi", 63, FpOpcode.Mtfsfi, "ff,u,.", &SetField, Basic),
        PpcRow.X("mtfsb0", 63, FpOpcode.Mtfsb0, "fb,.", &Exactly, Basic),
        PpcRow.X("mtfsb1", 63, FpOpcode.Mtfsb1, "fb,.", &Exactly, Basic),
    ];

    private static void Add(PpcEmitter e, uint w) => AddSub(e, w, IrOp.FAdd);

    private static void Sub(PpcEmitter e, uint w) => AddSub(e, w, IrOp.FSub);

    private static void Div(PpcEmitter e, uint w) => AddSub(e, w, IrOp.FDiv);

    private static void AddSub(PpcEmitter e, uint w, IrOp op)
    {
        if (IsExact(e, w))
            return;
        Binary(e, w, op, PpcWord.Ra(w), PpcWord.Rb(w));
    }

    private static void Mul(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        Binary(e, w, IrOp.FMul, PpcWord.Ra(w), PpcWord.Rc(w));
    }

    /// <summary>In single precision on singles, or in double and rounded again, which is as good: a double has more than twice the digits.</summary>
    private static void Binary(PpcEmitter e, uint w, IrOp op, int first, int second)
    {
        int a = e.Fpr(first), b = e.Fpr(second);
        if (!IsSingle(w))
        {
            Finish(e, w, e.Ir.Binary(op, a, b), a, b, -1);
            return;
        }

        int singleA = e.WantSingle(first), singleB = e.WantSingle(second);
        FinishSingle(e, w, singleA >= 0 && singleB >= 0 ? e.Ir.Binary(op, singleA, singleB) : Narrow(e, e.Ir.Binary(op, a, b)), a, b, -1);
    }

    /// <summary>
    /// The host orders three NaNs otherwise, and does not see 0 * infinity + NaN as invalid: B and C must be numbers, or the interpreter does it. In single
    /// precision, where the operands are not known to be singles, the double result is rounded again: that is right when it was rounded to odd; where the host
    /// cannot do that, unless the first rounding made a tie.
    /// </summary>
    private static void MulAdd(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        uint opcode = w >> 1 & 31;
        int a = e.Fpr(PpcWord.Ra(w)), b = e.Fpr(PpcWord.Rb(w)), c = e.Fpr(PpcWord.Rc(w));
        bool adds = opcode is FpOpcode.Madd or FpOpcode.Nmadd, negates = opcode is FpOpcode.Nmadd or FpOpcode.Nmsub;
        if (IsSingle(w) && (e.WantSingle(PpcWord.Ra(w)), e.WantSingle(PpcWord.Rb(w)), e.WantSingle(PpcWord.Rc(w))) is ( >= 0, >= 0, >= 0) singles)
        {
            TrapIfNaN(e, w);
            int sum = e.Ir.Emit(adds ? IrOp.FMulAdd : IrOp.FMulSub, IrType.F32, singles.Item1, singles.Item3, singles.Item2);
            FinishSingle(e, w, negates ? e.Ir.Unary(IrOp.FNeg, sum) : sum, a, b, c);
            return;
        }

        bool toOdd = IsSingle(w) && HostFeatures.Host.Avx512;
        IrOp op = toOdd ? adds ? IrOp.FMulAddOdd : IrOp.FMulSubOdd : adds ? IrOp.FMulAdd : IrOp.FMulSub;
        TrapIfNaN(e, w);
        int result = e.Ir.Emit(op, IrType.F64, a, c, b);
        if (IsSingle(w))
        {
            int bits = e.Ir.Convert(IrOp.FBits, IrType.I64, result);
            if (!toOdd)
            {
                int cut = e.Ir.And(e.Ir.Low(bits), e.Const(0x1FFF_FFFF));
                e.TrapIf(e.Ir.Compare(IrOp.Eq, cut, e.Const(0x1000_0000)), PpcTrap.Interpret);
            }

            TrapIfBelow(e, bits, SmallestSingle);
            result = Narrow(e, result);
        }

        if (negates)
            result = e.Ir.Unary(IrOp.FNeg, result);
        if (IsSingle(w))
            FinishSingle(e, w, result, a, b, c);
        else
            Finish(e, w, result, a, b, c);
    }

    /// <summary>
    /// Leaves the instruction to the interpreter when B or C is a NaN; or A, where the result is negated, which a NaN is not. One test does for two registers,
    /// so A is tested too where that costs nothing more or makes the result a number for sure.
    /// </summary>
    private static void TrapIfNaN(PpcEmitter e, uint w)
    {
        int a = PpcWord.Ra(w), b = PpcWord.Rb(w), c = PpcWord.Rc(w);
        if (!e.IsNumber(b) && !e.IsNumber(c))
            TrapIfNaN(e, b, c);
        else if (!e.IsNumber(a) || !e.IsNumber(b) || !e.IsNumber(c))
            TrapIfNaN(e, e.IsNumber(b) ? c : b, a);
        if ((w >> 1 & 31) is FpOpcode.Nmadd or FpOpcode.Nmsub && !e.IsNumber(a))
            TrapIfNaN(e, a, a);
    }

    private static void TrapIfNaN(PpcEmitter e, int first, int second)
    {
        e.TrapIf(e.Ir.Compare(IrOp.FUnordered, e.Fpr(first), e.Fpr(second)), PpcTrap.Interpret);
        e.NoteNumber(first);
        e.NoteNumber(second);
    }

    private static void Sqrt(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        int b = e.Fpr(PpcWord.Rb(w));
        if (!IsSingle(w))
        {
            Finish(e, w, e.Ir.Unary(IrOp.FSqrt, b), -1, b, -1);
            return;
        }

        int single = e.WantSingle(PpcWord.Rb(w));
        FinishSingle(e, w, single >= 0 ? e.Ir.Unary(IrOp.FSqrt, single) : Narrow(e, e.Ir.Unary(IrOp.FSqrt, b)), -1, b, -1);
    }

    private static void Rsp(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        int b = e.Fpr(PpcWord.Rb(w));
        FinishSingle(e, w, Narrow(e, b), -1, b, -1); // of a single too: with NI set it makes zero of a denormal
    }

    /// <summary>fctiw, fctiwz. What does not fit is an invalid operation for the host too. The upper word, which the manual leaves open, is the sign.</summary>
    private static void Ctiw(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        int b = e.Fpr(PpcWord.Rb(w));
        int word = e.Ir.Convert((w >> 1 & 0x3FF) == FpOpcode.Ctiw ? IrOp.FToI32Round : IrOp.FToI32Truncate, IrType.I32, b);
        Finish(e, w, e.Ir.Convert(IrOp.FFromBits, IrType.F64, e.Ir.Sext32(word)), -1, b, -1);
    }

    private static void Mr(PpcEmitter e, uint w)
    {
        if (!IsExact(e, w))
            Moved(e, w);
    }

    private static void Neg(PpcEmitter e, uint w)
    {
        if (!IsExact(e, w))
            Moved(e, w, IrOp.FNeg);
    }

    private static void Abs(PpcEmitter e, uint w)
    {
        if (!IsExact(e, w))
            Moved(e, w, IrOp.FAbs);
    }

    private static void Nabs(PpcEmitter e, uint w)
    {
        if (!IsExact(e, w))
            Moved(e, w, IrOp.FAbs, IrOp.FNeg);
    }

    // What is known of the source is true of what differs in its sign at most.
    private static void Moved(PpcEmitter e, uint w, params ReadOnlySpan<IrOp> operations)
    {
        int value = e.Fpr(PpcWord.Rb(w)), single = e.Single(PpcWord.Rb(w));
        bool isNumber = e.IsNumber(PpcWord.Rb(w));
        foreach (IrOp op in operations)
        {
            value = e.Ir.Unary(op, value);
            single = single >= 0 ? e.Ir.Unary(op, single) : -1;
        }

        e.SetFpr(PpcWord.Rt(w), value);
        e.NoteSingle(PpcWord.Rt(w), single);
        if (isNumber)
            e.NoteNumber(PpcWord.Rt(w));
    }

    /// <summary>fsel: at least zero is above the largest negative number, which leaves NaNs out. The choice is among integers, for which the host needs no branch.</summary>
    private static void Sel(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        int below = e.Ir.Convert(IrOp.FFromBits, IrType.F64, e.Ir.Const64(0x8000_0000_0000_0001));
        int atLeastZero = e.Ir.Compare(IrOp.FGreater, e.Fpr(PpcWord.Ra(w)), below);
        int c = e.Ir.Convert(IrOp.FBits, IrType.I64, e.Fpr(PpcWord.Rc(w))), b = e.Ir.Convert(IrOp.FBits, IrType.I64, e.Fpr(PpcWord.Rb(w)));
        e.SetFpr(PpcWord.Rt(w), e.Ir.Convert(IrOp.FFromBits, IrType.F64, e.Ir.Select(atLeastZero, c, b)));
    }

    /// <summary>fcmpu, fcmpo: quiet NaNs are an exception for fcmpo alone, signalling ones fault.</summary>
    private static void Compare(PpcEmitter e, uint w)
    {
        if (IsExact(e, w & ~1u))
            return;
        int a = e.Fpr(PpcWord.Ra(w)), b = e.Fpr(PpcWord.Rb(w)), field = PpcWord.Bf(w);
        int unordered = e.Ir.Compare(IrOp.FUnordered, a, b);
        if ((w >> 1 & 0x3FF) == FpOpcode.Cmpo)
        {
            e.TrapIf(unordered, PpcTrap.Interpret);
            unordered = e.Const(0);
        }

        e.SetCr(field, e.Ir.OrderF(a, b));
        e.SetCrSo(field, unordered);
        e.Put(PpcSlot.FpCompare, e.Const(1));
        e.Put(PpcSlot.FpCompareA, a);
        e.Put(PpcSlot.FpCompareB, b);
    }

    private static void Mffs(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        int value = e.Ir.Query(PpcHelpers.ReadFpscr, IrType.I32);
        e.Put(PpcSlot.Fpscr, value);
        e.Put(PpcSlot.FpOp, e.Const(0));
        e.Put(PpcSlot.FpCompare, e.Const(0));
        e.SetFpr(PpcWord.Rt(w), e.Ir.Convert(IrOp.FFromBits, IrType.F64, e.Ir.Zext32(value)));
        e.NoteFpscr(PpcWord.Rt(w));
    }

    // mtfsfi of the fields with enables and rounding mode: C libraries set what is set already, around each of their roots.
    private static void SetField(PpcEmitter e, uint w)
    {
        int field = (int)(w >> 23 & 7);
        const int FirstControlField = 6;
        if (field < FirstControlField)
            Exactly(e, w);
        if (field < FirstControlField || IsExact(e, w))
            return;

        uint mask = 0xFu << 28 - 4 * field;
        int present = e.Ir.And(e.Get(PpcSlot.Fpscr), e.Const(mask));
        e.TrapIf(e.Ir.Compare(IrOp.Ne, present, e.Const((w >> 12 & 15) * 0x1111_1111 & mask)), PpcTrap.Interpret);
    }

    // mtfsf of all fields, as it puts back what mffs gave, in this block or elsewhere: what the host's control word follows stays, no exception is enabled, and nothing is left to be derived.
    private static void SetAll(PpcEmitter e, uint w)
    {
        const uint AllFields = 0xFF, Enables = Fpscr.Ve | Fpscr.Oe | Fpscr.Ue | Fpscr.Ze | Fpscr.Xe;
        if (PpcWord.Flm(w) != AllFields)
            Exactly(e, w);
        if (PpcWord.Flm(w) != AllFields || IsExact(e, w))
            return;

        IrBlock ir = e.Ir;
        if (e.HasFpscr(PpcWord.Rb(w)))
        {
            DropPending(e, e.Get(PpcSlot.Fpscr));
            return;
        }

        int value = ir.Low(ir.Convert(IrOp.FBits, IrType.I64, e.Fpr(PpcWord.Rb(w)))), old = e.Get(PpcSlot.Fpscr);
        int changed = ir.And(ir.Xor(value, old), e.Const(FpscrState.Control | FpscrState.Watched));
        e.TrapIf(ir.Compare(IrOp.Ne, ir.Or(changed, ir.And(old, e.Const(Enables))), e.Const(0)), PpcTrap.Interpret);
        int isInvalid = ir.Compare(IrOp.Ne, ir.And(value, e.Const(Fpscr.Invalid)), e.Const(0));
        int summary = ir.Select(isInvalid, e.Const(Fpscr.Vx), e.Const(0));
        e.NoteFpscr(-1);
        e.Put(PpcSlot.Fpscr, ir.Or(ir.And(value, e.Const(Fpscr.Writable)), summary));
        DropPending(e, value);
    }

    // What operations since then would have done to FPSCR. Flags of MXCSR that FPSCR has anyway mean nothing (FpscrState), and loading it costs more than the rest.
    private static void DropPending(PpcEmitter e, int fpscr)
    {
        e.Put(PpcSlot.FpOp, e.Const(0));
        e.Put(PpcSlot.FpCompare, e.Const(0));
        int gathers = e.Ir.Or(e.Ir.And(e.Ir.Unary(IrOp.Not, fpscr), e.Const(Fpscr.Xx)), e.Get(PpcSlot.UnderflowMasked));
        e.Ir.Emit(IrOp.FpClearFlags, IrType.None, gathers);
    }

    private static void Exactly(PpcEmitter e, uint w)
    {
        e.UseScalarFloat();
        e.Call(PpcHelpers.FloatInstruction, IrType.I32, e.Const(w));
    }

    /// <summary>Emits the exact form where it is wanted; otherwise the fast one may follow.</summary>
    private static bool IsExact(PpcEmitter e, uint w)
    {
        if (e.Exact || PpcWord.HasRc(w))
        {
            Exactly(e, w);
            return true;
        }

        e.UseScalarFloat();
        return false;
    }

    /// <summary>Leaves doubles to the interpreter whose magnitude is below a limit, but not zero: without the sign and less one, zero is not among the small.</summary>
    private static void TrapIfBelow(PpcEmitter e, int bits, ulong limit)
    {
        int magnitude = e.Ir.Sub(e.Ir.Binary(IrOp.Shl, bits, e.Ir.Const64(1)), e.Ir.Const64(1));
        e.TrapIf(e.Ir.Compare(IrOp.LtU, magnitude, e.Ir.Const64((limit << 1) - 1)), PpcTrap.Interpret);
    }

    // What would make a NaN of numbers is invalid, and faults. Of conversions and estimates nothing is noted.
    private static bool IsNumber(PpcEmitter e, uint w) => (w >> 1 & 31) switch
    {
        FpOpcode.Add or FpOpcode.Sub or FpOpcode.Div => e.IsNumber(PpcWord.Ra(w)) && e.IsNumber(PpcWord.Rb(w)),
        FpOpcode.Mul => e.IsNumber(PpcWord.Ra(w)) && e.IsNumber(PpcWord.Rc(w)),
        FpOpcode.Madd or FpOpcode.Msub or FpOpcode.Nmadd or FpOpcode.Nmsub => e.IsNumber(PpcWord.Ra(w)) && e.IsNumber(PpcWord.Rb(w)) && e.IsNumber(PpcWord.Rc(w)),
        FpOpcode.Rsp => e.IsNumber(PpcWord.Rb(w)),
        _ => false,
    };

    private static bool IsSingle(uint w) => w >> 26 == 59;

    private static int Narrow(PpcEmitter e, int value) => e.Ir.Convert(IrOp.FNarrow, IrType.F32, value);

    /// <summary>
    /// The result to its register; what FPSCR is to be derived from to its slots. Two operands go to the first two slots whatever their names
    /// (<see cref="FpInstruction.Recompute"/>), so that they overwrite those of the instruction before.
    /// </summary>
    private static void Finish(PpcEmitter e, uint w, int result, int a, int b, int c)
    {
        bool isNumber = IsNumber(e, w);
        e.SetFpr(PpcWord.Rt(w), result);
        if (isNumber)
            e.NoteNumber(PpcWord.Rt(w));
        e.Put(PpcSlot.FpOp, e.Const(FpInstruction.Record(w)));
        e.Put(PpcSlot.FpCompare, e.Const(0));
        if (a >= 0)
            e.Put(PpcSlot.FpA, a);
        if (b >= 0)
            e.Put(PpcSlot.FpB, b);
        if (c >= 0)
            e.Put(PpcSlot.FpC, c);
    }

    private static void FinishSingle(PpcEmitter e, uint w, int single, int a, int b, int c)
    {
        Finish(e, w, e.Ir.Convert(IrOp.FWiden, IrType.F64, single), a, b, c);
        e.NoteSingle(PpcWord.Rt(w), single);
    }
}
