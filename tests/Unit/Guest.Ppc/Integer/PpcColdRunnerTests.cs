using System.Buffers.Binary;
using Suite.Guest.Ppc;
using Suite.Jit;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;
using Suite.Tests.Jit.Backend;

namespace Suite.Tests.Guest.Ppc;

/// <summary>What the first tier executes is what the rows say; what it leaves alone it leaves as it was.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class PpcColdRunnerTests
{
    private const int Rounds = 300;
    private const uint Code = IrHost.Data + IrHost.DataBytes - 64, Middle = IrHost.Data + IrHost.DataBytes / 2;

    // All that compilers make often; rows that are not among these may be left to generated code.
    private static readonly string[] Common =
    [
        "addi", "addis", "addic", "addic.", "subfic", "mulli", "cmpi", "cmpli", "cmp", "cmpl", "ori", "oris", "xori", "xoris", "andi.", "andis.", "rlwinm", "rlwimi", "rlwnm",
        "and", "andc", "or", "orc", "xor", "nand", "nor", "eqv", "extsb", "extsh", "cntlzw", "slw", "srw", "sraw", "srawi", "b", "bc", "bclr", "crand", "cror", "crxor", "crnor",
        "creqv", "mcrf", "isync", "sync", "mfcr", "mtcrf", "dcbt", "dcbtst", "lwz", "lbz", "lhz", "lha", "stw", "stb", "sth", "stwu", "stbu", "sthu", "lwzx", "lbzx", "lhzx", "lhax",
        "stwx", "stbx", "sthx", "lmw", "stmw", "lwarx", "stwcx.", "dcbz",
    ];

    [Fact]
    public void Cold_code_does_what_the_rows_say()
    {
        HostFeatures features = HostFeatures.Detect();
        using IrHost h = new(features, PpcLayout.Create(features.Avx512));
        h.Run(() => new Comparison(h).Run());
    }

    [Fact]
    public void Code_is_cold_until_it_was_entered_often()
    {
        using IrHost h = new(HostFeatures.Detect());
        h.Run(() =>
        {
            ColdCode code = new(3, h);
            for (int i = 0; i < 3; i++)
                Assert.True(code.MayEnter(h.State, 0x1000));
            Assert.False(code.MayEnter(h.State, 0x1000));
            Assert.True(code.IsCold(0x1004));
            code.MakeHot(0x1004);
            Assert.False(code.MayEnter(h.State, 0x1004));
            h.State->Pending = 1;
            Assert.False(code.MayEnter(h.State, 0x1008));
            h.State->Pending = 0;
            Assert.True(code.MayEnter(h.State, 0x1008));
        });
    }

    private sealed class Comparison
    {
        private readonly IrHost _host;
        private readonly PpcRandomWords _random = new(11);
        private readonly PpcModel _model = new("test", 0, PpcFeature.None, 32);
        private readonly PpcInterpreter _interpreter;
        private readonly PpcColdRunner _runner;
        private readonly ColdCode _refused;

        public Comparison(IrHost host)
        {
            _host = host;
            _interpreter = new PpcInterpreter(host.Layout, _model, new PpcDecoder(_model), PpcHelpers.Create(), new IrShadowMemory(host.Shadow));
            _runner = new PpcColdRunner(host.Layout, _model, host.Engine.Stubs);
            _refused = new ColdCode(0, host);
        }

        public void Run()
        {
            _host.State->Gpr[StateLayout.BlockRegister] = (ulong)_host.Block;
            foreach (PpcRow row in PpcRows.All.Where(r => r.Feature == PpcFeature.None))
            {
                int executed = 0;
                for (int i = 0; i < Rounds; i++)
                    if (Execute(row))
                        executed++;
                Assert.True(executed > Rounds / 2 || !Common.Contains(row.Name), $"{row.Name}: only {executed} of {Rounds} were executed");
            }
        }

        private bool Execute(PpcRow row)
        {
            uint word = _random.Next(row);
            bool isIndexed = row.Operands.Contains("rb", StringComparison.Ordinal);
            if (row.Name[0] == 'l' || row.Name.StartsWith("st", StringComparison.Ordinal) || row.Name.StartsWith("dcb", StringComparison.Ordinal))
                word = word & ~(0x1Fu << 16 | (isIndexed ? 0x1Fu << 11 : 0xF000)) | 3u << 16 | (isIndexed ? 4u << 11 : 0);
            Prepare(word);
            _host.State->Pc = _host.Interpreted->Pc = Code;
            ColdEnd end = _runner.Run(_host.State, _refused);
            string what = $"{row.Name} {word:x8}";
            if (_host.State->Pc == Code && end == ColdEnd.NeedsCode)
            {
                Compare(what + " (left alone)", afterwards: false);
                return false;
            }

            IrOutcome outcome = _interpreter.ExecuteOne(_host.Interpreted, word);
            Assert.True(outcome.End == IrEnd.Next || outcome.Reason == ExitReason.SystemCall, $"{what}: {outcome}");
            Assert.Equal(outcome.End == IrEnd.Next && outcome.Pc == Code + 4 ? ColdEnd.NeedsCode : outcome.End == IrEnd.Next ? ColdEnd.Refused : ColdEnd.SystemCall, end);
            Assert.True(_host.State->Pc == _host.Interpreted->Pc, $"{what}: at {_host.State->Pc:x}, should be at {_host.Interpreted->Pc:x}");
            Compare(what, afterwards: true);
            return true;
        }

        // The word, and behind it one that is no instruction.
        private void Prepare(uint word)
        {
            if (_random.Below(50) == 0)
                for (int i = 0; i < _host.Shadow.Length; i += 4)
                    BinaryPrimitives.WriteUInt32BigEndian(_host.Shadow.AsSpan(i), _random.NextValue());
            BinaryPrimitives.WriteUInt32BigEndian(_host.Shadow.AsSpan((int)(Code - IrHost.Data)), word);
            BinaryPrimitives.WriteUInt32BigEndian(_host.Shadow.AsSpan((int)(Code + 4 - IrHost.Data)), 0);
            _host.Shadow.CopyTo(new Span<byte>((byte*)IrHost.Data, IrHost.DataBytes));
            PpcState ours = new(_host.Layout, _host.State), right = new(_host.Layout, _host.Interpreted);
            ours.Reset();
            right.Reset();
            for (int n = 0; n < 32; n++)
                Both(PpcSlot.Gpr(n), _random.NextValue());
            Both(PpcSlot.Gpr(3), Middle + (uint)_random.Below(64) * 4);
            Both(PpcSlot.Gpr(4), (uint)_random.Below(64) * 4);
            ours.Cr = right.Cr = _random.NextValue();
            ours.Xer = right.Xer = _random.NextValue() & 0xE000_007F;
            Both(PpcSlot.Lr, _random.NextValue());
            Both(PpcSlot.Ctr, _random.Below(2) == 0 ? 1 : _random.NextValue());
            if (_random.Below(2) == 0)
                return;
            uint at = Middle + (uint)_random.Below(64) * 4;
            Both(PpcSlot.Gpr(3), at);
            Both(PpcSlot.Gpr(4), 0);
            Both(PpcSlot.ReserveAddress, at);
            Both(PpcSlot.ReserveValue, _random.Below(2) == 0 ? BinaryPrimitives.ReadUInt32BigEndian(_host.Shadow.AsSpan((int)(at - IrHost.Data))) : 7);
        }

        private void Both(int slot, uint value)
        {
            foreach (nint s in (nint[])[(nint)_host.State, (nint)_host.Interpreted])
            {
                PpcState state = new(_host.Layout, (VcpuState*)s);
                if (slot < 32)
                    state.SetGpr(slot, value);
                else
                    state.Slot<uint>(slot) = value;
            }
        }

        private void Compare(string what, bool afterwards)
        {
            PpcState ours = new(_host.Layout, _host.State), right = new(_host.Layout, _host.Interpreted);
            for (int n = 0; n < 32; n++)
                Assert.True(ours.Gpr(n) == right.Gpr(n), $"{what}: r{n} {ours.Gpr(n):x}, should be {right.Gpr(n):x}");
            Assert.True(ours.Cr == right.Cr && ours.Xer == right.Xer, $"{what}: cr {ours.Cr:x8} xer {ours.Xer:x8}, should be {right.Cr:x8} {right.Xer:x8}");
            foreach (int slot in (int[])[PpcSlot.Lr, PpcSlot.Ctr, PpcSlot.ReserveAddress, PpcSlot.ReserveValue])
                Assert.True(ours.Slot<uint>(slot) == right.Slot<uint>(slot), $"{what}: slot {slot} {ours.Slot<uint>(slot):x}, should be {right.Slot<uint>(slot):x}");

            // Of a store of many words that cannot be finished, a part may be done: it will be done again.
            if (afterwards)
                Assert.True(new ReadOnlySpan<byte>((byte*)IrHost.Data, IrHost.DataBytes).SequenceEqual(_host.Shadow), what + ": memory");
        }
    }
}
