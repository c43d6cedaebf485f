using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iced.Intel;
using Suite.Guest.X86.Cpu;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>Why a translated vCPU came back.</summary>
public enum TranslatedExit
{
    /// <summary>It was kicked.</summary>
    Kicked,

    /// <summary>It waits for an interrupt.</summary>
    Halted,

    /// <summary>Triple fault.</summary>
    Shutdown,

    /// <summary>A debugger's breakpoint or step.</summary>
    Debug,

    /// <summary>As many instructions were executed as were allowed.</summary>
    Deadline,
}

/// <summary>
/// A vCPU whose code is translated: its state, its share of the code cache, and the loop between generated code and <see cref="X86Core"/>. Belongs to one thread at a time.
/// </summary>
public sealed unsafe partial class TranslatedVcpu : IX86CoreEvents, IDisposable
{
    private const ulong ArithmeticFlags = X86Cpu.FlagCf | X86Cpu.FlagPf | X86Cpu.FlagAf | X86Cpu.FlagZf | X86Cpu.FlagSf | X86Cpu.FlagOf;

    // Turns of waiting loops until the host's processor is offered to other threads. Of 64 to 16384, this let xv6 with four processors on two do most.
    private const uint SpinsPerTurn = 256;

    private readonly VcpuArea* _area;
    private readonly long _areaBytes;
    private readonly PhysicalMemory _memory;
    private readonly IX86Platform _platform;
    private readonly int _index;
    private readonly MachineCode _code;
    private readonly MachineTranslator _translator;
    private readonly BlockStore _blocks;
    private readonly CarefulEmitter _careful;
    private readonly TranslationMemory _shared;
    private readonly GCHandle _self;
    private readonly delegate* unmanaged<uint> _enter;

    private ModeKey _mode;
    private bool _modeIsKnown;
    private int _thread;

    /// <summary>A vCPU in its state after power-on.</summary>
    /// <param name="index">From 0; its APIC id.</param>
    /// <param name="memory">Physical memory.</param>
    /// <param name="platform">The machine around it.</param>
    /// <param name="model">What cpuid answers.</param>
    /// <param name="topology">Of the machine.</param>
    /// <param name="shared">Code memory of all vCPUs of the machine.</param>
    public TranslatedVcpu(int index, PhysicalMemory memory, IX86Platform platform, CpuModel model, CpuTopology topology, TranslationMemory shared)
    {
        (_index, _memory, _platform, _shared) = (index, memory, platform, shared);
        int vectors = (HostCpu.XsaveSize + 63) & ~63;
        int areaBytes = (sizeof(VcpuArea) + 63) & ~63;
        _areaBytes = areaBytes + vectors;
        long at = Sys.Call(Nr.mmap, 0, _areaBytes, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS, -1, 0);
        if (Sys.IsError(at))
            throw new EngineException($"no memory for a vCPU (errno {-at})");
        _area = (VcpuArea*)at;
        _self = GCHandle.Alloc(this);
        _area->Self = (nint)_area;
        _area->Owner = GCHandle.ToIntPtr(_self);
        _area->HostMxcsr = 0x1F80;
        const ulong VectorComponents = 0xE7; // x87, SSE, AVX, AVX-512
        _area->VectorMask = HostCpu.Xcr0 & (model.Xcr0 | 3) & VectorComponents;
        _area->Cpu.Vectors = (byte*)at + areaBytes;
        byte* code = shared.Take(out int codeBytes);
        _code = new MachineCode(code, codeBytes, &OnMiss, HostCpu.HasXsaveopt);
        shared.InstallFaults(_code);
        _enter = (delegate* unmanaged<uint>)_code.Stubs.Enter;
        _blocks = new BlockStore();
        Core = new X86Core(&_area->Cpu, index, memory, platform, new SystemCpuid(model, index, topology)) { Events = this };
        _translator = new MachineTranslator(_code, Core.Classes, model) { LeavesSpins = topology.Count > Environment.ProcessorCount };
        _careful = new CarefulEmitter(_code, Core.Classes);
        shared.Vcpus.Add(this);
        memory.CodeWritten += OnCodeWritten;
        memory.Changed += OnMapChanged;
        _area->InsnLimit = long.MaxValue;
        _area->Spins = SpinsPerTurn;
        _hasSeams = true; // as zeroed memory has them
        ClearTlb();
        ClearAllJumps();
        Core.Reset();
    }

    /// <summary>The processor's semantics and state.</summary>
    public X86Core Core { get; }

    /// <summary>The state.</summary>
    public X86Cpu* Cpu => &_area->Cpu;

    /// <summary>Blocks translated so far.</summary>
    public long Translations { get; private set; }

    /// <summary>How often generated code was left for managed code; misses of the TLB that it answered are not counted.</summary>
    public long Exits { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.CodeWritten -= OnCodeWritten;
        _memory.Changed -= OnMapChanged;
        _shared.Vcpus.Remove(this);
        DropWindows();
        _self.Free();
        Sys.Call(Nr.munmap, (long)_area, _areaBytes);
    }

    /// <summary>What is logged; set before it runs.</summary>
    public X86Log? Log
    {
        get => Core.Log;
        set
        {
            Core.Log = value;
            _seesBlocks = value is { SeesBlocks: true };
        }
    }

    /// <summary>Called on the thread that will run it: gs leads generated code to the vCPU's memory; no one else uses it in this process.</summary>
    public void Attach()
    {
        _thread = Environment.CurrentManagedThreadId;
        Sys.Call(Nr.arch_prctl, Linux.ARCH_SET_GS, (long)_area);
    }

    /// <summary>Runs until something needs the machine.</summary>
    public TranslatedExit Run()
    {
        bool hasRun = false;
        while (true)
        {
            if (IsAtLimit)
                return TranslatedExit.Deadline;
            if (HasRequest && TakeRequests() is { } exit)
                return exit;
            if (_isDebugged && AtDebugStop(hasRun))
                return TranslatedExit.Debug;
            hasRun = true;
            if (NeedsStep() || (_isDebugged && StepsForDebugger()))
            {
                if (_seesBlocks)
                    Log!.Executing(Cpu, _index, null, Mode.Bits);
                Step();
                continue;
            }

            byte* entry = FindEntry();
            if (entry == null)
                continue; // a fault was delivered instead
            if (_seesBlocks)
                Log!.Executing(Cpu, _index, entry, Mode.Bits);
            Enter(entry);
        }
    }

    private void Enter(byte* entry)
    {
        X86Cpu* cpu = &_area->Cpu;
        (ulong alignment, byte level) = (cpu->Rflags & X86Cpu.FlagAc, cpu->Cpl);
        _area->EnterTarget = (ulong)entry;
        _area->Flags = PackFlags(cpu->Rflags);
        MachineExit reason = RunGenerated();
        Exits++;
        _modeIsKnown &= (cpu->Rflags & X86Cpu.FlagAc) == alignment && cpu->Cpl == level; // stac, clac, syscall and sysret are generated code's
        if (reason == MachineExit.HostFault)
            TakeHostFlags();
        cpu->Rflags = (cpu->Rflags & ~ArithmeticFlags) | UnpackFlags(_area->Flags);
        switch (reason)
        {
            case MachineExit.Lookup:
                cpu->Rip = _area->ExitAddress;
                if ((long)(cpu->Rip << 16) >> 16 != (long)cpu->Rip && (int)_area->ExitSite >= 0 && Mode.Is64)
                    RaiseAtJump(_code.Sites[(int)_area->ExitSite].Rip);
                break;
            case MachineExit.Link:
                FollowLink((int)_area->ExitSite);
                break;
            case MachineExit.Special:
                ref TranslationSite site = ref CollectionsMarshal.AsSpan(_code.Sites)[(int)_area->ExitSite];
                cpu->Rip = site.Rip;
                TakeBack(site.Block);
                if (IsInterruptDue && !site.IsShadowed)
                    break;
                _area->InsnCount++;
                ExecuteOne(in CollectionsMarshal.AsSpan(_code.Insns)[site.Insn], site.IsCore);
                break;
            case MachineExit.Interrupt:
                cpu->Rip = _code.Sites[(int)_area->ExitSite].Rip;
                _stepsToLimit = _translator.CountsInsns;
                break;
            case MachineExit.Spin:
                cpu->Rip = _code.Sites[(int)_area->ExitSite].Rip;
                _area->Spins = SpinsPerTurn;
                Sys.Call(Nr.sched_yield);
                break;
            case MachineExit.Window:
                cpu->Rip = _code.Sites[(int)_area->ExitSite].Rip;
                TakeBack(_code.Sites[(int)_area->ExitSite].Block);
                break;
            case MachineExit.Careful:
                cpu->Rip = _code.Sites[(int)_area->ExitSite].Rip;
                TakeBack(_code.Sites[(int)_area->ExitSite].Block);
                StepSite((int)_area->ExitSite);
                break;
            case MachineExit.WrongGuesses:
                TakeWrongGuesses(_code.Sites[(int)_area->ExitSite]);
                break;
            case MachineExit.Fault:
                cpu->Rip = _code.Sites[(int)_area->ExitSite].Rip;
                TakeBack(_code.Sites[(int)_area->ExitSite].Block);
                _area->InsnCount++;
                RaisePageFault(_area->MissFault, _area->ExitAddress);
                break;
            case MachineExit.HostFault:
                TakeBack(_faultBlock);
                _area->InsnCount++;
                RaiseHostFault();
                break;
        }
    }

    private void TakeWrongGuesses(in TranslationSite site)
    {
        _area->Cpu.Rip = site.Rip;
        TakeBack(site.Block);
        _translator.TakeWrongGuesses(ref CollectionsMarshal.AsSpan(_code.Hints)[site.Hint]);
    }

    // Others may wait for this vCPU to be out of generated code; the fence is for them (see DropWritesFrom).
    private MachineExit RunGenerated()
    {
        if (_shared.Vcpus.Count > 1)
        {
            _isInGuest = true;
            Interlocked.MemoryBarrier();
        }

        MachineExit reason = (MachineExit)_enter();
        _isInGuest = false;
        return reason;
    }

    private void RaisePageFault(uint error, ulong address)
    {
        _modeIsKnown = false;
        Core.RaiseFault(X86Vector.PageFault, error, address);
    }

    /// <summary>al = OF, ah = SF ZF AF PF CF, as seto and lahf give them.</summary>
    private static uint PackFlags(ulong flags) => (uint)((flags & 0xD5) << 8 | flags >> 11 & 1);

    private static ulong UnpackFlags(uint packed) => (packed >> 8 & 0xD5) | (packed & 1) << 11;

    private ModeKey Mode
    {
        get
        {
            if (!_modeIsKnown)
            {
                _mode = ModeKey.Of(&_area->Cpu);
                _modeIsKnown = true;
            }

            return _mode;
        }
    }

    [UnmanagedCallersOnly]
    private static ulong OnMiss(VcpuArea* area)
    {
        TranslatedVcpu vcpu = Unsafe.As<TranslatedVcpu>(GCHandle.FromIntPtr(area->Owner).Target!);
        return vcpu.Miss();
    }
}
