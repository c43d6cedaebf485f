using System.Diagnostics.CodeAnalysis;
using Suite.Guest.X86.Cpu;
using Suite.Host;

namespace Suite.UserMode.X86;

/// <summary>What the two x86 tools share before the CPU is chosen: -cpu.</summary>
public abstract class X86UserTarget : UserTarget
{
    /// <inheritdoc/>
    public sealed override string CpuHelp()
    {
        StringWriter text = new();
        CpuModel.WriteHelp(text, Elf.Is64);
        return text.ToString();
    }

    /// <inheritdoc/>
    public sealed override bool TrySelectCpu(string? spec, [NotNullWhen(true)] out UserCpu? cpu, [NotNullWhen(false)] out string? error)
    {
        (cpu, error) = (null, null);
        try
        {
            cpu = MakeCpu(CpuModel.Parse(spec ?? "max", new HostCpuid(() => HostCpu.Xcr0), Elf.Is64, emulates3DNow: true));
            return true;
        }
        catch (CpuModelException e)
        {
            error = e.Message;
            return false;
        }
    }

    /// <summary>The target on this model.</summary>
    protected abstract UserCpu MakeCpu(CpuModel model);
}
