using System.Runtime.InteropServices;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Host;
using Suite.Machines.Snapshots;

namespace Suite.Machines.X86.Kvm;

/// <summary>A vCPU of the kernel.</summary>
internal sealed unsafe class KvmVcpu : IX86Vcpu
{
    private const int EINTR = 4, EAGAIN = 11, VectorAlignment = 64;

    private readonly KvmAccelerator _vm;
    private readonly KvmDescriptor _vcpu;
    private readonly KvmCpuid _cpuid;
    private readonly IX86Platform _platform;
    private readonly KvmStateTransfer _transfer;
    private readonly KvmRun* _run;
    private readonly KvmDebug _debug;
    private int _thread;
    private volatile bool _isHalted, _waitsForStart, _interrupt, _nmi, _init;
    private int _startVector = NoStart;
    private ulong _cr8, _apicBase;
    private ulong? _loadedTsc;
    private bool _isDisposed;

    private const int NoStart = -1;

    public KvmVcpu(KvmAccelerator vm, KvmDescriptor vcpu, int index, KvmCpuid cpuid, IX86Platform platform, uint[] msrs)
    {
        (_vm, _vcpu, Index, _cpuid, _platform) = (vm, vcpu, index, cpuid, platform);
        _transfer = new KvmStateTransfer(vcpu, msrs);
        _debug = new KvmDebug(vcpu);
        long at = Sys.Call(Nr.mmap, 0, vm.RunBytes, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_SHARED, vcpu.Descriptor, 0);
        if (Sys.IsError(at))
            throw new KvmException($"the kernel does not share a vCPU's state (errno {-at})");
        _run = (KvmRun*)at;
        SetCpuid();
        State = (X86Cpu*)NativeMemory.AlignedAlloc((nuint)sizeof(X86Cpu), VectorAlignment);
        *State = default;
        State->Vectors = (byte*)NativeMemory.AlignedAlloc((nuint)VectorBytes, VectorAlignment);
        State->A20Mask = ulong.MaxValue;
    }

    public int Index { get; }

    public string? Failure { get; private set; }

    public X86Cpu* State { get; }

    public int VectorBytes => HostCpu.XsaveSize;

    public bool HasWork => !(_isHalted || _waitsForStart) || _nmi || (_interrupt && !_waitsForStart) || _init || _startVector != NoStart;

    private bool HasLocalApic => _vm.IrqChip != IrqChipMode.Off;

    public void Attach() => _thread = (int)Sys.Call(Nr.gettid);

    public VcpuExit Run()
    {
        while (true)
        {
            if (!HasLocalApic && !PrepareWithoutApic())
                return VcpuExit.Halted;
            if (_vm.IrqChip != IrqChipMode.On)
                OfferInterrupt();
            if (!HasLocalApic)
                _run->Cr8 = _cr8 = _platform.ReadTaskPriority(Index);
            long result = Sys.Blocking(Nr.ioctl, _vcpu.Descriptor, KvmApi.KVM_RUN, 0);
            if (_vm.CoalescedPage > 0)
                FlushCoalesced();
            if (!HasLocalApic)
                FollowApic();
            if (result is -EINTR or -EAGAIN)
            {
                _run->ImmediateExit = 0;
                if (_nmi && HasLocalApic)
                    InjectNmi();
                return VcpuExit.Kicked;
            }

            if (Sys.IsError(result))
                return Fail($"KVM_RUN: {Marshal.GetPInvokeErrorMessage((int)-result)} (errno {-result})");
            if (Serve() is { } exit)
                return exit;
        }
    }

    public void Kick()
    {
        _run->ImmediateExit = 1;
        if (_thread != 0 && _thread != (int)Sys.Call(Nr.gettid))
            InterruptSignal.Send(_thread);
    }

    public void SetInterrupt(bool level)
    {
        _interrupt = level;
        if (level)
            Kick();
    }

    public void RaiseNmi()
    {
        _nmi = true;
        Kick();
    }

    public void InitOrStart(int startVector)
    {
        if (startVector >= 0)
            Volatile.Write(ref _startVector, startVector);
        else
            (_startVector, _init) = (NoStart, true);
        Kick();
    }

    public CpuidLeaf Cpuid(uint leaf, uint subleaf) => _cpuid.Query(leaf, subleaf);

    public void Reset()
    {
        PowerOn.Reset(State, Index == 0, Cpuid(1, 0).Eax);
        (_isHalted, _waitsForStart, _nmi, _init, _startVector) = (false, Index != 0 && !HasLocalApic, false, false, NoStart);
        (_cr8, _apicBase) = (0, State->ApicBase);
        _transfer.ResetKernelState();
        if (HasLocalApic)
            KvmLocalApic.Reset(_vcpu, Index);
        _transfer.Store(State, withTime: true, clearEvents: true);
        SetMpState(Index == 0 || !HasLocalApic ? KvmApi.KVM_MP_STATE_RUNNABLE : KvmApi.KVM_MP_STATE_UNINITIALIZED);
    }

    public void Fetch()
    {
        _transfer.Fetch(State);
        State->Halted = _isHalted || MpState() == KvmApi.KVM_MP_STATE_HALTED ? (byte)1 : (byte)0;
        State->TscOffset = _transfer.Tsc - _platform.ReadTsc();
    }

    public void Store(bool withTime)
    {
        if (withTime)
            _transfer.SetTsc(_loadedTsc ?? _platform.ReadTsc() + State->TscOffset);
        _loadedTsc = null;
        _transfer.Store(State, withTime, clearEvents: false);
        if (HasLocalApic)
        {
            uint now = MpState();
            if (now is KvmApi.KVM_MP_STATE_RUNNABLE or KvmApi.KVM_MP_STATE_HALTED)
                SetMpState(State->Halted != 0 ? KvmApi.KVM_MP_STATE_HALTED : KvmApi.KVM_MP_STATE_RUNNABLE);
        }
        else
        {
            _isHalted = State->Halted != 0;
        }
    }

    public bool WaitsForStart
    {
        get => HasLocalApic ? MpState() is KvmApi.KVM_MP_STATE_UNINITIALIZED or KvmApi.KVM_MP_STATE_INIT_RECEIVED : _waitsForStart;
        set
        {
            if (HasLocalApic)
                SetMpState(value ? KvmApi.KVM_MP_STATE_UNINITIALIZED : KvmApi.KVM_MP_STATE_RUNNABLE);
            else
                _waitsForStart = value;
        }
    }

    /// <summary>What only the kernel knows: kvmclock's MSRs and the clock behind them.</summary>
    public byte[] SaveKernelState()
    {
        using MemoryStream state = new();
        SnapshotStream.WriteNumber(state, (long)_vm.Clock);
        SnapshotStream.WriteNumber(state, (long)_transfer.Tsc);
        foreach ((uint msr, ulong value) in _transfer.KernelMsrs)
        {
            SnapshotStream.WriteNumber(state, msr);
            SnapshotStream.WriteNumber(state, (long)value);
        }

        return state.ToArray();
    }

    /// <summary>Back, before <see cref="Store"/>.</summary>
    public void LoadKernelState(byte[] bytes)
    {
        using MemoryStream state = new(bytes);
        if (bytes.Length % (2 * sizeof(long)) != 0 || bytes.Length == 0)
            throw new InvalidDataException($"the kernel's part of CPU {Index} is damaged");
        _vm.Clock = (ulong)SnapshotStream.ReadNumber(state);
        _loadedTsc = (ulong)SnapshotStream.ReadNumber(state);
        while (state.Position < state.Length)
            _transfer.KernelMsrs[(uint)SnapshotStream.ReadNumber(state)] = (ulong)SnapshotStream.ReadNumber(state);
    }

    internal ulong ReadMsr(uint msr) => _transfer.TryGet(msr, out ulong value) ? value : 0;

    internal void WriteMsr(uint msr, ulong value) => _transfer.TrySet(msr, value);

    public void SetDebug(in DebugRequest request) => _debug.Set(request);

    public ulong? WatchHit => _debug.Hit;

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        Sys.Call(Nr.munmap, (long)_run, _vm.RunBytes);
        _vcpu.Dispose();
        NativeMemory.AlignedFree(State->Vectors);
        NativeMemory.AlignedFree(State);
    }

    internal KvmDescriptor Descriptor => _vcpu;

    internal uint MpState()
    {
        uint state = 0;
        return _vcpu.Try(KvmApi.KVM_GET_MP_STATE, ref state) >= 0 ? state : 0;
    }

    internal void SetMpState(uint state) => _vcpu.Try(KvmApi.KVM_SET_MP_STATE, ref state);

    /// <summary>Makes writes that the kernel has collected. The ring is the VM's.</summary>
    internal void FlushCoalesced()
    {
        const int HeaderBytes = 8, PageSize = 4096;
        byte* ring = (byte*)_run + _vm.CoalescedPage * PageSize;
        uint* first = (uint*)ring, last = first + 1;
        if (Volatile.Read(ref *first) == Volatile.Read(ref *last))
            return;
        uint most = (uint)((PageSize - HeaderBytes) / sizeof(KvmCoalescedWrite));
        lock (_vm.Spaces.Lock)
        {
            while (*first != Volatile.Read(ref *last))
            {
                KvmCoalescedWrite write = ((KvmCoalescedWrite*)(ring + HeaderBytes))[*first];
                if (write.IsPio != 0)
                    _vm.Spaces.Io.Write(write.Address, (int)write.Length, write.Data);
                else
                    _vm.Spaces.Memory.Write(write.Address, (int)write.Length, write.Data);
                Volatile.Write(ref *first, (*first + 1) % most);
            }
        }
    }

    // Null: run on.
    private VcpuExit? Serve()
    {
        switch (_run->ExitReason)
        {
            case KvmApi.KVM_EXIT_IO:
                ServePorts();
                return null;
            case KvmApi.KVM_EXIT_MMIO:
                ServeRegisters();
                return null;
            case KvmApi.KVM_EXIT_INTR or KvmApi.KVM_EXIT_IRQ_WINDOW_OPEN or KvmApi.KVM_EXIT_SET_TPR or KvmApi.KVM_EXIT_NMI:
                return null;
            case KvmApi.KVM_EXIT_HLT:
                _isHalted = true;
                return HasWork ? null : VcpuExit.Halted;
            case KvmApi.KVM_EXIT_IOAPIC_EOI:
                lock (_vm.Spaces.Lock)
                    _vm.EndOfInterrupt?.Invoke(_run->EoiVector);
                return null;
            case KvmApi.KVM_EXIT_SHUTDOWN or KvmApi.KVM_EXIT_SYSTEM_EVENT:
                return VcpuExit.Shutdown;
            case KvmApi.KVM_EXIT_DEBUG:
                _debug.Stopped(_run->DebugDr6);
                return VcpuExit.Debug;
            case KvmApi.KVM_EXIT_FAIL_ENTRY:
                return Fail($"the processor refuses to enter the guest (reason {_run->HardwareReason:x})");
            case KvmApi.KVM_EXIT_INTERNAL_ERROR:
                return Fail(InternalError());
            default:
                return Fail($"unexpected exit {_run->ExitReason}");
        }
    }

    private void ServePorts()
    {
        const int Out = 1;
        byte* data = (byte*)_run + _run->IoDataOffset;
        int size = _run->IoSize;
        ushort port = _run->IoPort;
        lock (_vm.Spaces.Lock)
        {
            for (uint i = _run->IoCount; i > 0; i--, data += size)
            {
                if (_run->IoDirection == Out)
                {
                    _vm.Spaces.Io.Write(port, size, size == 1 ? *data : size == 2 ? *(ushort*)data : *(uint*)data);
                    continue;
                }

                uint value = (uint)_vm.Spaces.Io.Read(port, size);
                if (size == 1)
                    *data = (byte)value;
                else if (size == 2)
                    *(ushort*)data = (ushort)value;
                else
                    *(uint*)data = value;
            }
        }
    }

    private void ServeRegisters()
    {
        ulong address = _run->MmioAddress;
        int length = (int)_run->MmioLength;
        if (length is 1 or 2 or 4 or 8)
        {
            if (_run->MmioIsWrite != 0)
                _vm.Spaces.Memory.Write(address, length, _run->MmioData);
            else
                _run->MmioData = _vm.Spaces.Memory.Read(address, length);
            return;
        }

        byte* data = (byte*)&_run->MmioData;
        for (int i = 0; i < length && i < sizeof(ulong); i++)
        {
            if (_run->MmioIsWrite != 0)
                _vm.Spaces.Memory.Write(address + (ulong)i, 1, data[i]);
            else
                data[i] = (byte)_vm.Spaces.Memory.Read(address + (ulong)i, 1);
        }
    }

    // What the kernel's local APIC does elsewhere: INIT and start messages, halting. False while the vCPU has nothing to run.
    private bool PrepareWithoutApic()
    {
        if (_init)
        {
            _init = false; // first: the start message that follows may be here already
            _transfer.Fetch(State);
            PowerOn.Init(State, Cpuid(1, 0).Eax);
            (_isHalted, _waitsForStart) = (false, Index != 0);
            _transfer.Store(State, withTime: false, clearEvents: true);
        }

        int vector = Interlocked.Exchange(ref _startVector, NoStart);
        if (vector != NoStart && _waitsForStart)
        {
            _transfer.Fetch(State);
            PowerOn.Start(State, vector);
            _waitsForStart = false;
            _transfer.Store(State, withTime: false, clearEvents: true);
        }

        if (_nmi && !_waitsForStart)
            InjectNmi();
        if (_isHalted && _interrupt)
            _isHalted = false;
        return _run->ImmediateExit != 0 || !(_isHalted || _waitsForStart);
    }

    // Without a local APIC in the kernel its base and CR8 come back beside every exit.
    private void FollowApic()
    {
        const uint ApicBaseMsr = 0x1B;
        if (_run->Cr8 != _cr8)
            _platform.WriteTaskPriority(Index, _run->Cr8);
        if (_run->ApicBase == _apicBase)
            return;
        _apicBase = _run->ApicBase;
        _platform.TryWriteMsr(Index, ApicBaseMsr, _apicBase);
    }

    private void InjectNmi()
    {
        _nmi = _isHalted = false;
        _vcpu.Try(KvmApi.KVM_NMI);
    }

    // The PIC's interrupt, or that of a local APIC in this process.
    private void OfferInterrupt()
    {
        _run->RequestInterruptWindow = 0;
        if (!_interrupt || (_vm.IrqChip == IrqChipMode.Split && Index != 0))
            return;
        if (_run->ReadyForInterrupt == 0)
        {
            _run->RequestInterruptWindow = 1;
            return;
        }

        int vector;
        lock (_vm.Spaces.Lock)
            vector = _platform.AcknowledgeInterrupt(Index);
        if (vector < 0)
            return;
        uint number = (uint)vector;
        _vcpu.Try(KvmApi.KVM_INTERRUPT, ref number);
        if (_interrupt)
            _run->RequestInterruptWindow = 1;
    }

    private VcpuExit Fail(string message)
    {
        Failure = message;
        return VcpuExit.Failed;
    }

    private string InternalError()
    {
        const int EmulationFailed = 1;
        KvmRegs regs = default;
        _vcpu.Try(KvmApi.KVM_GET_REGS, ref regs);
        string where = $"at rip {regs.Rip:x}";
        if (_run->InternalSuberror != EmulationFailed)
            return $"the kernel stopped the guest {where} (internal error {_run->InternalSuberror})";
        // data[0] flags, then a byte of length and the instruction's bytes
        byte* data = (byte*)&_run->InternalWords + 4;
        int length = _run->InternalWords >= 4 && (*(ulong*)data & 1) != 0 ? Math.Min((int)data[8], 15) : 0;
        string bytes = length > 0 ? $": {Convert.ToHexString(new ReadOnlySpan<byte>(data + 9, length))}" : "";
        return $"the kernel cannot emulate an instruction {where}{bytes}; -accel translation runs it";
    }

    private void SetCpuid()
    {
        IReadOnlyList<KvmCpuidEntry> entries = _cpuid.Entries;
        byte[] table = new byte[8 + entries.Count * sizeof(KvmCpuidEntry)];
        fixed (byte* p = table)
        {
            *(uint*)p = (uint)entries.Count;
            for (int i = 0; i < entries.Count; i++)
                ((KvmCpuidEntry*)(p + 8))[i] = entries[i];
            _vcpu.Call(KvmApi.KVM_SET_CPUID2, (long)p, "KVM_SET_CPUID2");
        }
    }
}
