using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;
using static Suite.Tests.Jit.Backend.IrTestLayout;

namespace Suite.Tests.Jit.Backend;

/// <summary>
/// Puts that wait (<see cref="IrLatePut"/>) where all temporary vector registers are taken: on the way out one is needed to write them with, so a value has to
/// move just there.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class LatePutTests
{
    private const int Many = 20, Sum = Double0 + 6, Widened = Double0 + 7, Doubled = Double0 + 8;
    private const double Last = 1.5;
    private const ulong Ahead = IrHost.CodeBase + 0x100_0000;
    private const uint InvalidUnmasked = 0x1F00;
    private const ulong SignallingNaN = 0x7FF4_0000_0000_0000;

    // An exit on equal doubles is two jumps, and the first leads over the second. What had moved between them had not when the doubles were unordered, so the
    // block went on with other values.
    [Fact]
    public void What_moves_for_an_exit_on_equal_doubles_is_not_jumped_over() => On(h =>
    {
        ulong pc = Define(h, b => b.ExitIf(b.Compare(IrOp.FEqual, b.Get(h.Layout, Double0), b.Get(h.Layout, Double0 + 1)), Ahead));
        foreach (double other in (double[])[1, 2, double.NaN])
        {
            Prepare(h);
            Slot(h, Double0) = 3;
            Slot(h, Double0 + 1) = other;
            Assert.Equal(ExitReason.Special, h.Execute(pc));
            Assert.Equal(Many * (Many + 1) / 2 + Last, Slot(h, Sum));
        }
    });

    // A comparison that faults stands ahead of what moves for the trap that follows it: the fault finds values where they were before.
    [Fact]
    public void A_comparison_that_faults_finds_values_where_they_were() => On(h =>
    {
        ulong pc = Define(h, b => b.TrapIf(b.Compare(IrOp.FUnordered, b.Get(h.Layout, Double0), b.Get(h.Layout, Double0 + 1)), ExitReason.Special, 0));
        Prepare(h);
        Slot(h, Double0) = BitConverter.UInt64BitsToDouble(SignallingNaN);
        Assert.Equal(ExitReason.Fault, h.Execute(pc, InvalidUnmasked));
        Assert.Equal(pc + 8, h.State->Pc);
        Assert.Equal(Last, Slot(h, Doubled));
        Assert.Equal(Last, Slot(h, Widened));
    });

    private static void On(Action<IrHost> body)
    {
        if (!HostFeatures.Detect().Avx2)
            return;
        using IrHost h = new(HostFeatures.Detect());
        h.Run(() => body(h));
    }

    // Many doubles made of r0 and up and one of others, live to the end, where their sum is put; two Puts that wait; the way out; what overwrites the two.
    private static ulong Define(IrHost h, Action<IrBlock> leave)
    {
        ulong pc = h.NewPc();
        IrBlock b = new() { IsHot = true };
        b.InsnStart(pc, 4);
        int one = b.Convert(IrOp.FNarrow, IrType.F32, b.Get(h.Layout, Double0 + 2));
        int single = b.Emit(IrOp.FAdd, IrType.F32, one, b.Convert(IrOp.FNarrow, IrType.F32, b.Get(h.Layout, Double0 + 3)));
        int[] doubles = [.. Enumerable.Range(0, Many).Select(n => b.Convert(IrOp.FFromI32, IrType.F64, b.Get(h.Layout, Integer0 + n))),
            b.Binary(IrOp.FAdd, b.Get(h.Layout, Double0 + 2), b.Get(h.Layout, Double0 + 3))];
        b.InsnStart(pc + 4, 4);
        b.Put(Widened, b.Convert(IrOp.FWiden, IrType.F64, single));
        b.Put(Doubled, doubles[^1]);
        b.InsnStart(pc + 8, 4);
        leave(b);
        b.InsnStart(pc + 12, 4);
        int sum = doubles[0];
        for (int n = 1; n < doubles.Length; n++)
            sum = b.Binary(IrOp.FAdd, sum, doubles[n]);
        b.Put(Sum, sum);
        b.Put(Widened, sum);
        b.Put(Doubled, sum);
        b.Exit(Ahead);
        h.Define(pc, b);
        return pc;
    }

    private static void Prepare(IrHost h)
    {
        IrStates.Randomize(h, new Random(1), floats: true);
        for (int n = 0; n < Many; n++)
            *(int*)h.Layout.AddressOf(h.State, Integer0 + n) = n + 1;
        for (int n = 0; n < Doubles; n++)
            Slot(h, Double0 + n) = 0;
        Slot(h, Double0 + 2) = 1;
        Slot(h, Double0 + 3) = Last - 1;
    }

    private static ref double Slot(IrHost h, int slot) => ref *(double*)h.Layout.AddressOf(h.State, slot);
}
