using System.Numerics;
using System.Runtime.CompilerServices;
using Suite.Jit;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

/// <summary>
/// The first tier: the integer instructions that compilers use most, executed directly. Everything else, whatever faults and whatever sets XER.OV is left to
/// generated code; so is nothing here an authority: the rows are, and a test compares the two.
/// </summary>
/// <param name="layout">Where the state is.</param>
/// <param name="model">For the size of a cache line.</param>
/// <param name="stubs">Guest memory is reached through them.</param>
public sealed unsafe partial class PpcColdRunner(StateLayout layout, PpcModel model, Stubs stubs) : IColdRunner
{
    private const int Word = 2, Half = 1, Byte = 0, PageMask = 4095;

    // Registers of a thread while it runs here.
    private ref struct Frame
    {
        public Registers R;
        public uint Pc, Lr, Ctr;
        public ulong* Cr;
        public uint* CrSo, XerSo, XerCa, ReserveAddress, ReserveValue;
    }

    [InlineArray(32)]
    private struct Registers
    {
        private uint _first;
    }

    /// <inheritdoc/>
    public ColdEnd Run(VcpuState* s, ColdCode code)
    {
        Frame f = default;
        for (int n = 0; n < 32; n++)
            f.R[n] = *(uint*)layout.AddressOf(s, PpcSlot.Gpr(n));
        f.Cr = (ulong*)layout.AddressOf(s, PpcSlot.Cr(0));
        f.CrSo = (uint*)layout.AddressOf(s, PpcSlot.CrSo(0));
        f.XerSo = (uint*)layout.AddressOf(s, PpcSlot.XerSo);
        f.XerCa = (uint*)layout.AddressOf(s, PpcSlot.XerCa);
        f.ReserveAddress = (uint*)layout.AddressOf(s, PpcSlot.ReserveAddress);
        f.ReserveValue = (uint*)layout.AddressOf(s, PpcSlot.ReserveValue);
        ref uint lr = ref *(uint*)layout.AddressOf(s, PpcSlot.Lr), ctr = ref *(uint*)layout.AddressOf(s, PpcSlot.Ctr);
        (f.Pc, f.Lr, f.Ctr) = ((uint)s->Pc & ~3u, lr, ctr);
        ColdEnd end = Run(ref f, s, code);
        PpcState state = new(layout, s);
        for (int n = 0; n < 32; n++)
            state.SetGpr(n, f.R[n]);
        (s->Pc, lr, ctr) = (f.Pc, f.Lr, f.Ctr);
        return end;
    }

    private ColdEnd Run(ref Frame f, VcpuState* s, ColdCode code)
    {
        const uint Bc = 16, Sc = 17, B = 18, Xl = 19, X = 31;
        while (true)
        {
            ulong fetched = stubs.Load(f.Pc, Word);
            if (fetched == Stubs.NotThere)
                return ColdEnd.NeedsCode;
            uint w = (uint)fetched, next = f.Pc + 4;
            switch (w >> 26)
            {
                case B:
                    next = (uint)((int)(w << 6) >> 6 & ~3) + (PpcWord.HasAa(w) ? 0 : f.Pc);
                    if (PpcWord.HasLk(w))
                        f.Lr = f.Pc + 4;
                    break;
                case Bc:
                    if (IsTaken(ref f, w))
                        next = (uint)((short)w & ~3) + (PpcWord.HasAa(w) ? 0 : f.Pc);
                    if (PpcWord.HasLk(w))
                        f.Lr = f.Pc + 4;
                    break;
                case Xl:
                    if (!ExecuteXl(ref f, w, ref next))
                        return ColdEnd.NeedsCode;
                    break;
                case Sc when (w & 2) != 0:
                    f.Pc = next;
                    return ColdEnd.SystemCall;
                case X:
                    if (!ExecuteX(ref f, w))
                        return ColdEnd.NeedsCode;
                    break;
                case >= 32 and < 48:
                    if (!Access(ref f, w))
                        return ColdEnd.NeedsCode;
                    break;
                default:
                    if (!ExecuteD(ref f, w))
                        return ColdEnd.NeedsCode;
                    break;
            }

            bool runsOn = next == f.Pc + 4;
            f.Pc = next;
            if (runsOn ? (next & PageMask) == 0 && !code.MayExecute(next) : !code.MayEnter(s, next))
                return ColdEnd.Refused;
        }
    }

    // Immediate forms and rotations.
    private static bool ExecuteD(ref Frame f, uint w)
    {
        int rt = PpcWord.Rt(w), ra = PpcWord.Ra(w);
        uint si = (uint)PpcWord.Si(w), ui = PpcWord.Ui(w), rs = f.R[rt];
        switch (w >> 26)
        {
            case 7: // mulli
                f.R[rt] = f.R[ra] * si;
                return true;
            case 8: // subfic
                *f.XerCa = f.R[ra] <= si ? 1u : 0;
                f.R[rt] = si - f.R[ra];
                return true;
            case 10: // cmpli
                SetCr(ref f, PpcWord.Bf(w), (ulong)f.R[ra] - ui);
                return true;
            case 11: // cmpi
                SetCr(ref f, PpcWord.Bf(w), (ulong)((int)f.R[ra] - (long)(int)si));
                return true;
            case 12: // addic
            case 13: // addic.
                f.R[rt] = Add(ref f, f.R[ra], si, 0);
                if (w >> 26 == 13)
                    Record(ref f, f.R[rt]);
                return true;
            case 14: // addi
                f.R[rt] = Base(ref f, ra) + si;
                return true;
            case 15: // addis
                f.R[rt] = Base(ref f, ra) + (si << 16);
                return true;
            case 20: // rlwimi
                uint inserted = Mask(w);
                f.R[ra] = BitOperations.RotateLeft(rs, PpcWord.Rb(w)) & inserted | f.R[ra] & ~inserted;
                RecordIf(ref f, w, f.R[ra]);
                return true;
            case 21: // rlwinm
                f.R[ra] = BitOperations.RotateLeft(rs, PpcWord.Rb(w)) & Mask(w);
                RecordIf(ref f, w, f.R[ra]);
                return true;
            case 23: // rlwnm
                f.R[ra] = BitOperations.RotateLeft(rs, (int)f.R[PpcWord.Rb(w)]) & Mask(w);
                RecordIf(ref f, w, f.R[ra]);
                return true;
            case 24: // ori
                f.R[ra] = rs | ui;
                return true;
            case 25: // oris
                f.R[ra] = rs | ui << 16;
                return true;
            case 26: // xori
                f.R[ra] = rs ^ ui;
                return true;
            case 27: // xoris
                f.R[ra] = rs ^ ui << 16;
                return true;
            case 28: // andi.
                Record(ref f, f.R[ra] = rs & ui);
                return true;
            case 29: // andis.
                Record(ref f, f.R[ra] = rs & ui << 16);
                return true;
            default:
                return false;
        }
    }

    // Loads and stores with a displacement: bit 0 of the opcode says update, the rest which.
    private bool Access(ref Frame f, uint w)
    {
        const uint Lmw = 46, Stmw = 47;
        uint opcode = w >> 26;
        if (opcode is Lmw or Stmw)
            return Multiple(ref f, w);
        int ra = PpcWord.Ra(w);
        return Access(ref f, w, (int)(opcode - 32), ra == 0 && (opcode & 1) == 0 ? (uint)PpcWord.Si(w) : f.R[ra] + (uint)PpcWord.Si(w));
    }

    // Which: twice lwz 0, lbz 1, stw 2, stb 3, lhz 4, lha 5, sth 6; plus 1 with update.
    private bool Access(ref Frame f, uint w, int which, uint address)
    {
        int rt = PpcWord.Rt(w), ra = PpcWord.Ra(w), size = (which >> 1) switch { 0 or 2 => Word, 1 or 3 => Byte, _ => Half };
        bool isStore = which >> 1 is 2 or 3 or 6, updates = (which & 1) != 0;
        if (updates && (ra == 0 || (!isStore && ra == rt)))
            return false;
        if (isStore)
        {
            if (!stubs.Store(address, f.R[rt], size))
                return false;
        }
        else
        {
            ulong value = stubs.Load(address, size);
            if (value == Stubs.NotThere)
                return false;
            f.R[rt] = which >> 1 == 5 ? (uint)(short)value : (uint)value;
        }

        if (updates)
            f.R[ra] = address;
        return true;
    }

    // lmw, stmw. Registers are loaded when all of them are there, since the base may be among them.
    private bool Multiple(ref Frame f, uint w)
    {
        int rt = PpcWord.Rt(w);
        uint address = Base(ref f, PpcWord.Ra(w)) + (uint)PpcWord.Si(w);
        Registers loaded = f.R;
        for (int n = rt; n < 32; n++, address += 4)
        {
            if ((w >> 26 & 1) != 0)
            {
                if (!stubs.Store(address, f.R[n], Word))
                    return false;
                continue;
            }

            ulong value = stubs.Load(address, Word);
            if (value == Stubs.NotThere)
                return false;
            loaded[n] = (uint)value;
        }

        f.R = loaded;
        return true;
    }

    // Branches to registers and logic of condition bits.
    private static bool ExecuteXl(ref Frame f, uint w, ref uint next)
    {
        int a = PpcWord.Ra(w), b = PpcWord.Rb(w);
        switch (w >> 1 & 0x3FF)
        {
            case 0: // mcrf
                f.Cr[PpcWord.Bf(w)] = f.Cr[PpcWord.Bfa(w)];
                f.CrSo[PpcWord.Bf(w)] = f.CrSo[PpcWord.Bfa(w)];
                return true;
            case 16: // bclr
                uint target = f.Lr & ~3u;
                if (IsTaken(ref f, w))
                    next = target;
                if (PpcWord.HasLk(w))
                    f.Lr = f.Pc + 4;
                return true;
            case 528: // bcctr
                const int KeepCtr = 4;
                if ((PpcWord.Rt(w) & KeepCtr) == 0)
                    return false;
                if (IsTaken(ref f, w))
                    next = f.Ctr & ~3u;
                if (PpcWord.HasLk(w))
                    f.Lr = f.Pc + 4;
                return true;
            case 150: // isync
                return true;
            case 33: // crnor
                SetBit(ref f, PpcWord.Rt(w), !(Bit(ref f, a) | Bit(ref f, b)));
                return true;
            case 193: // crxor
                SetBit(ref f, PpcWord.Rt(w), Bit(ref f, a) ^ Bit(ref f, b));
                return true;
            case 257: // crand
                SetBit(ref f, PpcWord.Rt(w), Bit(ref f, a) & Bit(ref f, b));
                return true;
            case 289: // creqv
                SetBit(ref f, PpcWord.Rt(w), Bit(ref f, a) == Bit(ref f, b));
                return true;
            case 449: // cror
                SetBit(ref f, PpcWord.Rt(w), Bit(ref f, a) | Bit(ref f, b));
                return true;
            default:
                return false;
        }
    }

    private static bool IsTaken(ref Frame f, uint w)
    {
        const int IgnoreCondition = 16, WantedCondition = 8, KeepCtr = 4, CtrZero = 2;
        int bo = PpcWord.Rt(w);
        bool taken = (bo & KeepCtr) != 0 || --f.Ctr == 0 == ((bo & CtrZero) != 0);
        return taken && ((bo & IgnoreCondition) != 0 || Bit(ref f, PpcWord.Ra(w)) == ((bo & WantedCondition) != 0));
    }

    private static bool Bit(ref Frame f, int bit)
    {
        ulong order = f.Cr[bit >> 2];
        return (bit & 3) switch
        {
            0 => (order >> 62 & 1) != 0,
            1 => (long)order > 0,
            2 => (uint)order == 0,
            _ => f.CrSo[bit >> 2] != 0,
        };
    }

    private static void SetBit(ref Frame f, int bit, bool value)
    {
        int field = bit >> 2;
        if ((bit & 3) == 3)
        {
            f.CrSo[field] = value ? 1u : 0;
            return;
        }

        uint bits = 0, one = 8u >> (bit & 3);
        for (int i = 0; i < 3; i++)
            bits |= Bit(ref f, field * 4 + i) ? 8u >> i : 0;
        f.Cr[field] = IrMath.OrderFromBits(value ? bits | one : bits & ~one);
    }

    private static void SetCr(ref Frame f, int field, ulong order)
    {
        f.Cr[field] = order;
        f.CrSo[field] = *f.XerSo;
    }

    private static void Record(ref Frame f, uint result) => SetCr(ref f, 0, (ulong)(long)(int)result);

    private static void RecordIf(ref Frame f, uint w, uint result)
    {
        if (PpcWord.HasRc(w))
            Record(ref f, result);
    }

    // a + b + carry, with CA.
    private static uint Add(ref Frame f, uint a, uint b, uint carry)
    {
        ulong sum = (ulong)a + b + carry;
        *f.XerCa = (uint)(sum >> 32);
        return (uint)sum;
    }

    private static uint Base(ref Frame f, int ra) => ra == 0 ? 0 : f.R[ra];

    private static uint Mask(uint w) => IntegerRows.Mask(PpcWord.Rc(w), PpcWord.Me(w));
}
