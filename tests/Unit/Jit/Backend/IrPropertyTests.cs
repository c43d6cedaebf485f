using System.Text;
using Iced.Intel;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Jit.Backend;

/// <summary>Random IR over random state: compiled code and the interpreter must leave the same state, memory and way out.</summary>
[Collection(ReencodeCollection.Name)]
public sealed unsafe class IrPropertyTests
{
    public static TheoryData<string> Hosts => ["this host", "no AVX-512", "no MOVBE", "no BMI", "nothing optional"];

    [Theory, MemberData(nameof(Hosts))]
    public void Integer_code_does_what_the_interpreter_does(string host) => Compare(host, 1500, seed => new Random(seed), floats: false, faults: false);

    [Theory, MemberData(nameof(Hosts))]
    public void Faults_leave_the_state_at_an_instruction_boundary(string host) => Compare(host, 800, seed => new Random(~seed), floats: false, faults: true);

    [Theory, InlineData("this host"), InlineData("no AVX-512")]
    public void Floating_point_code_does_what_the_interpreter_does(string host)
    {
        if (HostFeatures.Detect().Fma)
            Compare(host, 1500, seed => new Random(seed * 7919), floats: true, faults: true);
    }

    /// <summary>Puts that wait until somebody looks: faults, traps and exits in the middle of long blocks must find what was put.</summary>
    [Theory, InlineData("this host"), InlineData("no AVX-512")]
    public void Hot_code_does_what_the_interpreter_does(string host)
    {
        if (HostFeatures.Detect().Fma)
            Compare(host, 1500, seed => new Random(seed * 104_729), floats: true, faults: true, hot: true);
    }

    private static void Compare(string host, int rounds, Func<int, Random> random, bool floats, bool faults, bool hot = false)
    {
        using IrHost h = new(LesserHosts.Named(host));
        h.Run(() =>
        {
            IrInterpreter interpreter = new(h.Layout, new IrHelpers(), new IrShadowMemory(h.Shadow));
            int late = 0;
            for (int seed = 1; seed <= rounds; seed++)
                late += Round(h, interpreter, seed, random(seed), floats, faults, hot) ? 1 : 0;
            Assert.True(!hot || late > rounds / 4, $"only {late} blocks had Puts that waited");
        });
    }

    private static bool Round(IrHost h, IrInterpreter interpreter, int seed, Random random, bool floats, bool faults, bool hot)
    {
        IrGenerator generator = new(h.Layout, random) { Floats = floats, Faults = faults, Fused = h.Fused };
        ulong pc = h.NewPc();
        generator.Generate(pc, random.Next(1, hot ? 40 : 12), h.NewPc);
        generator.Block.IsHot = hot;
        string listing = IrText.List(generator.Block, h.Layout);
        IrStates.Randomize(h, random, floats);
        IrOutcome expected = interpreter.Run(generator.Block, h.Interpreted);
        h.Define(pc, generator.Block);
        ExitReason reason;
        try
        {
            reason = h.Execute(pc);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}\n{listing}", e);
        }

        string? difference = Ending(h, expected, reason) ?? IrStates.Difference(h, expected.End == IrEnd.Fault || (expected.End == IrEnd.Trap && expected.Argument < IrGenerator.TrapIfArguments));
        if (difference != null)
            Assert.Fail($"seed {seed}: {difference}\n{listing}\nimproved:\n{IrText.List(generator.Block, h.Layout)}\n{Disassemble(h)}");
        return generator.Block.LatePuts.Exists(put => !h.Layout.Slots[put.Slot].IsLazy);
    }

    private static string? Ending(IrHost h, in IrOutcome expected, ExitReason reason)
    {
        VcpuState* s = h.State;
        (ExitReason wanted, ulong pc, uint argument) = expected.End switch
        {
            IrEnd.Fault => (ExitReason.Fault, expected.Pc, 0u),
            IrEnd.Trap => (expected.Reason, expected.Pc, expected.Argument),
            _ => (ExitReason.Special, expected.Pc, 0x5000u),
        };
        if (reason != wanted || s->Pc != pc || (reason != ExitReason.Fault && s->ExitArg != argument))
            return $"left with {reason} {s->ExitArg} at {s->Pc:x}; expected {wanted} {argument} at {pc:x}";
        return reason == ExitReason.Fault && s->FaultAddress != expected.FaultAddress ? $"fault at {s->FaultAddress:x}; expected {expected.FaultAddress:x}" : null;
    }

    private static string Disassemble(IrHost h)
    {
        StringBuilder text = new();
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(h.HostCode), h.HostCodeAt);
        NasmFormatter formatter = new();
        StringOutput output = new();
        while (decoder.IP < h.HostCodeAt + (ulong)h.HostCode.Length)
        {
            decoder.Decode(out Instruction instruction);
            formatter.Format(instruction, output);
            text.Append(output.ToStringAndReset()).Append('\n');
        }

        return text.ToString();
    }
}
