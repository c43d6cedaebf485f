using System.Runtime.Intrinsics;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;
using Suite.Tests.Jit.Backend;

namespace Suite.Tests.Jit.Vec;

/// <summary>Emitted code of every vector operation against its interpretation: random and extreme operands in random registers and memory places.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class VecEmitterTests
{
    private const int Rounds = 60;
    private const uint Masked = 0x1F80, MaskedFlushing = 0x9FC0, HostDefaultNaN = 0xFFC00000, DefaultNaN = 0x7FC00000;

    public static TheoryData<string> Hosts => ["this host", "no VBMI", "no AVX-512"];

    [Theory, MemberData(nameof(Hosts))]
    public void Operations_do_what_the_interpreter_does(string host) => Compare(host, VecOp.And, VecOp.SumPairsS16, Masked);

    [Theory, MemberData(nameof(Hosts))]
    public void Floating_point_keeps_denormals(string host) => Compare(host, VecOp.FAdd, VecOp.FTruncateU32, Masked);

    [Theory, MemberData(nameof(Hosts))]
    public void Floating_point_flushes_denormals(string host) => Compare(host, VecOp.FAdd, VecOp.FTruncateU32, MaskedFlushing);

    private static void Compare(string host, VecOp first, VecOp last, uint mxcsr)
    {
        HostFeatures detected = HostFeatures.Detect(), features = host switch
        {
            "no VBMI" => detected with { Vbmi = false },
            "no AVX-512" => detected with { Avx512 = false },
            _ => detected,
        };
        using IrHost h = new(features);
        List<string> failures = [];
        h.Run(() =>
        {
            Random random = new(3);
            for (VecOp op = first; op <= last; op++)
                for (int round = 0; VecEmitter.Supports(op, features) && round < Rounds; round++)
                    if (Round(h, op, random, mxcsr) is { } failure)
                    {
                        failures.Add(failure);
                        break;
                    }
        });
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    // target = op(operands), where all four may be any slots.
    private static string? Round(IrHost h, VecOp op, Random random, uint mxcsr)
    {
        VecSamples.Shape shape = VecSamples.ShapeOf(op);
        int immediate = VecSamples.Immediate(op, random);
        Span<Vector128<byte>> before = stackalloc Vector128<byte>[IrTestLayout.Vectors];
        Span<int> slots = [random.Next(IrTestLayout.Vectors), random.Next(IrTestLayout.Vectors), random.Next(IrTestLayout.Vectors), random.Next(IrTestLayout.Vectors)];
        VectorImage.MarkInUse(h.State);
        h.State->Gpr[StateLayout.BlockRegister] = (ulong)h.Block;
        h.Layout.WriteConstants(h.Block);
        for (int i = 0; i < before.Length; i++)
            Vector(h, i) = before[i] = VecSamples.Operand(op, random);
        uint general = VecSamples.General(op, random);
        Slot<uint>(h, IrTestLayout.Integer0 + 12) = general;
        *(uint*)(h.Block + h.Layout.ScalarMxcsrOffset) = Masked;
        *(uint*)(h.Block + h.Layout.VectorMxcsrOffset) = mxcsr;
        *(uint*)(h.Block + h.Layout.VectorModeOffset) = 0;

        Vector128<byte> scalar = Vector128.CreateScalar(general).AsByte();
        Vector128<byte> a = Operand(shape.A, before[slots[0]]), b = Operand(shape.B, before[slots[1]]), c = Operand(shape.C, before[slots[2]]);
        Vector128<byte> expected = op >= VecOp.FAdd ? VecFloat.Evaluate(op, immediate, a, b, c, mxcsr == MaskedFlushing) : VecInterpreter.Evaluate(op, immediate, a, b, c);

        IrBlock block = new();
        ulong pc = h.NewPc();
        block.InsnStart(pc, 4);
        if (op >= VecOp.FAdd)
            block.Emit(IrOp.FpMode, IrType.None, imm: 1);
        int result = block.Emit(IrOp.Vec, shape.Result, Value(shape.A, slots[0]), Value(shape.B, slots[1]), Value(shape.C, slots[2]), VecImm.Pack(op, immediate));
        int target = shape.Result == IrType.V128 ? IrTestLayout.Vector0 + slots[3] : IrTestLayout.Integer0 + random.Next(IrTestLayout.Integers);
        block.Put(target, result);
        if (op >= VecOp.FAdd)
            block.Emit(IrOp.FpMode, IrType.None, imm: 0);
        block.Exit(pc + 0x200);
        h.Define(pc, block);
        ExitReason reason = h.Execute(pc);
        Vector128<byte> actual = shape.Result == IrType.V128 ? Vector(h, slots[3]) : Vector128.CreateScalar(Slot<uint>(h, target)).AsByte();
        if (reason == ExitReason.Special && Same(op, expected, actual) && Unchanged(h, before, shape.Result == IrType.V128 ? slots[3] : -1))
            return null;
        return $"{op} {immediate:x} left with {reason}\n a {a.AsUInt32():x8}\n b {b.AsUInt32():x8}\n c {c.AsUInt32():x8}\n slots {string.Join(' ', slots.ToArray())}\n expected {expected.AsUInt32():x8}\n actual   {actual.AsUInt32():x8}";

        Vector128<byte> Operand(IrType type, Vector128<byte> vector) => type switch { IrType.V128 => vector, IrType.I32 => scalar, _ => default };

        int Value(IrType type, int slot) => type switch
        {
            IrType.V128 => block.Get(h.Layout, IrTestLayout.Vector0 + slot),
            IrType.I32 => block.Get(h.Layout, IrTestLayout.Integer0 + 12),
            _ => -1,
        };
    }

    // A NaN that an operation makes up is the host's there; emitted code runs with invalid operation unmasked, so that it never shows.
    private static bool Same(VecOp op, Vector128<byte> expected, Vector128<byte> actual)
    {
        for (int i = 0; i < 4; i++)
        {
            uint e = expected.AsUInt32()[i], a = actual.AsUInt32()[i];
            if (e != a && (op < VecOp.FAdd || e != DefaultNaN || a != HostDefaultNaN))
                return false;
        }

        return true;
    }

    private static bool Unchanged(IrHost h, ReadOnlySpan<Vector128<byte>> before, int except)
    {
        for (int i = 0; i < before.Length; i++)
            if (i != except && Vector(h, i) != before[i])
                return false;
        return true;
    }

    private static ref Vector128<byte> Vector(IrHost h, int index) => ref Slot<Vector128<byte>>(h, IrTestLayout.Vector0 + index);

    private static ref T Slot<T>(IrHost h, int slot) where T : unmanaged => ref *(T*)h.Layout.AddressOf(h.State, slot);
}
