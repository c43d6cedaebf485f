using Suite.Jit;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.X86;

/// <summary>Two guest threads share a cache that is too small, while their code is thrown away under them again and again.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class ReencodeThreadTests
{
    private const int Rounds = 1500;
    private const ulong Blocks = 4000;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void Code_is_dropped_and_the_cache_flushed_under_running_threads(bool isChecked, ulong seed)
    {
        using ReencodeHost host = new(new EngineOptions { CodeBytes = 1 << 20 }) { CanProtect = !isChecked };
        host.Run(() =>
        {
            ReencodeRandom random = new(seed);
            Job far = new(host, random, ReencodeHost.FarCode + 0x800, ReencodeHost.FarData, ReencodeHost.FarStack);
            Job near = new(host, random, ReencodeHost.NearCode + 0x800, ReencodeHost.NearData, ReencodeHost.NearStack);
            ReencodeHost.SetHostGs(0);
            Exception? failure = null;
            int done = 0;
            Thread second = host.Start(s => Repeat(host, s, near, far, new ReencodeRandom(seed + 10), ref done), e => failure = e);
            try
            {
                Repeat(host, host.State, far, near, new ReencodeRandom(seed + 20), ref done);
            }
            finally
            {
                Interlocked.Add(ref done, Rounds); // the other one need not wait if this one failed
                second.Join();
            }

            Assert.Null(failure);
            Assert.True(host.Engine.Translations > 2 * Rounds, $"{host.Engine.Translations} translations");
        });
    }

    // Each goes on until both have done their rounds, so that they are at it together all the time.
    private static void Repeat(ReencodeHost host, VcpuState* s, Job own, Job other, ReencodeRandom random, ref int done)
    {
        for (int i = 0; i < Rounds || Volatile.Read(ref done) < Rounds; i++)
        {
            own.RunTranslated(s);
            if (i < Rounds)
                Interlocked.Increment(ref done);
            Job dropped = random.OneIn(2) ? own : other;
            host.Engine.Invalidate(dropped.At + (ulong)random.Below(dropped.Length), (ulong)random.Below(200) + 1);
        }
    }

    /// <summary>A program, what it starts with, and how the processor ends it.</summary>
    private sealed class Job
    {
        private readonly ReencodeHost _host;
        private readonly ReencodeState _input = new(), _expected = new(), _actual = new();

        public Job(ReencodeHost host, ReencodeRandom random, ulong at, ulong data, ulong stack)
        {
            (_host, At) = (host, at);
            ReencodeComparison compare = new(host) { Data = data, Stack = stack };
            ReencodeProgram program = new(random, []) { Balanced = true };
            do
            {
                program.Build(at, data);
                compare.Randomize(random);
                program.FillData(compare);
                compare.Input.Gpr[15] = Blocks;
                compare.NativeEnd(at, program.Bytes);
            }
            while (!compare.Native.EndedAtStop || compare.Native.Gpr[1] != 0);
            Length = program.Bytes.Length;
            program.Bytes.CopyTo(new Span<byte>((byte*)at, Length));
            _input.CopyFrom(compare.Input);
            _input.Pc = at;
            _expected.CopyFrom(compare.Native);
        }

        public ulong At { get; }

        public int Length { get; }

        public void RunTranslated(VcpuState* s)
        {
            _input.Load(s);
            ExitReason reason = _host.RunOverKicks(s);
            _actual.Store(s, s->Pc);
            Assert.True(reason == ExitReason.Special, $"{reason} at {s->Pc:x}, exit {s->ExitArg:x}, host {s->HostPc:x}, rsp {s->Gpr[4]:x}");
            Assert.Null(_actual.Difference(_expected));
        }
    }
}
