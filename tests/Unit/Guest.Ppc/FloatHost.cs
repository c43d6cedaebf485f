using Suite.Host;

namespace Suite.Tests.Guest.Ppc;

/// <summary>The host's floating-point unit with a given MXCSR, an operation at a time.</summary>
internal static unsafe class FloatHost
{
    /// <summary>Flags of MXCSR.</summary>
    public const uint Ie = 1, Ze = 4, Oe = 8, Ue = 16, Pe = 32;

    private const uint Masked = 0x1F80;

    private struct Frame
    {
        public ulong A, B, C, Result;
        public uint Mxcsr, After, Saved;
    }

    // vmovsd or vmovss xmm0-2 from the frame, the operation, and back.
    public static readonly nint Add = Build(false, [0xC5, 0xFB, 0x58, 0xC1]), AddSingle = Build(true, [0xC5, 0xFA, 0x58, 0xC1]);
    public static readonly nint Sub = Build(false, [0xC5, 0xFB, 0x5C, 0xC1]), SubSingle = Build(true, [0xC5, 0xFA, 0x5C, 0xC1]);
    public static readonly nint Mul = Build(false, [0xC5, 0xFB, 0x59, 0xC1]), MulSingle = Build(true, [0xC5, 0xFA, 0x59, 0xC1]);
    public static readonly nint Div = Build(false, [0xC5, 0xFB, 0x5E, 0xC1]), DivSingle = Build(true, [0xC5, 0xFA, 0x5E, 0xC1]);
    public static readonly nint Sqrt = Build(false, [0xC5, 0xFB, 0x51, 0xC1]), SqrtSingle = Build(true, [0xC5, 0xFA, 0x51, 0xC1]);

    /// <summary>vfmadd213: a * b + c.</summary>
    public static readonly nint MulAdd = Build(false, [0xC4, 0xE2, 0xF1, 0xA9, 0xC2]), MulAddSingle = Build(true, [0xC4, 0xE2, 0x71, 0xA9, 0xC2]);

    /// <summary>vfmsub213: a * b - c.</summary>
    public static readonly nint MulSub = Build(false, [0xC4, 0xE2, 0xF1, 0xAB, 0xC2]), MulSubSingle = Build(true, [0xC4, 0xE2, 0x71, 0xAB, 0xC2]);

    /// <summary>b to single; the result is its bits.</summary>
    public static readonly nint ToSingle = Build(false, [0xC5, 0xFB, 0x5A, 0xC1]);

    /// <summary>a to integer with the rounding mode.</summary>
    public static readonly nint ToInt32 = Build(false, [0xC5, 0xFB, 0x2D, 0xC0, 0xC5, 0xF9, 0x6E, 0xC0]), ToInt64 = Build(false, [0xC4, 0xE1, 0xFB, 0x2D, 0xC0, 0xC4, 0xE1, 0xF9, 0x6E, 0xC0]);

    /// <summary>a (I64) to double and to single.</summary>
    public static readonly nint FromInt64 = Build(false, [0xC4, 0xE1, 0xF9, 0x7E, 0xC0, 0xC4, 0xE1, 0xFB, 0x2A, 0xC0]),
        FromInt64Single = Build(false, [0xC4, 0xE1, 0xF9, 0x7E, 0xC0, 0xC4, 0xE1, 0xFA, 0x2A, 0xC0]);

    /// <summary>Runs an operation on raw bits; rounding is FPSCR's RN.</summary>
    public static ulong Run(nint operation, ulong a, ulong b, ulong c, int rounding, out uint flags, bool flushToZero = false)
    {
        ReadOnlySpan<uint> control = [0, 3, 2, 1];
        var frame = new Frame { A = a, B = b, C = c, Mxcsr = Masked | control[rounding] << 13 | (flushToZero ? 0x8000u : 0) };
        ((delegate* unmanaged<Frame*, void>)operation)(&frame);
        flags = frame.After & 0x3F;
        return frame.Result;
    }

    private static nint Build(bool single, ReadOnlySpan<byte> operation)
    {
        byte pp = single ? (byte)0xFA : (byte)0xFB;
        return (nint)HostCode.Publish(
        [
            0x0F, 0xAE, 0x5F, 0x28,                 // stmxcsr [rdi+40]
            0x0F, 0xAE, 0x57, 0x20,                 // ldmxcsr [rdi+32]
            0xC5, pp, 0x10, 0x07,                   // vmovs? xmm0, [rdi]
            0xC5, pp, 0x10, 0x4F, 0x08,
            0xC5, pp, 0x10, 0x57, 0x10,
            .. operation,
            0xC5, pp, 0x11, 0x47, 0x18,             // vmovs? [rdi+24], xmm0
            0x0F, 0xAE, 0x5F, 0x24,                 // stmxcsr [rdi+36]
            0x0F, 0xAE, 0x57, 0x28,                 // ldmxcsr [rdi+40]
            0xC3,
        ]);
    }
}
