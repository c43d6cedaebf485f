using System.Runtime.Intrinsics;
using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;
using Suite.Tests.Jit.Backend;

namespace Suite.Tests.Guest.Ppc;

/// <summary>
/// AltiVec rows as compiled code against their exact interpretation, which <see cref="AltivecQemuTests"/> holds against QEMU. What compiled code leaves to
/// the interpreter (NaNs that are invalid operations) is finished there, as the processor loop does it.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class AltivecCompiledTests
{
    private const int Rounds = 60, MemoryAt = 64, SimdFault = 19;

    public static TheoryData<string> Hosts => ["this host", "no AVX-512"];

    [Theory, MemberData(nameof(Hosts))]
    public void Compiled_rows_do_what_exact_ones_do(string host)
    {
        HostFeatures features = LesserHosts.Named(host);
        if (!features.Avx2 || !features.Fma)
            return;
        StateLayout layout = PpcLayout.Create(features.Avx512);
        var failures = new List<string>();
        using IrHost h = new(features, layout);
        h.Run(() =>
        {
            using var machine = new PpcMachine(PpcFeature.Altivec, layout);
            var run = new Run(h, machine);
            var random = new Random(9);
            foreach (PpcRow row in AltivecRows.Rows)
                for (int round = 0; round < Rounds; round++)
                    if (run.Compare(row, random) is { } failure)
                    {
                        failures.Add(failure);
                        break;
                    }
        });
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private sealed class Run(IrHost h, PpcMachine machine)
    {
        private readonly PpcEmitter _emitter = new(h.Layout, new PpcModel("test", 0, PpcFeature.Altivec, 32));
        private readonly IrInterpreter _interpreter = new(h.Layout, PpcHelpers.Create(), machine);

        public string? Compare(in PpcRow row, Random random)
        {
            var record = new AltivecRecord(new byte[AltivecRecord.Size], 0);
            AltivecSamples.Fill(record, row, random);
            uint word = Vary(row, record.Word, random);
            record.Load(machine, MemoryAt);
            for (int n = 0; n < 32; n++)
                machine.SetVr(n, record.Vector(1 + random.Next(4)));
            CopySlots(machine.State, h.State);
            Slot<uint>(PpcSlot.Gpr(3)) = IrHost.Data;
            machine.Memory.AsSpan(MemoryAt, 64).CopyTo(new Span<byte>((byte*)IrHost.Data, 64));
            h.Layout.WriteConstants(h.Block);

            machine.Execute(row, word, exact: true);
            ExitReason reason = Compiled(row, word);
            if (reason != ExitReason.Special)
                return $"{row.Name} {word:x8} left with {reason} {h.State->FaultTrap}";
            string? difference = Difference();
            return difference == null ? null : $"{row.Name} {word:x8} vscr {record.Vscr:x}: {difference}";
        }

        // All operands in random registers, so that pinned ones and those in memory, and equal ones, take part.
        private static uint Vary(in PpcRow row, uint word, Random random)
        {
            foreach (string name in row.Operands.Split(','))
            {
                int shift = name switch { "vrt" or "vrs" => 21, "vra" => 16, "vrb" when !row.Operands.Contains("ra0") => 11, "vrc" => 6, _ => -1 };
                if (shift >= 0)
                    word = word & ~(31u << shift) | (uint)random.Next(5, 15) << shift;
            }

            return word;
        }

        private ExitReason Compiled(in PpcRow row, uint word)
        {
            ulong pc = h.NewPc();
            _emitter.Begin(false);
            _emitter.BeginInsn((uint)pc);
            row.Emit(_emitter, word);
            _emitter.Exit((uint)pc + 0x200);
            h.Define(pc, _emitter.Ir);
            ExitReason reason;
            try
            {
                reason = h.Execute(pc);
            }
            catch (Exception x)
            {
                throw new InvalidOperationException($"{row.Name} {word:x8}: {x.Message}", x);
            }

            bool isLeft = reason == ExitReason.Fault ? h.State->FaultTrap == SimdFault : reason == ExitReason.Special && h.State->ExitArg == PpcTrap.Interpret;
            if (!isLeft)
                return reason;
            FpscrState.LeaveVectorMode(h.Layout, h.State);
            _emitter.Begin(true, h.State);
            _emitter.BeginInsn((uint)pc);
            row.Emit(_emitter, word);
            _interpreter.Run(_emitter.Ir, h.State);
            return ExitReason.Special;
        }

        private string? Difference()
        {
            for (int slot = 0; slot < h.Layout.Slots.Length; slot++)
            {
                if (slot == PpcSlot.Gpr(3) || slot is PpcSlot.ScalarMxcsr or PpcSlot.VectorMode or PpcSlot.Vscr or PpcSlot.SatBits)
                    continue;
                Vector128<byte> ours = Bits(h.State, slot), exact = Bits(machine.State, slot);
                if (ours != exact)
                    return $"{h.Layout.Slots[slot].Name} is {ours.AsUInt32():x8}, exactly {exact.AsUInt32():x8}";
            }

            uint vscr = AltivecState.ReadVscr(h.Layout, h.State), exactVscr = AltivecState.ReadVscr(h.Layout, machine.State);
            if (vscr != exactVscr)
                return $"VSCR is {vscr:x}, exactly {exactVscr:x}";
            return new ReadOnlySpan<byte>((byte*)IrHost.Data, 64).SequenceEqual(machine.Memory.AsSpan(MemoryAt, 64)) ? null : "memory differs";
        }

        private void CopySlots(VcpuState* from, VcpuState* to)
        {
            to->Gpr[StateLayout.BlockRegister] = (ulong)h.Block;
            VectorImage.MarkInUse(to);
            for (int slot = 0; slot < h.Layout.Slots.Length; slot++)
                Buffer.MemoryCopy(h.Layout.AddressOf(from, slot), h.Layout.AddressOf(to, slot), 16, Bytes(slot));
        }

        private Vector128<byte> Bits(VcpuState* s, int slot)
        {
            Vector128<byte> v = default;
            Buffer.MemoryCopy(h.Layout.AddressOf(s, slot), &v, 16, Bytes(slot));
            return v;
        }

        private int Bytes(int slot) => h.Layout.Slots[slot].Type switch { IrType.I32 => 4, IrType.V128 => 16, _ => 8 };

        private ref T Slot<T>(int slot) where T : unmanaged => ref *(T*)h.Layout.AddressOf(h.State, slot);
    }
}
