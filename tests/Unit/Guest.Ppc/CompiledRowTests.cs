using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
using Suite.Jit;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;
using Suite.Tests.Jit.Backend;

namespace Suite.Tests.Guest.Ppc;

/// <summary>
/// Every row there is as compiled code, against its exact interpretation, which other tests hold against the installed QEMU: random operand fields and
/// state, one word at a time. What compiled code leaves to the interpreter is finished there, as the processor loop does it; faults, traps and system calls
/// have to be the same, and leave the same state.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class CompiledRowTests
{
    private const int Rounds = 150;

    public static TheoryData<string> Hosts => ["this host", "no AVX-512", "nothing optional"];

    [Theory, MemberData(nameof(Hosts))]
    public void Compiled_rows_do_what_interpreted_ones_do(string host)
    {
        HostFeatures features = LesserHosts.Named(host);
        StateLayout layout = PpcLayout.Create(features.Avx512);
        List<string> failures = [];
        using IrHost h = new(features, layout, new FpscrCode(layout, features));
        h.Run(() =>
        {
            foreach (PpcRow row in PpcRows.All)
                if (new Comparison(h, row).Run() is { } failure)
                    failures.Add(failure);
        });
        Assert.True(failures.Count == 0, $"{failures.Count} rows:\n{string.Join('\n', failures)}");
    }

    private sealed class Comparison
    {
        private const uint Middle = IrHost.Data + IrHost.DataBytes / 2, Nowhere = IrHost.Data + IrHost.DataBytes + 0x100, Left = 0x5000;
        private const int SimdFault = 19;

        // So many words as XER says are the interpreter's.
        private static readonly string[] Strings = ["lswx", "stswx", "lscbx"];

        private readonly IrHost _host;
        private readonly PpcRow _row;
        private readonly PpcModel _model;
        private readonly PpcEmitter _emitter;
        private readonly PpcInterpreter _exact, _finishing;
        private readonly byte[] _copy = new byte[IrHost.DataBytes];
        private readonly PpcRandomWords _random = new(23);
        private FloatOperands _doubles = new(29);

        // Something of the row that is not left to the interpreter anyway was done to the end; and without it.
        private bool _finished, _compiled;

        public Comparison(IrHost host, PpcRow row)
        {
            (_host, _row) = (host, row);
            _model = new PpcModel("test", 0, row.Feature, 32);
            _emitter = new PpcEmitter(host.Layout, _model);
            _exact = Interpreter(host.Shadow);
            _finishing = Interpreter(_copy);
        }

        public string? Run()
        {
            for (int round = 0; round < Rounds; round++)
            {
                uint word = Near(_random.Next(_row));
                Prepare();
                string what = $"{_row.Name} {word:x8} fpscr {Slot<uint>(_host.State, PpcSlot.Fpscr):x}";
                try
                {
                    if ((Execute(word) ?? Difference()) is { } failure)
                        return $"{what}: {failure}";
                }
                catch (InvalidOperationException e)
                {
                    return $"{what}: {e.Message}";
                }
            }

            return HostFeatures.Host.Avx512 && _host.Features.Avx512 && _finished && !_compiled && !Strings.Contains(_row.Name) ? $"{_row.Name}: never finished in compiled code" : null;
        }

        // Displacements as far as the memory goes.
        private uint Near(uint word) =>
            _row.Operands.Contains("d(ra)", StringComparison.Ordinal) ? word & ~0xFFFFu | (ushort)(_random.Below(64) * 4 - 128 + (_random.Below(4) == 0 ? 1 : 0)) : word;

        private PpcInterpreter Interpreter(byte[] memory) =>
            new(_host.Layout, _model, new PpcDecoder(_model), PpcHelpers.Create(), new IrShadowMemory(memory));

        // What is different about the way out, or null.
        private string? Execute(uint word)
        {
            ulong pc = _host.NewPc();
            _host.Interpreted->Pc = pc;
            IrOutcome right = _exact.ExecuteOne(_host.Interpreted, word);

            _emitter.Begin(exact: false);
            _emitter.BeginInsn((uint)pc);
            _row.Emit(_emitter, word);
            if (!_emitter.Ended)
                _emitter.Exit((uint)pc + 4);
            _finished |= right.End == IrEnd.Next && !_emitter.Ir.Insns.ToArray().Any(n => n.Op == IrOp.Call);
            _host.Define(pc, _emitter.Ir);
            ExitReason reason = _host.Execute(pc, VectorImage.Mxcsr(_host.State));
            FpscrState.LeaveVectorMode(_host.Layout, _host.State);

            bool isLeft = reason == ExitReason.Fault ? _host.State->FaultTrap == SimdFault : reason == ExitReason.Special && _host.State->ExitArg == PpcTrap.Interpret;
            if (isLeft)
                return _host.State->Pc != pc ? $"left to the interpreter at {_host.State->Pc:x}" : Same(Finish(word), right);
            _compiled |= reason == ExitReason.Special && _host.State->ExitArg == Left;
            IrOutcome ours = reason switch
            {
                ExitReason.Fault => new IrOutcome(IrEnd.Fault, _host.State->Pc, FaultAddress: _host.State->FaultAddress),
                ExitReason.Special when _host.State->ExitArg == Left => new IrOutcome(IrEnd.Next, _host.State->Pc),
                _ => new IrOutcome(IrEnd.Trap, _host.State->Pc, reason, _host.State->ExitArg),
            };
            return Same(ours, right);
        }

        private IrOutcome Finish(uint word)
        {
            Span<byte> memory = new((byte*)IrHost.Data, IrHost.DataBytes);
            memory.CopyTo(_copy);
            IrOutcome outcome = _finishing.ExecuteOne(_host.State, word);
            _copy.CopyTo(memory);
            return outcome;
        }

        private static string? Same(IrOutcome ours, IrOutcome right)
        {
            bool same = ours.End == right.End && (uint)ours.Pc == (uint)right.Pc
                && (ours.End != IrEnd.Fault || ours.FaultAddress == right.FaultAddress)
                && (ours.End != IrEnd.Trap || (ours.Reason == right.Reason && ours.Argument == right.Argument));
            return same ? null : $"ends with {ours}, should with {right}";
        }

        private void Prepare()
        {
            for (int i = 0; i < 64; i++)
                BinaryPrimitives.WriteUInt32BigEndian(_host.Shadow.AsSpan((int)(Middle - IrHost.Data) - 128 + i * 4), _random.NextValue());
            _host.Shadow.CopyTo(new Span<byte>((byte*)IrHost.Data, IrHost.DataBytes));
            PpcState state = new(_host.Layout, _host.State);
            _host.State->Gpr[StateLayout.BlockRegister] = (ulong)_host.Block;
            VectorImage.MarkInUse(_host.State);
            VectorImage.MarkInUse(_host.Interpreted);
            state.Reset();
            for (int n = 0; n < 32; n++)
            {
                state.SetGpr(n, Register(n));
                state.Slot<uint>(PpcSlot.GprHigh(n)) = Register(n);
                state.Slot<ulong>(PpcSlot.Fpr(n)) = _random.Below(2) == 0 ? _doubles.Double() : _doubles.Single();
                state.Slot<Vector128<uint>>(PpcSlot.Vr(n)) = Vector128.Create(_random.NextValue(), _random.NextValue(), _random.NextValue(), _random.NextValue());
            }

            state.Cr = _random.NextValue() ^ _random.NextValue();
            state.Xer = _random.NextValue() & 0xE000_007F;
            foreach (int slot in (ReadOnlySpan<int>)[PpcSlot.Lr, PpcSlot.Ctr, PpcSlot.Mq, PpcSlot.VrSave, PpcSlot.Usprg0])
                state.Slot<uint>(slot) = _random.NextValue();
            state.Slot<ulong>(PpcSlot.Acc) = (ulong)_random.NextValue() << 32 | _random.NextValue();
            FpscrState.Apply(_host.Layout, _host.State, _random.Below(3) == 0 ? _random.NextValue() & (Fpscr.Writable & ~0xF8u) : 0);
            AltivecState.WriteVscr(_host.Layout, _host.State, _random.Below(2) == 0 ? AltivecState.NonJava : 0);
            if (_random.Below(2) == 0)
            {
                state.Slot<uint>(PpcSlot.ReserveAddress) = Middle;
                state.Slot<uint>(PpcSlot.ReserveValue) = _random.Below(4) == 0 ? 7 : BinaryPrimitives.ReadUInt32BigEndian(_host.Shadow.AsSpan((int)(Middle - IrHost.Data)));
            }

            Copy(_host.State, _host.Interpreted);
        }

        // Mostly what memory accesses want: an address, or a small number. Indexed ones find one of each, or two small numbers and fault.
        private uint Register(int n) => _random.Below(8) switch
        {
            0 or 1 or 2 => Middle + (uint)(_random.Below(4) == 0 ? _random.Below(64) - 32 : 0),
            3 => (uint)_random.Below(9) * 4,
            4 => Nowhere + (uint)n,
            _ => _random.NextValue(),
        };

        private void Copy(VcpuState* from, VcpuState* to)
        {
            for (int slot = 0; slot < _host.Layout.Slots.Length; slot++)
                Buffer.MemoryCopy(_host.Layout.AddressOf(from, slot), _host.Layout.AddressOf(to, slot), 16, Bytes(slot));
            _host.Layout.WriteConstants((byte*)to->Gpr[StateLayout.BlockRegister]);
            VectorImage.Mxcsr(to) = VectorImage.Mxcsr(from);
        }

        private string? Difference()
        {
            uint ours = FpscrState.Materialize(_host.Layout, _host.State), right = FpscrState.Materialize(_host.Layout, _host.Interpreted);
            if (ours != right && !_row.Name.StartsWith("ef", StringComparison.Ordinal))
                return $"FPSCR {ours:x8}, should be {right:x8}";
            (ours, right) = (AltivecState.ReadVscr(_host.Layout, _host.State), AltivecState.ReadVscr(_host.Layout, _host.Interpreted));
            if (ours != right)
                return $"VSCR {ours:x}, should be {right:x}";
            for (int slot = 0; slot < _host.Layout.Slots.Length; slot++)
            {
                if (_host.Layout.Slots[slot].IsLazy || slot is PpcSlot.ScalarMxcsr or PpcSlot.CleanMxcsr or PpcSlot.VectorMxcsr or PpcSlot.VectorMode or PpcSlot.SatBits or PpcSlot.Vscr)
                    continue;
                Vector128<uint> mine = Bits(_host.State, slot), its = Bits(_host.Interpreted, slot);
                bool isCr = slot >= PpcSlot.Cr(0) && slot <= PpcSlot.Cr(7);
                if (isCr ? Order(mine) != Order(its) : mine != its)
                    return $"{_host.Layout.Slots[slot].Name} is {mine:x8}, should be {its:x8}";
            }

            return new ReadOnlySpan<byte>((byte*)IrHost.Data, IrHost.DataBytes).SequenceEqual(_host.Shadow) ? null : "memory differs";
        }

        private static ulong Order(Vector128<uint> bits) => IrMath.Evaluate64(IrOp.OrderToBits, bits.AsUInt64().ToScalar(), 0);

        private Vector128<uint> Bits(VcpuState* s, int slot)
        {
            Vector128<uint> v = default;
            Buffer.MemoryCopy(_host.Layout.AddressOf(s, slot), &v, 16, Bytes(slot));
            return v;
        }

        private int Bytes(int slot) => _host.Layout.Slots[slot] switch
        {
            { Type: IrType.I32, Home: SlotHome.Memory } => 4,
            { Type: IrType.V128 } => 16,
            _ => 8,
        };

        private ref T Slot<T>(VcpuState* s, int slot) where T : unmanaged => ref *(T*)_host.Layout.AddressOf(s, slot);
    }
}
