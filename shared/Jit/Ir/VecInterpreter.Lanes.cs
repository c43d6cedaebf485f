using System.Runtime.Intrinsics;

namespace Suite.Jit.Ir;

// Operations across lanes.
public static partial class VecInterpreter
{
    private static Vector128<byte> Rearrange(VecOp op, int immediate, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
    {
        Vector128<byte> r = default;
        UInt128 number = Lane<UInt128>(a, 0);
        switch (op)
        {
            case VecOp.ShlImm16 or VecOp.ShrUImm16 or VecOp.ShrSImm16:
                for (int i = 0; i < 8; i++)
                    Set(ref r, i, (ushort)ShiftImmediate(op, Lane<ushort>(a, i), Lane<short>(a, i), immediate));
                return r;
            case VecOp.ShlImm32 or VecOp.ShrUImm32 or VecOp.ShrSImm32:
                for (int i = 0; i < 4; i++)
                    Set(ref r, i, (uint)ShiftImmediate(op, Lane<uint>(a, i), Lane<int>(a, i), immediate));
                return r;
            case VecOp.ShlBits:
                Set(ref r, 0, number << (b[0] & 7));
                return r;
            case VecOp.ShrBits:
                Set(ref r, 0, number >> (b[0] & 7));
                return r;
            case VecOp.ShlBytes:
                Set(ref r, 0, number << (b[0] & 0x78));
                return r;
            case VecOp.ShrBytes:
                Set(ref r, 0, number >> (b[0] & 0x78));
                return r;
            case VecOp.Align:
                for (int i = 0; i < 16; i++)
                    Set(ref r, i, OfPair(a, b, i + immediate));
                return r;
            case VecOp.Permute:
                for (int i = 0; i < 16; i++)
                    Set(ref r, i, OfPair(a, b, 31 - (c[i] & 31)));
                return r;
            case VecOp.InterleaveLow8 or VecOp.InterleaveHigh8:
                Interleave<byte>(a, b, op == VecOp.InterleaveHigh8, ref r);
                return r;
            case VecOp.InterleaveLow16 or VecOp.InterleaveHigh16:
                Interleave<ushort>(a, b, op == VecOp.InterleaveHigh16, ref r);
                return r;
            default:
                Interleave<uint>(a, b, op == VecOp.InterleaveHigh32, ref r);
                return r;
        }
    }

    private static long ShiftImmediate(VecOp op, uint unsigned, int signed, int count) => op switch
    {
        VecOp.ShlImm16 or VecOp.ShlImm32 => (long)unsigned << count,
        VecOp.ShrUImm16 or VecOp.ShrUImm32 => unsigned >> count,
        _ => signed >> count,
    };

    // A byte of the 32-byte number with a above b.
    private static byte OfPair(in Vector128<byte> a, in Vector128<byte> b, int index) => index < 16 ? b[index] : a[index - 16];

    private static unsafe void Interleave<T>(in Vector128<byte> a, in Vector128<byte> b, bool high, ref Vector128<byte> r) where T : unmanaged
    {
        int half = 8 / sizeof(T), from = high ? half : 0;
        for (int i = 0; i < half; i++)
        {
            Set(ref r, 2 * i, Lane<T>(a, from + i));
            Set(ref r, 2 * i + 1, Lane<T>(b, from + i));
        }
    }

    private static Vector128<byte> Resize(VecOp op, Vector128<byte> a, Vector128<byte> b)
    {
        Vector128<byte> r = default;
        switch (op)
        {
            case VecOp.Pack16 or VecOp.PackS16S8 or VecOp.PackS16U8 or VecOp.PackU16U8:
                for (int i = 0; i < 16; i++)
                {
                    ushort lane = i < 8 ? Lane<ushort>(a, i) : Lane<ushort>(b, i - 8);
                    Set(ref r, i, (byte)Narrow(op, lane, (short)lane));
                }

                return r;
            case VecOp.Pack32 or VecOp.PackS32S16 or VecOp.PackS32U16 or VecOp.PackU32U16 or VecOp.PackPixel:
                for (int i = 0; i < 8; i++)
                {
                    uint lane = i < 4 ? Lane<uint>(a, i) : Lane<uint>(b, i - 4);
                    Set(ref r, i, (ushort)Narrow(op, lane, (int)lane));
                }

                return r;
            case VecOp.WidenLowS8 or VecOp.WidenHighS8:
                for (int i = 0; i < 8; i++)
                    Set(ref r, i, (short)Lane<sbyte>(a, op == VecOp.WidenHighS8 ? i + 8 : i));
                return r;
            case VecOp.WidenLowS16 or VecOp.WidenHighS16:
                for (int i = 0; i < 4; i++)
                    Set(ref r, i, (int)Lane<short>(a, op == VecOp.WidenHighS16 ? i + 4 : i));
                return r;
            case VecOp.WidenLowPixel or VecOp.WidenHighPixel:
                for (int i = 0; i < 4; i++)
                {
                    uint p = Lane<ushort>(a, op == VecOp.WidenHighPixel ? i + 4 : i);
                    Set(ref r, i, (p >> 15) * 0xFF000000 | (p >> 10 & 31) << 16 | (p >> 5 & 31) << 8 | p & 31);
                }

                return r;
            case VecOp.WidenEvenS32 or VecOp.WidenOddS32:
                for (int i = 0; i < 2; i++)
                    Set(ref r, i, (long)Lane<int>(a, 2 * i + (op == VecOp.WidenOddS32 ? 1 : 0)));
                return r;
            default:
                for (int i = 0; i < 2; i++)
                {
                    long exact = Lane<long>(a, i), fits = Math.Clamp(exact, int.MinValue, int.MaxValue);
                    Set(ref r, i, op == VecOp.NarrowS64 ? (ulong)(uint)fits : (uint)((int)(exact >> 32) ^ (int)exact >> 31));
                }

                return r;
        }
    }

    private static long Narrow(VecOp op, uint unsigned, int signed) => op switch
    {
        VecOp.Pack16 or VecOp.Pack32 => unsigned,
        VecOp.PackS16S8 => Math.Clamp(signed, sbyte.MinValue, sbyte.MaxValue),
        VecOp.PackS16U8 => Math.Clamp(signed, 0, byte.MaxValue),
        VecOp.PackU16U8 => Math.Min(unsigned, byte.MaxValue),
        VecOp.PackS32S16 => Math.Clamp(signed, short.MinValue, short.MaxValue),
        VecOp.PackS32U16 => Math.Clamp(signed, 0, ushort.MaxValue),
        VecOp.PackU32U16 => Math.Min(unsigned, ushort.MaxValue),
        _ => unsigned >> 9 & 0xFC00 | unsigned >> 6 & 0x3E0 | unsigned >> 3 & 0x1F,
    };

    private static Vector128<byte> Multiply(VecOp op, Vector128<byte> a, Vector128<byte> b)
    {
        Vector128<byte> r = default;
        switch (op)
        {
            case VecOp.MulLow16 or VecOp.MulHighS16:
                for (int i = 0; i < 8; i++)
                {
                    int product = Lane<short>(a, i) * Lane<short>(b, i);
                    Set(ref r, i, (ushort)(op == VecOp.MulLow16 ? product : product >> 16));
                }

                return r;
            case VecOp.MulEvenS8 or VecOp.MulOddS8 or VecOp.MulEvenU8 or VecOp.MulOddU8:
                for (int i = 0; i < 8; i++)
                {
                    int n = 2 * i + (op is VecOp.MulOddS8 or VecOp.MulOddU8 ? 1 : 0);
                    Set(ref r, i, (ushort)(op is VecOp.MulEvenS8 or VecOp.MulOddS8 ? Lane<sbyte>(a, n) * Lane<sbyte>(b, n) : a[n] * b[n]));
                }

                return r;
            case VecOp.MulEvenS16 or VecOp.MulOddS16 or VecOp.MulEvenU16 or VecOp.MulOddU16:
                for (int i = 0; i < 4; i++)
                {
                    int n = 2 * i + (op is VecOp.MulOddS16 or VecOp.MulOddU16 ? 1 : 0);
                    Set(ref r, i, op is VecOp.MulEvenS16 or VecOp.MulOddS16
                        ? (uint)(Lane<short>(a, n) * Lane<short>(b, n)) : (uint)Lane<ushort>(a, n) * Lane<ushort>(b, n));
                }

                return r;
            default:
                for (int i = 0; i < 4; i++)
                    Set(ref r, i, Sum(op, a, b, i));
                return r;
        }
    }

    private static int Sum(VecOp op, in Vector128<byte> a, in Vector128<byte> b, int word)
    {
        int sum = 0;
        if (op is VecOp.MulPairs16 or VecOp.SumPairsS16)
        {
            for (int n = 2 * word; n < 2 * word + 2; n++)
                sum += Lane<short>(a, n) * (op == VecOp.MulPairs16 ? Lane<short>(b, n) : 1);
            return sum;
        }

        for (int n = 4 * word; n < 4 * word + 4; n++)
            sum += op switch
            {
                VecOp.MulQuadsU8 => a[n] * b[n],
                VecOp.MulQuadsS8U8 => Lane<sbyte>(a, n) * b[n],
                VecOp.SumQuadsS8 => Lane<sbyte>(a, n),
                _ => a[n],
            };
        return sum;
    }
}
