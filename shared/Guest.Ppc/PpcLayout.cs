using Suite.Jit.Backend;
using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>
/// Where guest state lives. Pinned are r1 r3-r10 r30 r31 (rbx rsi rdi r8-r15) and, where the host has AVX-512VL, f0-f15 (xmm16-xmm31) and v0-v9
/// (xmm6-xmm15); without it f0-f7 (xmm8-xmm15). rbp is the state block, rsp the host's stack, rax rcx rdx and xmm0-xmm5 are the back end's.
/// </summary>
public static class PpcLayout
{
    private const int GprOffset = 0, GprHighOffset = 128, CrOffset = 256, CrSoOffset = 320, NamedOffset = 352, FprOffset = 512, VrOffset = 768,
        ConstantsOffset = 1280 + 16, SpillOffset = ConstantsOffset + StateLayout.ConstantBytes, BlockSize = SpillOffset + StateLayout.SpillBytes;

    /// <summary>The layout for this host.</summary>
    public static StateLayout ForHost() => Create(HostFeatures.Host.Avx512);

    /// <summary>The layout for a host with or without AVX-512VL.</summary>
    public static StateLayout Create(bool avx512)
    {
        var slots = new StateSlot[PpcSlot.Count];
        ReadOnlySpan<byte> gprHomes = [0, 3, 0, 6, 7, 8, 9, 10, 11, 12, 13];
        for (int n = 0; n < 32; n++)
        {
            int home = n < gprHomes.Length ? gprHomes[n] : n == 31 ? 14 : n == 30 ? 15 : 0;
            slots[PpcSlot.Gpr(n)] = Slot("r", n, IrType.I32, GprOffset + n * 4, home == 0 ? SlotHome.Memory : SlotHome.Register, home);
            slots[PpcSlot.GprHigh(n)] = Slot("r", n, IrType.I32, GprHighOffset + n * 4);
            int fpr = avx512 ? n < 16 ? 16 + n : 0 : n < 8 ? 8 + n : 0;
            slots[PpcSlot.Fpr(n)] = Slot("f", n, IrType.F64, FprOffset + n * 8, fpr == 0 ? SlotHome.Memory : SlotHome.VectorRegister, fpr);
            int vr = avx512 && n < 10 ? 6 + n : 0;
            slots[PpcSlot.Vr(n)] = Slot("v", n, IrType.V128, VrOffset + n * 16, vr == 0 ? SlotHome.Memory : SlotHome.VectorRegister, vr);
        }
        for (int n = 0; n < 8; n++)
        {
            slots[PpcSlot.Cr(n)] = Slot("cr", n, IrType.I64, CrOffset + n * 8);
            slots[PpcSlot.CrSo(n)] = Slot("so", n, IrType.I32, CrSoOffset + n * 4);
        }
        slots[PpcSlot.SatBits] = new StateSlot("satbits", IrType.V128, VrOffset + 32 * 16);
        int at = NamedOffset;
        foreach (int slot in (ReadOnlySpan<int>)[PpcSlot.Acc, PpcSlot.FpA, PpcSlot.FpB, PpcSlot.FpC, PpcSlot.FpCompareA, PpcSlot.FpCompareB])
        {
            slots[slot] = new StateSlot(Name(slot), slot == PpcSlot.Acc ? IrType.I64 : IrType.F64, at, IsLazy: slot != PpcSlot.Acc);
            at += 8;
        }
        foreach (int slot in (ReadOnlySpan<int>)[PpcSlot.FpOp, PpcSlot.FpCompare])
        {
            slots[slot] = new StateSlot(Name(slot), IrType.I32, at, IsLazy: true);
            at += 4;
        }
        for (int slot = PpcSlot.Lr; slot < PpcSlot.Count; slot++)
            if (slots[slot].Type == IrType.None)
            {
                slots[slot] = new StateSlot(Name(slot), IrType.I32, at);
                at += 4;
            }
        return new StateLayout(slots, BlockSize)
        {
            ScalarMxcsrOffset = slots[PpcSlot.ScalarMxcsr].Offset,
            VectorMxcsrOffset = slots[PpcSlot.VectorMxcsr].Offset,
            ConstantsOffset = ConstantsOffset,
            SpillOffset = SpillOffset,
            CleanMxcsrOffset = slots[PpcSlot.CleanMxcsr].Offset,
            VectorModeOffset = slots[PpcSlot.VectorMode].Offset,
        };
    }

    private static StateSlot Slot(string prefix, int n, IrType type, int offset, SlotHome home = SlotHome.Memory, int register = 0) =>
        new(prefix, type, offset, home, (byte)register);

    private static string Name(int slot) => slot switch
    {
        PpcSlot.Lr => "lr",
        PpcSlot.Ctr => "ctr",
        PpcSlot.XerSo => "xer.so",
        PpcSlot.XerOv => "xer.ov",
        PpcSlot.XerCa => "xer.ca",
        PpcSlot.XerCount => "xer.count",
        PpcSlot.Mq => "mq",
        PpcSlot.Fpscr => "fpscr",
        PpcSlot.Vscr => "vscr",
        PpcSlot.VrSave => "vrsave",
        PpcSlot.Acc => "acc",
        PpcSlot.Spefscr => "spefscr",
        PpcSlot.ReserveAddress => "reserve.address",
        PpcSlot.ReserveValue => "reserve.value",
        PpcSlot.FpOp => "fp.op",
        PpcSlot.FpA => "fp.a",
        PpcSlot.FpB => "fp.b",
        PpcSlot.FpC => "fp.c",
        PpcSlot.FpCompare => "fp.compare",
        PpcSlot.FpCompareA => "fp.compare.a",
        PpcSlot.FpCompareB => "fp.compare.b",
        PpcSlot.FpExceptionsOff => "fp.exceptions.off",
        PpcSlot.ScalarMxcsr => "mxcsr.scalar",
        PpcSlot.VectorMxcsr => "mxcsr.vector",
        PpcSlot.VectorMode => "mxcsr.mode",
        PpcSlot.CleanMxcsr => "mxcsr.clean",
        PpcSlot.UnderflowMasked => "mxcsr.tiny",
        PpcSlot.Usprg0 => "usprg0",
        _ => "slot",
    };
}
