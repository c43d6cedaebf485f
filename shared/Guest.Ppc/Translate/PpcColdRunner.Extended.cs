using System.Numerics;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

// Primary opcode 31.
public sealed unsafe partial class PpcColdRunner
{
    private bool ExecuteX(ref Frame f, uint w)
    {
        int rt = PpcWord.Rt(w), ra = PpcWord.Ra(w);
        uint rs = f.R[rt], a = f.R[ra], b = f.R[PpcWord.Rb(w)];
        switch (w >> 1 & 0x3FF)
        {
            case 0: // cmp
                SetCr(ref f, PpcWord.Bf(w), (ulong)((int)a - (long)(int)b));
                return true;
            case 32: // cmpl
                SetCr(ref f, PpcWord.Bf(w), (ulong)a - b);
                return true;
            case 266: // add
                return Result(ref f, w, rt, a + b);
            case 40: // subf
                return Result(ref f, w, rt, b - a);
            case 104: // neg
                return Result(ref f, w, rt, 0 - a);
            case 10: // addc
                return Result(ref f, w, rt, Add(ref f, a, b, 0));
            case 8: // subfc
                return Result(ref f, w, rt, Add(ref f, ~a, b, 1));
            case 138: // adde
                return Result(ref f, w, rt, Add(ref f, a, b, *f.XerCa));
            case 136: // subfe
                return Result(ref f, w, rt, Add(ref f, ~a, b, *f.XerCa));
            case 202: // addze
                return Result(ref f, w, rt, Add(ref f, a, 0, *f.XerCa));
            case 200: // subfze
                return Result(ref f, w, rt, Add(ref f, ~a, 0, *f.XerCa));
            case 234: // addme
                return Result(ref f, w, rt, Add(ref f, a, uint.MaxValue, *f.XerCa));
            case 235: // mullw
                return Result(ref f, w, rt, a * b);
            case 75: // mulhw
                return Result(ref f, w, rt, (uint)((long)(int)a * (int)b >> 32));
            case 11: // mulhwu
                return Result(ref f, w, rt, (uint)((ulong)a * b >> 32));
            case 491: // divw
                return b != 0 && b != uint.MaxValue && Result(ref f, w, rt, (uint)((int)a / (int)b));
            case 459: // divwu
                return b != 0 && Result(ref f, w, rt, a / b);
            case 28: // and
                return Result(ref f, w, ra, rs & b);
            case 60: // andc
                return Result(ref f, w, ra, rs & ~b);
            case 444: // or
                return Result(ref f, w, ra, rs | b);
            case 412: // orc
                return Result(ref f, w, ra, rs | ~b);
            case 316: // xor
                return Result(ref f, w, ra, rs ^ b);
            case 476: // nand
                return Result(ref f, w, ra, ~(rs & b));
            case 124: // nor
                return Result(ref f, w, ra, ~(rs | b));
            case 284: // eqv
                return Result(ref f, w, ra, ~(rs ^ b));
            case 954: // extsb
                return Result(ref f, w, ra, (uint)(sbyte)rs);
            case 922: // extsh
                return Result(ref f, w, ra, (uint)(short)rs);
            case 26: // cntlzw
                return Result(ref f, w, ra, (uint)BitOperations.LeadingZeroCount(rs));
            case 24: // slw
                return Result(ref f, w, ra, (uint)((ulong)rs << (int)b));
            case 536: // srw
                return Result(ref f, w, ra, (uint)((ulong)rs >> (int)b));
            case 792: // sraw
                return ShiftSigned(ref f, w, (int)(b & 63));
            case 824: // srawi
                return ShiftSigned(ref f, w, PpcWord.Rb(w));
            default:
                return ExecuteAccess(ref f, w, Base(ref f, ra) + b) || ExecuteSystem(ref f, w);
        }
    }

    private bool ExecuteAccess(ref Frame f, uint w, uint address)
    {
        int which = (int)(w >> 1 & 0x3FF) switch
        {
            23 => 0, // lwzx
            55 => 1, // lwzux
            87 => 2, // lbzx
            119 => 3, // lbzux
            151 => 4, // stwx
            183 => 5, // stwux
            215 => 6, // stbx
            247 => 7, // stbux
            279 => 8, // lhzx
            311 => 9, // lhzux
            343 => 10, // lhax
            375 => 11, // lhaux
            407 => 12, // sthx
            439 => 13, // sthux
            _ => -1,
        };
        if (which >= 0)
            return Access(ref f, w, which, address);
        return (w >> 1 & 0x3FF) switch
        {
            20 => LoadReserved(ref f, w, address), // lwarx
            150 when PpcWord.HasRc(w) => StoreConditional(ref f, w, address), // stwcx.
            1014 => ZeroLine(address), // dcbz
            _ => false,
        };
    }

    private bool LoadReserved(ref Frame f, uint w, uint address)
    {
        ulong value = (address & 3) == 0 ? stubs.Load(address, Word) : Stubs.NotThere;
        if (value == Stubs.NotThere)
            return false;
        f.R[PpcWord.Rt(w)] = *f.ReserveValue = (uint)value;
        *f.ReserveAddress = address;
        return true;
    }

    // With another address the word is exchanged for itself, which may fault.
    private bool StoreConditional(ref Frame f, uint w, uint address)
    {
        bool reserved = *f.ReserveAddress == address;
        uint old = *f.ReserveValue;
        ulong stored = (address & 3) == 0 ? stubs.CompareExchange(address, old, reserved ? f.R[PpcWord.Rt(w)] : old) : Stubs.NotThere;
        if (stored == Stubs.NotThere)
            return false;
        *f.ReserveAddress = PpcSlot.NoReservation;
        SetCr(ref f, 0, IrMath.OrderFromBits(reserved && stored != 0 ? 2u : 0));
        return true;
    }

    // Moves to and from LR, CTR and CR; hints.
    private static bool ExecuteSystem(ref Frame f, uint w)
    {
        int rt = PpcWord.Rt(w), spr = PpcWord.Spr(w);
        switch (w >> 1 & 0x3FF)
        {
            case 339 when spr is PpcSpr.Lr or PpcSpr.Ctr: // mfspr
                f.R[rt] = spr == PpcSpr.Lr ? f.Lr : f.Ctr;
                return true;
            case 467 when spr == PpcSpr.Lr: // mtspr
                f.Lr = f.R[rt];
                return true;
            case 467 when spr == PpcSpr.Ctr:
                f.Ctr = f.R[rt];
                return true;
            case 19 when (w & 1 << 20) == 0: // mfcr
                uint cr = 0;
                for (int bit = 0; bit < 32; bit++)
                    cr = cr << 1 | (Bit(ref f, bit) ? 1u : 0);
                f.R[rt] = cr;
                return true;
            case 144: // mtcrf, mtocrf
                for (int n = 0; n < 8; n++)
                {
                    if ((PpcWord.Fxm(w) & 0x80 >> n) == 0)
                        continue;
                    uint bits = f.R[rt] >> 28 - 4 * n;
                    f.Cr[n] = IrMath.OrderFromBits(bits);
                    f.CrSo[n] = bits & 1;
                }

                return true;
            case 246 or 278 or 854: // dcbtst, dcbt, eieio
                return true;
            case 598: // sync
                if (PpcWord.Bits(w, 9, 10) != 1)
                    Interlocked.MemoryBarrier();
                return true;
            default:
                return false;
        }
    }

    private bool ZeroLine(uint address)
    {
        uint first = address & (uint)-model.CacheLine;
        for (uint at = first; at < first + (uint)model.CacheLine; at += 4)
            if (!stubs.Store(at, 0, Word))
                return false;
        return true;
    }

    private static bool ShiftSigned(ref Frame f, uint w, int count)
    {
        long value = (int)f.R[PpcWord.Rt(w)], shifted = value >> count;
        *f.XerCa = value < 0 && shifted << count != value ? 1u : 0;
        return Result(ref f, w, PpcWord.Ra(w), (uint)shifted);
    }

    private static bool Result(ref Frame f, uint w, int register, uint value)
    {
        f.R[register] = value;
        RecordIf(ref f, w, value);
        return true;
    }
}
