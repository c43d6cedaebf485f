using Suite.Devices.Core;
using Suite.Devices.Intc;
using Suite.Machines.X86.Kvm;

namespace Suite.Machines.X86.Boards;

/// <summary>
/// A PC's interrupt controllers, wherever they are: PIC, I/O APIC and local APICs as devices of this process, or the accelerator's own. Boards wire
/// to <see cref="Gsi"/> and send messages with <see cref="SendMsi"/>.
/// </summary>
internal sealed class InterruptControllers
{
    private const int TimerInput = 2; // IRQ 0 arrives at input 2 of the I/O APIC, whose input 0 is the PIC's

    private readonly KvmAccelerator? _kvm;

    /// <summary>Makes those the accelerator lacks, and attaches them.</summary>
    public InterruptControllers(Machine machine, IX86Accelerator accelerator, int cpus)
    {
        Mode = accelerator.IrqChip;
        _kvm = accelerator as KvmAccelerator;
        if (Mode == IrqChipMode.On)
        {
            Gsi = new GsiInputs(_kvm!.SetIrq);
            return;
        }

        Apics = Mode == IrqChipMode.Off ? new ApicBus(() => Pic!.Acknowledge()) : null;
        Pic = new PicPair(new IrqLine(Apics is { } own ? own.SetPic : high => machine.Vcpus[0].SetInterrupt(high)));
        Pic.Attach(machine.Spaces.Io);
        machine.Add(Pic.Master);
        machine.Add(Pic.Slave);
        IoApic = machine.Add(new IoApic(Apics is { } bus ? bus : new KernelMsi(_kvm!)));
        if (Apics is { } apics)
        {
            for (int i = 0; i < cpus; i++)
                machine.Add(new LocalApic(apics, (byte)i, isFirst: i == 0, machine.Clock, new ApicCpu(machine, i)));
            apics.Connect(IoApic);
            machine.Spaces.Mmio.Attach(IoApic, IoApic.Name, IoApic.UsualBase, IoApic.Length, widest: 4);
            machine.Spaces.Mmio.Attach(new OwnApic(machine, apics), "apic", LocalApic.UsualBase, LocalApic.Length, widest: 4);
        }
        else
        {
            machine.Spaces.Mmio.Attach(new RoutedIoApic(IoApic, _kvm!), IoApic.Name, IoApic.UsualBase, IoApic.Length, widest: 4);
            _kvm!.EndOfInterrupt = IoApic.EndOfInterrupt;
        }

        Gsi = new GsiInputs(SetInput);
    }

    /// <summary>Who has which.</summary>
    public IrqChipMode Mode { get; }

    /// <summary>The inputs.</summary>
    public GsiInputs Gsi { get; }

    /// <summary>Null when the accelerator has it.</summary>
    public PicPair? Pic { get; }

    /// <summary>Null when the accelerator has it.</summary>
    public IoApic? IoApic { get; }

    /// <summary>The local APICs; null when the accelerator has them.</summary>
    public ApicBus? Apics { get; }

    /// <summary>A message-signalled interrupt: the write that it is.</summary>
    public void SendMsi(ulong address, uint data)
    {
        if (Apics is { } apics)
            apics.SendMessage(address, data);
        else
            _kvm!.SendMsi(address, data);
    }

    /// <summary>Prepares a message that will be sent often; null when there is nothing to gain.</summary>
    public IMessageLine? OpenMessage(ulong address, uint data) => _kvm?.OpenMessage(address, data);

    /// <summary>The vector that a vCPU takes; -1 when there is none any more.</summary>
    public int Acknowledge(int vcpu) => Apics is { } apics ? apics.Apics[vcpu].Acknowledge() : Pic is { Master.IsRequesting: true } pic ? pic.Acknowledge() : -1;

    private void SetInput(int gsi, bool high)
    {
        const int IsaInterrupts = 16;
        if (gsi < IsaInterrupts)
            Pic!.SetInput(gsi, high);
        IoApic!.SetInput(gsi == 0 ? TimerInput : gsi, high);
    }

    // Between an I/O APIC in this process and the kernel's local APICs: the kernel has to know which vectors end with a message back.
    private sealed class RoutedIoApic(IoApic ioApic, KvmAccelerator kvm) : IBusDevice
    {
        private readonly Register[] _entries = [.. ioApic.State.Registers.Where(r => r.Name.StartsWith("IOREDTBL", StringComparison.Ordinal))];
        private readonly ulong[] _known = new ulong[IoApic.Inputs];

        public ulong Read(ulong offset, int size) => ioApic.Read(offset, size);

        public void Write(ulong offset, int size, ulong value)
        {
            ioApic.Write(offset, size, value);
            const ulong Status = 1 << 12 | 1 << 14;
            bool changed = false;
            for (int i = 0; i < _entries.Length; i++)
            {
                ulong now = _entries[i].Value & ~Status;
                changed |= now != _known[i];
                _known[i] = now;
            }

            if (!changed)
                return;
            (ulong, uint)[] messages = new (ulong, uint)[_entries.Length];
            for (int i = 0; i < messages.Length; i++)
                messages[i] = KernelMsi.Encode(Message(_entries[i].Value));
            kvm.SetIoApicRoutes(messages);
        }

        private static ApicMessage Message(ulong e) => new((byte)(e >> 56), (e & 1 << 11) != 0, (int)(e >> 8) & 7, (byte)e, (e & 1 << 15) != 0);
    }

    // A processor as its local APIC sees it.
    private sealed unsafe class ApicCpu(Machine machine, int index) : IApicCpu
    {
        private const int InitMessage = -1;

        private IX86Vcpu Vcpu => (IX86Vcpu)machine.Vcpus[index];

        public void SetInterrupt(bool level)
        {
            Vcpu.SetInterrupt(level);
            if (level)
                machine.WakeVcpu(index);
        }

        public void Nmi()
        {
            Vcpu.RaiseNmi();
            machine.WakeVcpu(index);
        }

        public void Init() => Send(InitMessage);

        public void StartUp(byte vector) => Send(vector);

        // The counter is the virtual clock with an offset; see X86Platform.ReadTsc.
        public long TimeOfTsc(ulong tsc) => (long)Math.Min(tsc - Vcpu.State->TscOffset, long.MaxValue);

        private void Send(int message)
        {
            Vcpu.InitOrStart(message);
            machine.WakeVcpu(index);
        }
    }

    // Every processor sees its own APIC at the same address.
    private sealed class OwnApic(Machine machine, ApicBus apics) : IBusDevice, ILockFreeReads
    {
        private readonly LocalApic[] _apics = [.. apics.Apics];

        private LocalApic Own => _apics[Math.Max(machine.CurrentVcpu, 0)];

        public ulong Read(ulong offset, int size) => Own.Read(offset, size);

        public bool TryRead(ulong offset, out ulong value) => Own.TryRead(offset, out value);

        public void Write(ulong offset, int size, ulong value) => Own.Write(offset, size, value);
    }
}
