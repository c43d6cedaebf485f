using Iced.Intel;
using Suite.Jit;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Decoder = Iced.Intel.Decoder;

namespace Suite.Tests.Jit.Backend;

/// <summary>Compiles IR without running it and lists the host code; where jumps go is left out.</summary>
internal sealed unsafe class IrAssembly : IDisposable
{
    private const ulong Pc = 0x1000_0000;

    private readonly RegionFixture _region = new();
    private readonly IrCompiler _compiler;
    private readonly BlockBuilder _builder;
    private readonly Generation _generation;

    public IrAssembly()
    {
        HostFeatures everything = new(Movbe: true, Bmi: true, Lzcnt: true, Avx: true, Fma: true, Avx512: true, Avx2: true, Vbmi: true);
        Layout = IrTestLayout.Create(everything);
        _compiler = new IrCompiler(Layout, everything);
        Stubs stubs = new(_region.Region, new TranslatorTraits { EntersInside = false, ComparesTargets = true });
        _builder = new BlockBuilder(stubs, _region.Region, new EngineOptions());
        _generation = new Generation(stubs.CodeStart, _region.Region.CodeEnd, 0);
    }

    public StateLayout Layout { get; }

    public IrBlock Block { get; } = new();

    /// <summary>Starts the next guest instruction.</summary>
    public void Insn() => Block.InsnStart(Pc + (ulong)(4 * _insns++), 4);

    private int _insns;

    public int Get(int slot) => Block.Get(Layout, slot);

    /// <summary>Host code of the block, an instruction a line.</summary>
    public string Compile()
    {
        _generation.Reset();
        _builder.Begin(_generation, Pc, _generation.Hot, isChecked: false);
        byte* start = _builder.Hot.Position;
        _compiler.Compile(Block, _builder);
        ReadOnlySpan<byte> code = new(start, (int)(_builder.Hot.Position - start));
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()), Pc);
        NasmFormatter formatter = new();
        StringOutput output = new();
        List<string> lines = [];
        while (decoder.IP < Pc + (ulong)code.Length)
        {
            decoder.Decode(out Instruction instruction);
            formatter.Format(instruction, output);
            string text = output.ToStringAndReset();
            if (instruction.Mnemonic != Mnemonic.Nop)
                lines.Add(instruction.NearBranchTarget != 0 ? text[..text.IndexOf(' ')] : text);
        }

        return string.Join('\n', lines);
    }

    public void Dispose() => _region.Dispose();
}
