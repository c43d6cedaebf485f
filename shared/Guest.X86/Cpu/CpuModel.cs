using Iced.Intel;

namespace Suite.Guest.X86.Cpu;

/// <summary>
/// The processor that a guest sees, chosen with <c>-cpu</c>. Instructions run on the host, so a model is a cut-out of the host: it answers cpuid its own
/// way and refuses what it should not know. With <see cref="IsHost"/> there is nothing to answer or refuse, and no table is ever touched.
/// </summary>
public sealed class CpuModel
{
    // Larger than the decoder's list of instruction forms; a test watches it.
    internal const int CodeLimit = 8192;

    private const byte Unknown = 0xFF;

    private readonly IHostCpuid _host;
    private readonly NamedCpu? _cpu;
    private byte[]? _actions;

    internal CpuModel(string name, IHostCpuid host, NamedCpu? cpu)
    {
        Name = name;
        _host = host;
        _cpu = cpu;
    }

    /// <summary>The model's full name, e.g. <c>Haswell-v1</c>, without the changes asked for.</summary>
    public string Name { get; }

    /// <summary>max or host without changes: cpuid may be executed as it is, and every instruction is allowed.</summary>
    public bool IsHost => _cpu is null;

    /// <summary>Names of the features the model was asked to have but the host cannot give; worth a warning.</summary>
    public IReadOnlyList<string> MissingOnHost => _cpu?.MissingOnHost ?? (IReadOnlyList<string>)[];

    /// <summary>What xgetbv(0) answers.</summary>
    public ulong Xcr0 => _cpu?.Xcr0 ?? _host.Xcr0;

    /// <summary>
    /// True if the model has fewer extended state components than the host has enabled. The host's xsave would then write more than leaf 0xD told
    /// the guest: edx:eax of xsave, xsavec, xsaveopt and xrstor must be masked with <see cref="Xcr0"/>, also what xgetbv(1) answers.
    /// </summary>
    public bool NarrowsXsave => _cpu is { } cpu && cpu.Xcr0 != 0 && cpu.Xcr0 != _host.Xcr0;

    /// <summary>AT_HWCAP: leaf 1 edx.</summary>
    public ulong Hwcap => Query(1, 0).Edx;

    /// <summary>AT_HWCAP2: bit 0 monitor in user mode, never; bit 1 fsgsbase.</summary>
    public ulong Hwcap2 => Query(0, 0).Eax >= 7 && (Query(7, 0).Ebx & 1) != 0 ? 2UL : 0;

    /// <summary>The feature bits, for tests and error texts; null if <see cref="IsHost"/>.</summary>
    internal NamedCpu? Cpu => _cpu;

    /// <summary>Chooses a model.</summary>
    /// <param name="spec">QEMU's syntax: <c>NAME[,+feature][,-feature][,feature=on|off][,property=value]</c>; empty means max.</param>
    /// <param name="host">The processor we run on.</param>
    /// <param name="is64Bit">Whether the guest is a 64-bit program.</param>
    /// <exception cref="CpuModelException">the text says what is wrong with <paramref name="spec"/></exception>
    /// <param name="emulates3DNow">Whether 3DNow! is computed where the host has none (<see cref="ThreeDNow"/>).</param>
    public static CpuModel Parse(string spec, IHostCpuid host, bool is64Bit, bool emulates3DNow = false) => spec switch
    {
        "" => new CpuModel("max", host, null),
        "max" or "host" => new CpuModel(spec, host, null),
        _ => CpuModelParser.Parse(spec, host, is64Bit, emulates3DNow ? CpuFeatureSet.Of(CpuFeature.ThreeDNow, CpuFeature.ThreeDNowExt) : default),
    };

    /// <summary>The models' names, the default first.</summary>
    public static IReadOnlyList<string> Names(bool is64Bit) => CpuModelHelp.Names(is64Bit);

    /// <summary>Writes what <c>-cpu help</c> prints: the models, then the names of the features.</summary>
    public static void WriteHelp(TextWriter output, bool is64Bit) => CpuModelHelp.Write(output, is64Bit);

    /// <summary>The name of the oldest model with a feature (a psABI level if one has it), null if none has.</summary>
    /// <param name="feature">a name as <see cref="MissingFeature"/> returns it</param>
    public static string? OldestModelWith(string feature)
    {
        if (CpuFeatureTable.TryFind(feature, out CpuFeature wanted))
            foreach (CpuModelDefinition model in new CpuModelTable().Models)
                if (model.Features.Has(wanted))
                    return model.Name;
        return null;
    }

    /// <summary>What cpuid answers the guest for eax and ecx. Asks the host each time, as some answers differ by processor.</summary>
    public CpuidLeaf Query(uint leaf, uint subleaf) => _cpu is null ? _host.Query(leaf, subleaf) : CpuidAnswers.Query(_cpu, leaf, subleaf);

    /// <summary>Whether the model has what an instruction group needs.</summary>
    public bool Supports(CpuidFeature feature) => _cpu is null || InstructionRules.Supports(_cpu.Features, feature);

    /// <summary>Whether an instruction has its full meaning on this model.</summary>
    public bool Allows(in Instruction insn) => Classify(insn) == ModelAction.Allow;

    /// <summary>What the model does with an instruction. Safe to call from several threads.</summary>
    public ModelAction Classify(in Instruction insn)
    {
        if (_cpu is null)
            return ModelAction.Allow;
        byte[] actions = _actions ?? MakeActions();
        int code = (int)insn.Code;
        if (actions[code] == Unknown)
            actions[code] = (byte)InstructionRules.Classify(_cpu.Features, _cpu.Emulated, insn.Code, _cpu.Is64Bit);
        return (ModelAction)actions[code];
    }

    /// <summary>The name of the feature for want of which an instruction is refused, null if it is not.</summary>
    public string? MissingFeature(in Instruction insn) =>
        _cpu is null ? null : InstructionRules.MissingGroup(_cpu.Features, insn.Code, _cpu.Is64Bit, out _);

    /// <summary>The text of /proc/cpuinfo.</summary>
    /// <param name="hostCpuinfo">the host's text: its processors, clock and topology are kept</param>
    public string ProcCpuinfo(string hostCpuinfo) => _cpu is null ? hostCpuinfo : CpuinfoText.Write(_cpu, hostCpuinfo);

    // Threads may make one each; they come to the same contents.
    private byte[] MakeActions()
    {
        var actions = new byte[CodeLimit];
        Array.Fill(actions, Unknown);
        _actions = actions;
        return actions;
    }
}
