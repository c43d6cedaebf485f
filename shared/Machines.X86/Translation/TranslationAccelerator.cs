using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Machines.X86.Boards;

namespace Suite.Machines.X86.Translation;

/// <summary>vCPUs whose code is translated. All interrupt controllers are devices of this process.</summary>
public sealed class TranslationAccelerator : IX86Accelerator
{
    /// <summary>Bytes of code memory for each vCPU when nothing is said.</summary>
    public const int DefaultCodeBytes = 128 << 20;

    private const int Vcpus = 32, LeastCodeBytes = 4 << 20, MostCodeBytes = 1 << 30;

    private readonly AddressSpaces _spaces;
    private readonly int _codeBytes;
    private TranslationMemory? _code;

    /// <summary>An accelerator for a machine's memory.</summary>
    /// <param name="spaces">The machine's.</param>
    /// <param name="codeBytes">Bytes of code memory for each vCPU (tb-size=); cut to what is possible.</param>
    public TranslationAccelerator(AddressSpaces spaces, int codeBytes = DefaultCodeBytes) =>
        (_spaces, _codeBytes) = (spaces, Math.Clamp(codeBytes, LeastCodeBytes, MostCodeBytes));

    /// <summary>What is logged; null for nothing.</summary>
    public X86Log? Log { get; init; }

    /// <summary>Instructions are counted (-icount).</summary>
    public bool CountsInstructions { get; init; }

    /// <inheritdoc/>
    public string Name => "translation";

    /// <inheritdoc/>
    public string Description => $"translation: {_codeBytes >> 20} MiB of code for each vCPU";

    /// <inheritdoc/>
    public IrqChipMode IrqChip => IrqChipMode.Off;

    /// <inheritdoc/>
    public int MostVcpus => Vcpus;

    /// <inheritdoc/>
    public int? TscHertz => X86Platform.TscHertz;

    /// <inheritdoc/>
    public IX86Vcpu CreateVcpu(int index, CpuTopology topology, CpuModel model, IX86Platform platform)
    {
        _code ??= new TranslationMemory(topology.Count, Math.Min(_codeBytes, int.MaxValue / topology.Count / 2));
        TranslatedVcpu vcpu = new(index, _spaces.Memory, platform, model, topology, _code) { Log = Log, CountsInstructions = CountsInstructions };
        return new TranslationVcpu(vcpu, model, index);
    }

    /// <inheritdoc/>
    public void Dispose() => _code?.Dispose();
}
