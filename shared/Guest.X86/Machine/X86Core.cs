using Suite.Guest.X86.Cpu;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine;

/// <summary>
/// Everything about an x86 processor in system mode that is not plain computation: paging, segmentation, control transfers, exceptions, tasks,
/// system registers. It works on an <see cref="X86Cpu"/>, which is exact on entry and on exit. Used by the thread of its vCPU only.
/// </summary>
public sealed unsafe partial class X86Core
{
    private readonly X86Cpu* _cpu;
    private readonly int _index;
    private readonly PhysicalMemory _memory;
    private readonly IX86Platform _platform;
    private SystemCpuid _cpuid;
    private ulong _aboveWidth;
    private bool _isAmd;

    /// <summary>A core for one vCPU; its state is left as it is, see <see cref="Reset"/>.</summary>
    /// <param name="cpu">The state; must not move.</param>
    /// <param name="index">Number of the vCPU.</param>
    /// <param name="memory">Physical memory, which everything but instructions and their translated operands goes through.</param>
    /// <param name="platform">Ports, local APIC, clock.</param>
    /// <param name="cpuid">What cpuid answers, and which features follow from it.</param>
    public X86Core(X86Cpu* cpu, int index, PhysicalMemory memory, IX86Platform platform, SystemCpuid cpuid)
    {
        _cpu = cpu;
        (_index, _memory, _platform) = (index, memory, platform);
        Cpuid = _cpuid = cpuid;
        memory.Changed += () => _mapChanged = true;
    }

    /// <summary>Who hears of changed translations.</summary>
    public IX86CoreEvents? Events { get; set; }

    /// <summary>What is logged; null for nothing.</summary>
    public X86Log? Log { get; set; }

    /// <summary>What cpuid answers, and which features follow from it. Set it before the first instruction.</summary>
    public SystemCpuid Cpuid
    {
        get => _cpuid;
        set
        {
            _cpuid = value;
            (_aboveWidth, _isAmd) = (value.AboveWidth, value.IsAmd);
        }
    }

    /// <summary>True after a triple fault, until <see cref="Reset"/>.</summary>
    public bool IsShutDown { get; private set; }

    /// <summary>The state was changed from outside (a snapshot, a debugger, another accelerator): nothing kept of it holds.</summary>
    public void StateChanged()
    {
        (_inRepeat, _pendingDebug, _stepRule, _resumeSet) = (false, 0, StepRule.Before, false);
        IsShutDown = false;
        FlushTlb(withGlobal: true);
    }

    /// <summary>State as after power-on or RESET.</summary>
    public void Reset()
    {
        Log?.Reset(_cpu, _index);
        PowerOn.Reset(_cpu, _index == 0, Cpuid.Query(1, 0).Eax);
        StateChanged();
    }

    /// <summary>State as after INIT: as reset, but FPU state, model-specific registers and the time-stamp counter stay.</summary>
    public void Init()
    {
        Log?.Reset(_cpu, _index);
        PowerOn.Init(_cpu, Cpuid.Query(1, 0).Eax);
        StateChanged();
    }

    /// <summary>Start-up IPI: begins at vector * 4096 in real mode.</summary>
    public void StartUp(byte vector) => PowerOn.Start(_cpu, vector);
}
