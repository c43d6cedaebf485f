using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Products and sums. The guest's even elements are the host's odd lanes.
internal static unsafe partial class AltivecRows
{
    private static void Vmuloub(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulEvenU8);
    private static void Vmulouh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulEvenU16);
    private static void Vmulosb(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulEvenS8);
    private static void Vmulosh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulEvenS16);
    private static void Vmuleub(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulOddU8);
    private static void Vmuleuh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulOddU16);
    private static void Vmulesb(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulOddS8);
    private static void Vmulesh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MulOddS16);

    private static void Vmhaddshs(PpcEmitter e, uint w) => MultiplyHighAdd(e, w, round: false);
    private static void Vmhraddshs(PpcEmitter e, uint w) => MultiplyHighAdd(e, w, round: true);
    private static void Vmladduhm(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Add16, Vec(e, VecOp.MulLow16, A(e, w), B(e, w)), C(e, w)));
    private static void Vmsumubm(PpcEmitter e, uint w) => MultiplySum(e, w, VecOp.MulQuadsU8);
    private static void Vmsummbm(PpcEmitter e, uint w) => MultiplySum(e, w, VecOp.MulQuadsS8U8);
    private static void Vmsumshm(PpcEmitter e, uint w) => MultiplySum(e, w, VecOp.MulPairs16);

    private static void Vmsumuhm(PpcEmitter e, uint w)
    {
        int a = A(e, w), b = B(e, w);
        int sum = Vec(e, VecOp.Add32, Vec(e, VecOp.MulEvenU16, a, b), Vec(e, VecOp.MulOddU16, a, b));
        e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Add32, sum, C(e, w)));
    }

    // Each step saturates by itself; the wrapped result of both together could be all ones as well.
    private static void Vmsumuhs(PpcEmitter e, uint w)
    {
        int a = A(e, w), b = B(e, w), c = C(e, w);
        int even = Vec(e, VecOp.MulEvenU16, a, b), odd = Vec(e, VecOp.MulOddU16, a, b);
        int products = Vec(e, VecOp.AddU32, even, odd);
        AddSat(e, products, Vec(e, VecOp.Add32, even, odd));
        int result = Vec(e, VecOp.AddU32, products, c);
        AddSat(e, result, Vec(e, VecOp.Add32, products, c));
        e.SetVr(PpcWord.Rt(w), result);
    }

    private static void Vmsumshs(PpcEmitter e, uint w) => AddSaturating(e, w, Vec(e, VecOp.MulPairs16, A(e, w), B(e, w)), C(e, w), VecOp.AddPairsS32);
    private static void Vsum4ubs(PpcEmitter e, uint w) => AddSaturating(e, w, Vec(e, VecOp.SumQuadsU8, A(e, w)), B(e, w), VecOp.AddU32);
    private static void Vsum4sbs(PpcEmitter e, uint w) => AddSaturating(e, w, Vec(e, VecOp.SumQuadsS8, A(e, w)), B(e, w), VecOp.AddS32);
    private static void Vsum4shs(PpcEmitter e, uint w) => AddSaturating(e, w, Vec(e, VecOp.SumPairsS16, A(e, w)), B(e, w), VecOp.AddS32);

    private static void Vsum2sws(PpcEmitter e, uint w)
    {
        int sum = Vec(e, VecOp.Add64, SumPairs(e, A(e, w)), Vec(e, VecOp.WidenEvenS32, B(e, w)));
        AddSat(e, Vec(e, VecOp.NarrowExcessS64, sum));
        e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.NarrowS64, sum));
    }

    private static void Vsumsws(PpcEmitter e, uint w)
    {
        int pairs = SumPairs(e, A(e, w));
        int all = Vec(e, VecOp.Add64, pairs, Vec(e, VecOp.Align, pairs, pairs, immediate: 8));
        int sum = Vec(e, VecOp.Low64, Vec(e, VecOp.Add64, all, Vec(e, VecOp.WidenEvenS32, B(e, w))));
        AddSat(e, Vec(e, VecOp.NarrowExcessS64, sum));
        e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.NarrowS64, sum));
    }

    // Sums of neighbouring 32-bit lanes, 64 bits wide.
    private static int SumPairs(PpcEmitter e, int a) => Vec(e, VecOp.Add64, Vec(e, VecOp.WidenEvenS32, a), Vec(e, VecOp.WidenOddS32, a));

    // Bits 16 up of twice the product, plus c, saturated to 16 bits: (a * b + rounding >> 15) + c.
    private static void MultiplyHighAdd(PpcEmitter e, uint w, bool round)
    {
        int a = A(e, w), b = B(e, w), c = C(e, w);
        int low = Vec(e, VecOp.MulLow16, a, b), high = Vec(e, VecOp.MulHighS16, a, b);
        int rounding = round ? Constant(e, 0x4000) : -1;
        int sumLow = Half(VecOp.InterleaveLow16, VecOp.WidenLowS16), sumHigh = Half(VecOp.InterleaveHigh16, VecOp.WidenHighS16);
        int result = Vec(e, VecOp.PackS32S16, sumLow, sumHigh);
        AddSat(e, result, Vec(e, VecOp.Pack32, sumLow, sumHigh));
        e.SetVr(PpcWord.Rt(w), result);

        int Half(VecOp interleave, VecOp widen)
        {
            int product = Vec(e, interleave, low, high);
            if (round)
                product = Vec(e, VecOp.Add32, product, rounding);
            return Vec(e, VecOp.Add32, Vec(e, VecOp.ShrSImm32, product, immediate: 15), Vec(e, widen, c));
        }
    }

    private static void MultiplySum(PpcEmitter e, uint w, VecOp op) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Add32, Vec(e, op, A(e, w), B(e, w)), C(e, w)));

    private static void AddSaturating(PpcEmitter e, uint w, int a, int b, VecOp op)
    {
        int result = Vec(e, op, a, b);
        AddSat(e, result, Vec(e, VecOp.Add32, a, b));
        e.SetVr(PpcWord.Rt(w), result);
    }
}
