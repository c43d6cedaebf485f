namespace Suite.Guest.Ppc.Float;

/// <summary>Extended opcodes under primary opcodes 59 and 63 (Power ISA 2.07 I 4.6).</summary>
internal static class FpOpcode
{
    // A form, bits 26-30.
    public const uint Div = 18, Sub = 20, Add = 21, Sqrt = 22, Sel = 23, Res = 24, Mul = 25, Rsqrte = 26, Msub = 28, Madd = 29, Nmsub = 30, Nmadd = 31;

    // X and XFL forms, bits 21-30.
    public const uint Cmpu = 0, Rsp = 12, Ctiw = 14, Ctiwz = 15, Cmpo = 32, Mtfsb1 = 38, Neg = 40, Mcrfs = 64, Mtfsb0 = 70, Mr = 72, Mtfsfi = 134, Nabs = 136, Abs = 264,
        Mffs = 583, Mtfsf = 711;
}
