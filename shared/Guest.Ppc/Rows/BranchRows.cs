using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

/// <summary>Branches, condition register logic, traps and system call (Power ISA 2.07 I 2.4, 2.5, 3.3.11).</summary>
internal static unsafe class BranchRows
{
    // BO, from its most significant bit.
    private const int IgnoreCondition = 16, WantedCondition = 8, KeepCtr = 4, CtrZero = 2;

    public static PpcRow[] Rows =>
    [
        PpcRow.D("b", 18, "target,lk,aa", &B),
        PpcRow.D("bc", 16, "bo,bi,bd,lk,aa", &Bc),
        PpcRow.X("bclr", 19, 16, "bo,bi,bh,lk", &Bclr),
        PpcRow.X("bcctr", 19, 528, "bo,bi,bh,lk", &Bcctr),
        PpcRow.X("crand", 19, 257, "bt,ba,bb", &Crand),
        PpcRow.X("crandc", 19, 129, "bt,ba,bb", &Crandc),
        PpcRow.X("cror", 19, 449, "bt,ba,bb", &Cror),
        PpcRow.X("crorc", 19, 417, "bt,ba,bb", &Crorc),
        PpcRow.X("crxor", 19, 193, "bt,ba,bb", &Crxor),
        PpcRow.X("crnand", 19, 225, "bt,ba,bb", &Crnand),
        PpcRow.X("crnor", 19, 33, "bt,ba,bb", &Crnor),
        PpcRow.X("creqv", 19, 289, "bt,ba,bb", &Creqv),
        PpcRow.X("mcrf", 19, 0, "bf,bfa", &Mcrf),
        PpcRow.D("twi", 3, "to,ra,si", &Twi),
        PpcRow.X("tw", 31, 4, "to,ra,rb", &Tw),
        new("sc", 0xFC000002, 17u << 26 | 2, "", PpcFeature.None, &Sc),
    ];

    private static void B(PpcEmitter e, uint w)
    {
        uint target = (uint)((int)(w << 6) >> 6 & ~3) + (PpcWord.HasAa(w) ? 0 : e.Pc);
        if (PpcWord.HasLk(w))
            e.Put(PpcSlot.Lr, e.Const(e.NextPc));
        Go(e, target, PpcWord.HasLk(w));
    }

    private static void Bc(PpcEmitter e, uint w)
    {
        uint target = (uint)((short)w & ~3) + (PpcWord.HasAa(w) ? 0 : e.Pc);
        int condition = Condition(e, w);
        if (PpcWord.HasLk(w))
            e.Put(PpcSlot.Lr, e.Const(e.NextPc));
        if (condition < 0)
            Go(e, target, PpcWord.HasLk(w));
        else if (target != e.NextPc && !PpcWord.HasLk(w))
            e.JumpIf(condition, target);
        else if (target != e.NextPc)
            e.ExitIf(condition, target);
    }

    private static void Bclr(PpcEmitter e, uint w) => Indirect(e, w, PpcSlot.Lr);

    private static void Bcctr(PpcEmitter e, uint w)
    {
        // CTR cannot be counter and target at once.
        if ((PpcWord.Rt(w) & KeepCtr) == 0)
            e.Illegal();
        else
            Indirect(e, w, PpcSlot.Ctr);
    }

    private static void Indirect(PpcEmitter e, uint w, int slot)
    {
        int condition = Condition(e, w);
        int target = e.Ir.And(e.Get(slot), e.Const(~3u));
        if (PpcWord.HasLk(w))
            e.Put(PpcSlot.Lr, e.Const(e.NextPc));
        if (condition >= 0)
            e.ExitIf(Not(e, condition), e.NextPc);
        if (slot == PpcSlot.Lr && condition < 0 && !PpcWord.HasLk(w))
            e.Return(target);
        else
            e.ExitTo(target);
    }

    // bcl 20,31,$+4 only reads the program counter, so the block goes on.
    private static void Go(PpcEmitter e, uint target, bool calls)
    {
        if (target != e.NextPc)
            e.Jump(target, calls);
    }

    // Whether BO and BI let the branch happen, with CTR counted down as they say; -1 for always.
    private static int Condition(PpcEmitter e, uint w)
    {
        int bo = PpcWord.Rt(w);
        int condition = -1;
        if ((bo & KeepCtr) == 0)
        {
            int ctr = e.Ir.Sub(e.Get(PpcSlot.Ctr), e.Const(1));
            e.Put(PpcSlot.Ctr, ctr);
            condition = e.Ir.Compare((bo & CtrZero) != 0 ? IrOp.Eq : IrOp.Ne, ctr, e.Const(0));
        }
        if ((bo & IgnoreCondition) == 0)
        {
            int bit = e.CrBit(PpcWord.Ra(w));
            if ((bo & WantedCondition) == 0)
                bit = Not(e, bit);
            condition = condition < 0 ? bit : e.Ir.And(condition, bit);
        }
        return condition;
    }

    private static int Not(PpcEmitter e, int condition) => e.Ir.Compare(IrOp.Eq, condition, e.Const(0));

    private static void Crand(PpcEmitter e, uint w) => SetBit(e, w, e.Ir.And(BitA(e, w), BitB(e, w)));

    private static void Crandc(PpcEmitter e, uint w) => SetBit(e, w, e.Ir.Binary(IrOp.AndNot, BitA(e, w), BitB(e, w)));

    private static void Cror(PpcEmitter e, uint w) => SetBit(e, w, Same(w) ? BitA(e, w) : e.Ir.Or(BitA(e, w), BitB(e, w)));

    private static void Crorc(PpcEmitter e, uint w) => SetBit(e, w, e.Ir.Or(BitA(e, w), Not(e, BitB(e, w))));

    private static void Crxor(PpcEmitter e, uint w) => SetBit(e, w, Same(w) ? e.Const(0) : e.Ir.Xor(BitA(e, w), BitB(e, w)));

    private static void Crnand(PpcEmitter e, uint w) => SetBit(e, w, Not(e, e.Ir.And(BitA(e, w), BitB(e, w))));

    private static void Crnor(PpcEmitter e, uint w) => SetBit(e, w, Not(e, Same(w) ? BitA(e, w) : e.Ir.Or(BitA(e, w), BitB(e, w))));

    private static void Creqv(PpcEmitter e, uint w) => SetBit(e, w, Same(w) ? e.Const(1) : e.Ir.Compare(IrOp.Eq, BitA(e, w), BitB(e, w)));

    private static bool Same(uint w) => PpcWord.Ra(w) == PpcWord.Rb(w);

    private static int BitA(PpcEmitter e, uint w) => e.CrBit(PpcWord.Ra(w));

    private static int BitB(PpcEmitter e, uint w) => e.CrBit(PpcWord.Rb(w));

    private static void SetBit(PpcEmitter e, uint w, int value)
    {
        int field = PpcWord.Rt(w) >> 2, shift = 3 - (PpcWord.Rt(w) & 3);
        if (shift == 0)
        {
            e.SetCrSo(field, value);
            return;
        }
        int others = e.Ir.And(e.Ir.Convert(IrOp.OrderToBits, IrType.I32, e.Cr(field)), e.Const(~(1u << shift)));
        e.SetCr(field, e.Ir.Convert(IrOp.OrderFromBits, IrType.I64, e.Ir.Or(others, e.Ir.Binary(IrOp.Shl, value, e.Const((uint)shift)))));
    }

    private static void Mcrf(PpcEmitter e, uint w)
    {
        int to = PpcWord.Bf(w), from = PpcWord.Bfa(w);
        int order = e.Cr(from), so = e.CrSo(from);
        e.SetCr(to, order);
        e.SetCrSo(to, so);
    }

    private static void Twi(PpcEmitter e, uint w) => TrapOn(e, PpcWord.Rt(w), PpcWord.Ra(w), -1, (uint)PpcWord.Si(w));

    private static void Tw(PpcEmitter e, uint w) => TrapOn(e, PpcWord.Rt(w), PpcWord.Ra(w), PpcWord.Rb(w), 0);

    // TO: 16 less, 8 greater, 4 equal, 2 less unsigned, 1 greater unsigned.
    private static void TrapOn(PpcEmitter e, int to, int ra, int rb, uint immediate)
    {
        if (ra == rb)
            to = (to & 4) != 0 ? 31 : 0;
        if (to == 31)
        {
            e.Trap(PpcTrap.Trap);
            return;
        }
        if (to == 0)
            return;
        int a = e.Gpr(ra), b = rb < 0 ? e.Const(immediate) : e.Gpr(rb);
        int condition = -1;
        void Add(int one) => condition = condition < 0 ? one : e.Ir.Or(condition, one);
        bool equal = (to & 4) != 0;
        if ((to & 16) != 0)
            Add(e.Ir.Compare(equal ? IrOp.LeS : IrOp.LtS, a, b));
        if ((to & 8) != 0)
            Add(e.Ir.Compare(equal ? IrOp.LeS : IrOp.LtS, b, a));
        if ((to & 2) != 0)
            Add(e.Ir.Compare(equal ? IrOp.LeU : IrOp.LtU, a, b));
        if ((to & 1) != 0)
            Add(e.Ir.Compare(equal ? IrOp.LeU : IrOp.LtU, b, a));
        if (to == 4)
            Add(e.Ir.Compare(IrOp.Eq, a, b));
        e.TrapIf(condition, PpcTrap.Trap);
    }

    private static void Sc(PpcEmitter e, uint w) => e.SystemCall();
}
