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
    /// <param name="model">What cpuid answers, for a machine of one processor; see <see cref="Cpuid"/> for others.</param>
    public X86Core(X86Cpu* cpu, int index, PhysicalMemory memory, IX86Platform platform, CpuModel model)
    {
        _cpu = cpu;
        (_index, _memory, _platform) = (index, memory, platform);
        Cpuid = _cpuid = new SystemCpuid(model, index, new CpuTopology(index + 1, 1, 1));
        memory.Changed += () => _mapChanged = true;
    }

    /// <summary>Who hears of changed translations.</summary>
    public IX86CoreEvents? Events { get; set; }

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

    /// <summary>State as after power-on or RESET (Intel SDM volume 3, table 10-1).</summary>
    public void Reset()
    {
        byte* vectors = _cpu->Vectors;
        ulong a20 = _cpu->A20Mask;
        *_cpu = default;
        _cpu->Vectors = vectors;
        _cpu->A20Mask = a20 == 0 ? ulong.MaxValue : a20;
        const ulong patDefault = 0x0007_0406_0007_0406, fastStrings = 1;
        _cpu->Pat = patDefault;
        _cpu->MiscEnable = fastStrings;
        _cpu->Xcr0 = StateX87;
        _platform.TryReadMsr(_index, MsrApicBase, out _cpu->ApicBase);
        ResetVectors();
        ResetCommon();
    }

    /// <summary>State as after INIT: as reset, but FPU state, model-specific registers and the time-stamp counter stay.</summary>
    public void Init() => ResetCommon();

    /// <summary>Start-up IPI: begins at vector * 4096 in real mode.</summary>
    public void StartUp(byte vector)
    {
        ref Segment cs = ref _cpu->Seg(SegmentName.Cs);
        cs.Selector = (ushort)(vector << 8);
        cs.Base = (ulong)vector << 12;
        _cpu->Rip = 0;
        _cpu->Halted = 0;
    }

    private void ResetCommon()
    {
        const ushort startSelector = 0xF000;
        const ulong startBase = 0xFFFF_0000, startRip = 0xFFF0;
        for (int i = 0; i < 16; i++)
            _cpu->Gpr[i] = 0;
        _cpu->Gpr[Rdx] = Cpuid.Query(1, 0).Eax;
        _cpu->Rip = startRip;
        _cpu->Rflags = FlagFixed;
        for (int i = 0; i < 6; i++)
            _cpu->Seg(i) = new Segment { Limit = 0xFFFF, Attributes = RealData };
        _cpu->Seg(SegmentName.Cs) = new Segment { Base = startBase, Limit = 0xFFFF, Attributes = RealCode, Selector = startSelector };
        _cpu->Seg(SegmentName.Ldtr) = new Segment { Limit = 0xFFFF, Attributes = SystemLdt | Segment.Present };
        _cpu->Seg(SegmentName.Tr) = new Segment { Limit = 0xFFFF, Attributes = SystemTss32 | SystemTssBusy | Segment.Present };
        _cpu->Gdtr = _cpu->Idtr = new TableRegister { Limit = 0xFFFF };
        // INIT leaves the cache bits as they are; after power-on both are set.
        ulong cache = _cpu->Cr0 & (X86Cpu.Cr0Cd | X86Cpu.Cr0Nw);
        _cpu->Cr0 = X86Cpu.Cr0Et | (cache != 0 || _cpu->Cr0 == 0 ? X86Cpu.Cr0Cd | X86Cpu.Cr0Nw : 0);
        (_cpu->Cr2, _cpu->Cr3, _cpu->Cr4, _cpu->Cr8, _cpu->Efer) = (0, 0, 0, 0, 0);
        for (int i = 0; i < 8; i++)
            _cpu->Dr[i] = i switch { 6 => DrFixed6, 7 => DrFixed7, _ => 0 };
        (_cpu->InterruptShadow, _cpu->NmiBlocked, _cpu->Halted, _cpu->Cpl) = (0, 0, 0, 0);
        StateChanged();
    }
}
