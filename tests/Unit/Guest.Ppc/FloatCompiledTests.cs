using System.Runtime.InteropServices;
using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;
using Suite.Tests.Jit.Backend;

namespace Suite.Tests.Guest.Ppc;

/// <summary>
/// Random blocks in their fast form, compiled, with the interpreter doing what they leave to it, against every instruction executed exactly: registers, CR,
/// memory and FPSCR must be equal.
/// </summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class FloatCompiledTests
{
    private const int Rounds = 2500, BlockLength = 12;

    private static readonly string[] Singles =
    [
        "fadds", "fsubs", "fmuls", "fdivs", "fmadds", "fmsubs", "fnmadds", "fnmsubs", "fsqrts", "fres", "frsp", "fsel", "fmr", "fneg", "fabs", "fnabs", "fcmpu", "fcmpo",
        "lfs", "lfsu", "lfsx", "lfsux", "stfs", "stfsu", "stfsx", "stfsux", "stfd", "stfiwx",
    ];

    private static readonly string[] Doubles =
    [
        "fadd", "fsub", "fmul", "fdiv", "fmadd", "fmsub", "fnmadd", "fnmsub", "fsqrt", "frsqrte", "frsp", "fctiw", "fctiwz", "fsel", "fmr", "fneg", "fabs", "fnabs",
        "fcmpu", "fcmpo", "lfs", "lfsx", "stfs", "stfsx", "lfd", "lfdu", "lfdx", "lfdux", "stfd", "stfdu", "stfdx", "stfdux", "stfiwx",
    ];

    private static readonly string[] Status = ["mffs", "mcrfs", "mtfsb0", "mtfsfi"];

    [Theory]
    [InlineData(false, "this host"), InlineData(true, "this host"), InlineData(false, "no AVX-512"), InlineData(true, "no AVX-512")]
    [InlineData(false, "this host", true), InlineData(true, "this host", true), InlineData(true, "no AVX-512", true)]
    public void Compiled_code_does_what_soft_float_does(bool single, string host, bool isHot = false)
    {
        HostFeatures features = LesserHosts.Named(host);
        if (!features.Fma)
            return;
        StateLayout layout = PpcLayout.Create(features.Avx512);
        using IrHost h = new(features, layout, new FpscrCode(layout, features));
        h.Run(() => new Comparison(h, single) { IsHot = isHot }.Run());
    }

    /// <summary>As C libraries do it: mffs behind whatever was computed last, no exception enabled.</summary>
    [Theory]
    [InlineData(false), InlineData(true)]
    public void Fpscr_is_read_in_compiled_code(bool single)
    {
        HostFeatures features = HostFeatures.Detect();
        if (!features.Fma || !features.Avx512)
            return;
        StateLayout layout = PpcLayout.Create(avx512: true);
        using IrHost h = new(features, layout, new FpscrCode(layout, features));
        h.Run(() => new Comparison(h, single) { ReadsFpscr = true }.Run());
    }

    /// <summary>A loop keeps singles as singles from turn to turn where it finds them, and is translated anew without that where it does not.</summary>
    [Fact]
    public void Loops_of_singles_do_what_soft_float_does()
    {
        HostFeatures features = HostFeatures.Detect();
        if (!features.Fma || !features.Avx512)
            return;
        using IrHost h = new(features, PpcLayout.Create(avx512: true));
        h.Run(() => new Comparison(h, single: true) { Turns = 4, IsHot = true }.Run());
    }

    private sealed class Comparison
    {
        private readonly IrHost _host;
        private readonly bool _single;
        private readonly PpcRow[] _rows;
        private readonly PpcModel _model = new("test", 0, (PpcFeature)ulong.MaxValue, 32);
        private readonly IrInterpreter _exact, _slow;
        private FloatOperands _random;
        private bool _delivers;
        private int _executed, _left, _reads, _readsLeft, _lostUnderflows, _assuming;

        public Comparison(IrHost host, bool single)
        {
            (_host, _single) = (host, single);
            _rows = [.. (single ? Singles : Doubles).Concat(Status).Select(name => PpcRows.All.First(row => row.Name == name))];
            _exact = new IrInterpreter(host.Layout, PpcHelpers.Create(), new IrShadowMemory(host.Shadow));
            _slow = new IrInterpreter(host.Layout, PpcHelpers.Create(), new DirectMemory());
            _random = new FloatOperands(single ? 5u : 6u);
        }

        /// <summary>Blocks end with mffs.</summary>
        public bool ReadsFpscr { get; init; }

        /// <summary>How often blocks are run through: more than once as a loop.</summary>
        public int Turns { get; init; } = 1;

        /// <summary>Puts wait until somebody looks, as in blocks that are executed often.</summary>
        public bool IsHot { get; init; }

        public void Run()
        {
            for (int round = 0; round < Rounds; round++)
                Round(round);
            Assert.True(!ReadsFpscr || _readsLeft <= _reads * 2 / 5, $"{_readsLeft} of {_reads} instructions mffs were left to the interpreter");
            Assert.True(Turns == 1 || _assuming > Rounds / 4, $"only {_assuming} loops began with assumptions");
            Assert.True(_left < _executed / 3, $"{_left} of {_executed} instructions were left to the interpreter");
            Assert.True(_lostUnderflows < Rounds / 100, $"{_lostUnderflows} underflows were lost");
        }

        private void Round(int round)
        {
            Prepare();
            uint[] words = [.. Enumerable.Range(0, ReadsFpscr ? 3 : BlockLength).Select(_ => Word())];
            if (ReadsFpscr)
            {
                words[^1] = 0xFFE0_048E; // mffs f31
                _reads++;
            }

            ulong start = _host.NewPc();
            string listing = $"round {round}: {string.Join(' ', words.Select(word => $"{word:x8}"))} fpscr {Slot<uint>(_host.State, PpcSlot.Fpscr):x8}";

            for (int turn = 0; turn < Turns; turn++)
                foreach (uint word in words)
                    Interpret(_exact, _host.Interpreted, word);
            Slot<uint>(_host.State, PpcSlot.Ctr) = (uint)Turns;
            if (Turns > 1)
                _host.Define(start, mayAssume => Build(start, words, start, mayAssume));
            int at = 0;
            while (true)
            {
                ulong pc = start + (ulong)at * 4;
                if (Turns == 1 || at > 0)
                    _host.Define(pc, Build(pc, words.AsSpan(at), start, mayAssume: false));
                ExitReason reason = _host.Execute(pc, VectorImage.Mxcsr(_host.State));
                at = (int)(_host.State->Pc - start) / 4;
                if (reason == ExitReason.Special && _host.State->ExitArg == 0x5000)
                    break;
                const ulong SimdException = 19;
                bool isExpected = reason == ExitReason.Special ? _host.State->ExitArg == PpcTrap.Interpret : reason == ExitReason.Fault && _host.State->FaultTrap == SimdException;
                Assert.True(isExpected && at < words.Length, $"{listing}: {reason} {_host.State->ExitArg} {_host.State->FaultTrap} at {at}");
                if (words[at] == 0xFFE0_048E)
                    _readsLeft++;
                else
                    _left++;
                Interpret(_slow, _host.State, words[at++]);
            }

            Assert.Equal(words.Length + 1, at);
            _executed += words.Length * Turns;
            Check(listing);
        }

        private IrBlock Build(ulong pc, ReadOnlySpan<uint> words, ulong start, bool mayAssume)
        {
            PpcEmitter emitter = new(_host.Layout, _model);
            Build(emitter, (uint)pc, words, (uint)start, assumed: 0);
            if (mayAssume && emitter.Assumable() is var assumable and not 0)
            {
                Build(emitter, (uint)pc, words, (uint)start, assumable);
                _assuming++;
            }

            emitter.Ir.IsHot = IsHot;

            return emitter.Ir;
        }

        private void Build(PpcEmitter emitter, uint pc, ReadOnlySpan<uint> words, uint start, uint assumed)
        {
            emitter.Begin(exact: false, assumed: assumed);
            foreach (uint word in words)
            {
                emitter.BeginInsn(pc);
                Row(word).Emit(emitter, word);
                pc += 4;
            }

            emitter.BeginInsn(pc);
            if (Turns > 1)
            {
                int left = emitter.Ir.Sub(emitter.Get(PpcSlot.Ctr), emitter.Const(1));
                emitter.Put(PpcSlot.Ctr, left);
                emitter.ExitIf(emitter.Ir.Compare(IrOp.Ne, left, emitter.Const(0)), start);
            }

            emitter.Exit(pc + 4);
        }

        // An enabled exception is the same trap on both sides, and both go on behind it.
        private void Interpret(IrInterpreter interpreter, VcpuState* state, uint word)
        {
            PpcEmitter emitter = new(_host.Layout, _model);
            emitter.Begin(exact: true, state);
            emitter.BeginInsn(0x1000);
            Row(word).Emit(emitter, word);
            IrOutcome outcome = interpreter.Run(emitter.Ir, state);
            Assert.True(outcome.End == IrEnd.Next || outcome.Argument == PpcTrap.FloatException, $"{word:x8}: {outcome}");
        }

        private PpcRow Row(uint word) => _rows.First(row => (word & row.Mask) == row.Match);

        private uint Word()
        {
            bool isStatus = (_random.Next() & 31) == 0 && _delivers;
            PpcRow row = _rows[isStatus ? _rows.Length - 1 - (int)(_random.Next() % (ulong)Status.Length) : (int)(_random.Next() % (ulong)(_rows.Length - Status.Length))];
            uint word = row.Match, r = (uint)_random.Next();
            foreach (string name in row.Operands.Split(','))
            {
                word |= name switch
                {
                    "d(ra)" => 3u << 16 | r & 0xF8,
                    "ra" or "ra0" => 3u << 16,
                    "rb" => 4u << 11,
                    "." => _random.Next() % 40 == 0 ? 1u : 0,
                    "fb" => (_random.Next() & 1) == 0 ? 29u << 21 : (uint)(3 + _random.Next() % 10) << 21,
                    "ff" => 7u << 23,
                    _ => PpcField.TryFind(name, out PpcField field) ? (uint)_random.Next() & field.Bits : throw new InvalidOperationException(name),
                };
            }

            return row.Name == "mffs" && _single ? Word() : word;
        }

        private void Prepare()
        {
            _host.State->Gpr[StateLayout.BlockRegister] = (ulong)_host.Block;
            for (int i = 0; i < _host.Shadow.Length; i += 8)
                System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(_host.Shadow.AsSpan(i), _single || (_random.Next() & 1) == 0 ? (ulong)_random.SingleBits() << 32 | _random.SingleBits() : _random.Double());
            _host.Shadow.CopyTo(new Span<byte>((byte*)IrHost.Data, IrHost.DataBytes));
            uint enables = ReadsFpscr || (_random.Next() & 7) != 0 ? 0 : (uint)_random.Next() & (_single ? Fpscr.Ve | Fpscr.Ze | Fpscr.Xe : 0xF8u);
            _delivers = (enables & (Fpscr.Ve | Fpscr.Ze)) == 0;
            uint control = ReadsFpscr ? 0 : (uint)_random.Next() & Fpscr.Rn | ((_random.Next() & 15) == 0 ? Fpscr.Ni : 0);
            uint fpscr = enables | control | (uint)_random.Next() & Fpscr.Fprf
                | (uint)_random.Next() & (uint)_random.Next() & Fpscr.Xx | ((_random.Next() & 3) == 0 ? (uint)_random.Next() : uint.MaxValue) & (FpscrState.Watched | Fpscr.Fx);
            uint underflowMasked = (uint)_random.Next() & 1;
            ReadOnlySpan<uint> displacements = [0, 8, 16, 24];
            uint index = displacements[(int)(_random.Next() & 3)];
            foreach (VcpuState* s in (VcpuState*[])[_host.State, _host.Interpreted])
            {
                VectorImage.MarkInUse(s);
                new PpcState(_host.Layout, s).Reset();
                _host.Layout.WriteConstants((byte*)s->Gpr[StateLayout.BlockRegister]);
                new PpcState(_host.Layout, s).SetGpr(3, IrHost.Data);
                new PpcState(_host.Layout, s).SetGpr(4, index);
                Slot<uint>(s, PpcSlot.UnderflowMasked) = underflowMasked;
                FpscrState.Apply(_host.Layout, s, fpscr);
            }

            for (int n = 0; n < 32; n++)
            {
                ulong value = _single || (_random.Next() & 3) == 0 ? _random.Single() : _random.Double();
                Slot<ulong>(_host.State, PpcSlot.Fpr(n)) = Slot<ulong>(_host.Interpreted, PpcSlot.Fpr(n)) = value;
            }
        }

        private void Check(string listing)
        {
            for (int n = 0; n < 32; n++)
            {
                ulong ours = Slot<ulong>(_host.State, PpcSlot.Fpr(n)), right = Slot<ulong>(_host.Interpreted, PpcSlot.Fpr(n));
                Assert.True(ours == right, $"{listing}: f{n} {ours:x}, should be {right:x}");
            }
            Assert.Equal(Slot<uint>(_host.Interpreted, PpcSlot.Gpr(3)), Slot<uint>(_host.State, PpcSlot.Gpr(3)));
            (uint cr, uint wantedCr) = (new PpcState(_host.Layout, _host.State).Cr, new PpcState(_host.Layout, _host.Interpreted).Cr);
            Assert.True(cr == wantedCr, $"{listing}: cr {cr:x8}, should be {wantedCr:x8}");
            int wrong = new ReadOnlySpan<byte>((byte*)IrHost.Data, IrHost.DataBytes).CommonPrefixLength(_host.Shadow);
            Assert.True(wrong == IrHost.DataBytes, $"{listing}: memory differs at {wrong:x}");
            uint fpscr = FpscrState.Materialize(_host.Layout, _host.State), wanted = FpscrState.Materialize(_host.Layout, _host.Interpreted);

            // An instruction without a result leaves FPRF alone, and that of the instruction before may have been optimised away.
            if (!_delivers)
                fpscr = fpscr & ~Fpscr.Fprf | wanted & Fpscr.Fprf;
            if ((fpscr ^ wanted) == Fpscr.Ux && (wanted & Fpscr.Ux) != 0)
                _lostUnderflows++; // tiny before rounding only, and not the last operation
            else
                Assert.True(fpscr == wanted, $"{listing}: fpscr {fpscr:x8}, should be {wanted:x8}");
        }

        private ref T Slot<T>(VcpuState* s, int slot) where T : unmanaged => ref *(T*)_host.Layout.AddressOf(s, slot);
    }

    /// <summary>Guest memory where compiled code sees it.</summary>
    private sealed class DirectMemory : IIrMemory
    {
        public bool Read(uint address, byte* into, int bytes, out ulong faultAddress)
        {
            faultAddress = address;
            NativeMemory.Copy((void*)address, into, (nuint)bytes);
            return true;
        }

        public bool Write(uint address, byte* from, int bytes, out ulong faultAddress)
        {
            faultAddress = address;
            NativeMemory.Copy(from, (void*)address, (nuint)bytes);
            return true;
        }

        public bool CompareExchange(uint address, uint expected, uint replacement, out bool stored, out ulong faultAddress) => throw new NotSupportedException();
    }
}
