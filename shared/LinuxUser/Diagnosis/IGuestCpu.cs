using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>What reports ask the target's processor.</summary>
public interface IGuestCpu
{
    /// <summary>Name of the CPU model, as -cpu takes it; null for the default.</summary>
    string? ModelName { get; }

    /// <summary>Disassembly, one instruction a line, each line ended; a line begins with 0x, the address and a colon.</summary>
    string ListCode(ulong pc, ReadOnlySpan<byte> code);

    /// <summary>Why the instruction at the thread's pc is illegal on this CPU model; null when it is on all.</summary>
    MissingFeature? ExplainIllegal(GuestThread thread);
}

/// <summary>An instruction that the CPU lacks.</summary>
/// <param name="Instruction">Its mnemonic.</param>
/// <param name="Feature">What it needs.</param>
/// <param name="Lacking">Who lacks that: a -cpu model, or the host.</param>
/// <param name="Model">A -cpu value that has it; null when none helps.</param>
public sealed record MissingFeature(string Instruction, string Feature, string Lacking, string? Model)
{
    /// <summary>One sentence about it.</summary>
    public override string ToString() => $"{Instruction} needs {Feature}, which {Lacking} lacks; {(Model is null ? "no -cpu helps here" : $"-cpu {Model} has it")}";
}
