using Suite.Devices.Core;
using Suite.Devices.Intc;
using Suite.Devices.Timer;
using Suite.Guest.X86.Machine;
using Suite.Machines.Snapshots;
using Suite.Machines.X86.Boards;
using Suite.Machines.X86.Kvm;

namespace Suite.Machines.X86.Control;

/// <summary>
/// x86 processors in snapshots: the common state, vectors, and for KVM what only the kernel knows. Chips of the kernel are saved as the devices they stand for, so that a
/// snapshot fits either accelerator.
/// </summary>
internal sealed unsafe class X86ProcessorState : IProcessorState
{
    private const string CpuPrefix = "cpu", KernelPrefix = "kvm";

    private readonly X86Board _board;
    private readonly List<(Device Shadow, Action Fill, Action Apply)> _chips = [];
    private readonly List<Action> _loaded = [];

    public X86ProcessorState(X86Board board)
    {
        _board = board;
        if (board.Accelerator is not KvmAccelerator kvm || kvm.IrqChip == IrqChipMode.Off)
            return;
        ApicBus bus = new();
        foreach (IX86Vcpu vcpu in board.Vcpus)
        {
            LocalApic apic = new(bus, (byte)vcpu.Index, vcpu.Index == 0, board.Machine.Clock, new NoCpu());
            KernelChipStates chips = new(kvm, board.Machine.Clock);
            _chips.Add((apic, () => chips.FillApic(apic, (KvmVcpu)vcpu), () => chips.ApplyApic(apic, (KvmVcpu)vcpu)));
        }

        if (kvm.IrqChip == IrqChipMode.On)
            AddSystemChips(kvm);
    }

    public IEnumerable<(string Name, byte[] Bytes)> Save()
    {
        (_board.Accelerator as KvmAccelerator)?.FlushMessages();
        List<(string, byte[])> sections = [];
        foreach ((Device shadow, Action fill, _) in _chips)
        {
            fill();
            using MemoryStream state = new();
            shadow.State.Save(state);
            sections.Add((shadow.Name, state.ToArray()));
        }

        foreach (IX86Vcpu vcpu in _board.Vcpus)
        {
            sections.Add(($"{CpuPrefix}{vcpu.Index}", SaveCpu(vcpu)));
            if (vcpu is KvmVcpu kvm)
                sections.Add(($"{KernelPrefix}{vcpu.Index}", kvm.SaveKernelState()));
        }

        return sections;
    }

    public bool TryLoad(string name, byte[] bytes)
    {
        foreach ((Device shadow, _, Action apply) in _chips)
        {
            if (shadow.Name != name)
                continue;
            shadow.State.Load(new MemoryStream(bytes));
            _loaded.Add(apply);
            return true;
        }

        foreach (IX86Vcpu vcpu in _board.Vcpus)
        {
            if (name == $"{CpuPrefix}{vcpu.Index}")
            {
                LoadCpu(vcpu, bytes);
                return true;
            }

            if (name == $"{KernelPrefix}{vcpu.Index}")
            {
                (vcpu as KvmVcpu)?.LoadKernelState(bytes);
                return true;
            }
        }

        return false;
    }

    // Chips last: what devices did to their inputs while they were loaded is undone by their own state.
    public void Complete()
    {
        foreach (IX86Vcpu vcpu in _board.Vcpus)
            vcpu.Store(withTime: true);
        foreach (Action apply in _loaded)
            apply();
        _loaded.Clear();
    }

    private static byte[] SaveCpu(IX86Vcpu vcpu)
    {
        vcpu.Fetch();
        X86Cpu copy = *vcpu.State;
        copy.Vectors = null;
        byte[] bytes = new byte[1 + sizeof(X86Cpu) + vcpu.VectorBytes];
        bytes[0] = vcpu.WaitsForStart ? (byte)1 : (byte)0;
        new ReadOnlySpan<byte>(&copy, sizeof(X86Cpu)).CopyTo(bytes.AsSpan(1));
        new ReadOnlySpan<byte>(vcpu.State->Vectors, vcpu.VectorBytes).CopyTo(bytes.AsSpan(1 + sizeof(X86Cpu)));
        return bytes;
    }

    private static void LoadCpu(IX86Vcpu vcpu, byte[] bytes)
    {
        if (bytes.Length != 1 + sizeof(X86Cpu) + vcpu.VectorBytes)
            throw new InvalidDataException($"CPU {vcpu.Index} has a state of {bytes.Length} bytes; this host's processor has other vector registers");
        byte* vectors = vcpu.State->Vectors;
        fixed (byte* p = bytes)
            *vcpu.State = *(X86Cpu*)(p + 1);
        vcpu.State->Vectors = vectors;
        bytes.AsSpan(1 + sizeof(X86Cpu)).CopyTo(new Span<byte>(vectors, vcpu.VectorBytes));
        vcpu.WaitsForStart = bytes[0] != 0;
    }

    private void AddSystemChips(KvmAccelerator kvm)
    {
        KernelChipStates chips = new(kvm, _board.Machine.Clock);
        Pic8259 master = new("pic0", IrqLine.Unconnected()), slave = new("pic1", IrqLine.Unconnected());
        IoApic ioApic = new(new ApicBus());
        Pit8254 pit = new(_board.Machine.Clock, IrqLine.Unconnected());
        _chips.Add((master, () => chips.FillPic(master, KernelChips.Master), () => chips.ApplyPic(master, KernelChips.Master)));
        _chips.Add((slave, () => chips.FillPic(slave, KernelChips.Slave), () => chips.ApplyPic(slave, KernelChips.Slave)));
        _chips.Add((ioApic, () => chips.FillIoApic(ioApic), () => chips.ApplyIoApic(ioApic)));
        _chips.Add((pit, () => chips.FillPit(pit), () => chips.ApplyPit(pit)));
    }

    private sealed class NoCpu : IApicCpu
    {
        public void SetInterrupt(bool level)
        {
        }

        public void Nmi()
        {
        }

        public void Init()
        {
        }

        public void StartUp(byte vector)
        {
        }

        public long TimeOfTsc(ulong tsc) => long.MaxValue;
    }
}
