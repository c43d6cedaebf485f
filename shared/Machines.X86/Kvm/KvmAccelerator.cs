using Suite.Devices.Core;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Host;
using Suite.Jit.Memory;

namespace Suite.Machines.X86.Kvm;

/// <summary>A VM of the kernel: its memory, its interrupt controllers if they are there, and its vCPUs.</summary>
public sealed unsafe class KvmAccelerator : IX86Accelerator
{
    private const long TssPages = 0xFEFFD000, IdentityPage = 0xFEFFC000; // three pages and one that Intel's processors need, where QEMU has them
    private const uint SpeakerInKernel = 1;

    private readonly KvmSystem _system;
    private readonly KvmDescriptor _vm;
    private readonly KvmMemory _memory;
    private readonly KvmRoutes _routes;
    private readonly AddressSpaces _spaces;
    private readonly KvmCpuidEntry[] _cpuid;
    private readonly uint[] _msrs;
    private readonly List<KvmVcpu> _vcpus = [];
    private readonly KvmShortcuts _ports, _registers;

    /// <summary>Opens the kernel's interface and makes a VM with the machine's memory.</summary>
    /// <param name="spaces">The machine's.</param>
    /// <param name="irqChip">Which interrupt controllers the kernel shall have.</param>
    /// <param name="loop">Waits for eventfds that stand for writes of the guest; null: such writes are exits.</param>
    /// <param name="path">The device.</param>
    /// <exception cref="KvmException">It cannot be had; the message says why and what to do.</exception>
    public KvmAccelerator(AddressSpaces spaces, IrqChipMode irqChip, HostLoop? loop = null, string path = "/dev/kvm")
    {
        (_spaces, IrqChip) = (spaces, irqChip);
        _system = KvmSystem.Open(path);
        try
        {
            InterruptSignal.Install();
            _vm = new KvmDescriptor((int)_system.Call(KvmApi.KVM_CREATE_VM, 0, "KVM_CREATE_VM"), "VM");
            _routes = new KvmRoutes(_vm);
            long identity = IdentityPage;
            _vm.Try(KvmApi.KVM_SET_IDENTITY_MAP_ADDR, ref identity);
            _vm.Try(KvmApi.KVM_SET_TSS_ADDR, TssPages);
            _cpuid = _system.SupportedCpuid();
            _msrs = _system.MsrList();
            CreateIrqChip();
            _memory = new KvmMemory(_system, _vm, spaces.Memory);
            RunBytes = (int)_system.Call(KvmApi.KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
            CoalescedPage = _system.Capability(KvmApi.KVM_CAP_COALESCED_MMIO);
            spaces.Io.Shortcuts = _ports = new KvmShortcuts(this, loop, isPorts: true);
            spaces.Mmio.Shortcuts = _registers = new KvmShortcuts(this, loop, isPorts: false);
        }
        catch
        {
            _vm?.Dispose();
            _system.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => "kvm";

    /// <inheritdoc/>
    public string Description => $"kvm: kernel-irqchip={(IrqChip == IrqChipMode.On ? "on" : IrqChip == IrqChipMode.Split ? "split" : "off")}, "
        + $"ioeventfd {Text(HasIoeventfd)}, irqfd {Text(HasIrqfd)}, coalesced MMIO {Text(CoalescedPage > 0)}";

    /// <summary>Which interrupt controllers the kernel has.</summary>
    public IrqChipMode IrqChip { get; }

    /// <summary>True when eventfds can stand for writes to ports and registers.</summary>
    public bool HasIoeventfd => _system.Has(KvmApi.KVM_CAP_IOEVENTFD);

    /// <summary>True when eventfds can raise interrupts.</summary>
    public bool HasIrqfd => IrqChip != IrqChipMode.Off && _system.Has(KvmApi.KVM_CAP_IRQFD);

    /// <inheritdoc/>
    public int? TscHertz => null;

    /// <inheritdoc/>
    public int MostVcpus => Math.Max(_system.Capability(KvmApi.KVM_CAP_MAX_VCPUS), 1);

    /// <summary>Called with a vector when a level-triggered interrupt of the I/O APIC has ended (split mode), under the machine's lock.</summary>
    public Action<byte>? EndOfInterrupt { get; set; }

    internal int RunBytes { get; }

    /// <summary>Page of a vCPU's mapping that holds the ring of coalesced writes; 0 for none.</summary>
    internal int CoalescedPage { get; }

    internal AddressSpaces Spaces => _spaces;

    /// <inheritdoc/>
    public IX86Vcpu CreateVcpu(int index, CpuTopology topology, CpuModel model, IX86Platform platform)
    {
        KvmDescriptor vcpu = new((int)_vm.Call(KvmApi.KVM_CREATE_VCPU, index, "KVM_CREATE_VCPU"), $"vCPU {index}");
        KvmVcpu made = new(this, vcpu, index, new KvmCpuid(_cpuid, model, index, topology, IrqChip != IrqChipMode.Off, _system.Has(KvmApi.KVM_CAP_TSC_DEADLINE_TIMER)), platform, _msrs);
        _vcpus.Add(made);
        return made;
    }

    /// <summary>Drives an input of the kernel's interrupt controllers.</summary>
    public void SetIrq(int gsi, bool high)
    {
        KvmIrqLevel level = new() { Irq = (uint)gsi, Level = high ? 1u : 0 };
        _vm.Try(KvmApi.KVM_IRQ_LINE, ref level);
    }

    /// <summary>Delivers a message-signalled interrupt to the kernel's local APICs.</summary>
    public void SendMsi(ulong address, uint data)
    {
        KvmMsi msi = new() { AddressLow = (uint)address, AddressHigh = (uint)(address >> 32), Data = data };
        _vm.Try(KvmApi.KVM_SIGNAL_MSI, ref msi);
    }

    /// <summary>Split mode: which messages the I/O APIC sends, so that the kernel reports the end of level-triggered ones.</summary>
    public void SetIoApicRoutes(ReadOnlySpan<(ulong Address, uint Data)> messages)
    {
        KvmRoute[] routes = new KvmRoute[messages.Length];
        for (int i = 0; i < routes.Length; i++)
            routes[i] = new KvmRoute { Gsi = (uint)i, Type = KvmRoute.Msi, MsiAddressLow = (uint)messages[i].Address, MsiData = messages[i].Data };
        _routes.SetInputs(routes);
    }

    /// <summary>Lets a write to a port or register become a signal of an eventfd, without an exit. False when the kernel refuses.</summary>
    public bool TryAddIoeventfd(bool isPort, ulong address, int length, ulong? match, int descriptor, bool remove = false)
    {
        KvmIoeventfd request = new()
        {
            Address = address,
            Length = (uint)length,
            Descriptor = descriptor,
            DataToMatch = match ?? 0,
            Flags = (isPort ? KvmIoeventfd.Pio : 0) | (match is null ? 0 : KvmIoeventfd.DataMatch) | (remove ? KvmIoeventfd.Deassign : 0),
        };
        return _vm.Try(KvmApi.KVM_IOEVENTFD, ref request) >= 0;
    }

    /// <summary>Prepares a message-signalled interrupt that an eventfd sends (irqfd); null when it cannot be had.</summary>
    public IMessageLine? OpenMessage(ulong address, uint data) => HasIrqfd ? _routes.TryOpen(address, data) : null;

    /// <summary>Interrupts that eventfds have sent reach the kernel's local APICs before this returns.</summary>
    internal void FlushMessages() => _routes.CloseMessages();

    /// <summary>Lets the kernel collect writes to ports or registers that have no effect before the next other exit. False when it does not.</summary>
    public bool TryCoalesce(bool isPort, ulong address, uint length, bool remove = false)
    {
        KvmCoalescedZone zone = new() { Address = address, Size = length, IsPio = isPort ? 1u : 0 };
        return CoalescedPage > 0 && (!isPort || _system.Has(KvmApi.KVM_CAP_COALESCED_PIO))
            && _vm.Try(remove ? KvmApi.KVM_UNREGISTER_COALESCED_MMIO : KvmApi.KVM_REGISTER_COALESCED_MMIO, ref zone) >= 0;
    }

    /// <summary>Makes the writes that the kernel has collected.</summary>
    internal void FlushCoalesced()
    {
        if (CoalescedPage > 0 && _vcpus.Count > 0)
            _vcpus[0].FlushCoalesced();
    }

    /// <inheritdoc/>
    public IWriteLog LogWrites(RamBlock block) => new KvmWriteLog(_memory, block);

    /// <summary>The clock behind kvmclock in nanoseconds.</summary>
    internal ulong Clock
    {
        get
        {
            ulong* data = stackalloc ulong[6];
            return _vm.Try(KvmApi.KVM_GET_CLOCK, (long)data) >= 0 ? *data : 0;
        }

        set
        {
            ulong* data = stackalloc ulong[6];
            new Span<ulong>(data, 6).Clear();
            *data = value;
            _vm.Try(KvmApi.KVM_SET_CLOCK, (long)data);
        }
    }

    internal KvmDescriptor Vm => _vm;

    internal KvmSystem System => _system;

    /// <inheritdoc/>
    public void Dispose()
    {
        _routes.CloseMessages();
        _ports.Dispose();
        _registers.Dispose();
        foreach (KvmVcpu vcpu in _vcpus)
            vcpu.Dispose();
        _vcpus.Clear();
        _vm.Dispose();
        _system.Dispose();
    }

    private static string Text(bool has) => has ? "on" : "off";

    private void CreateIrqChip()
    {
        const int IoApicPins = 24;
        if (IrqChip == IrqChipMode.Split)
        {
            KvmEnableCap cap = new() { Cap = KvmApi.KVM_CAP_SPLIT_IRQCHIP };
            cap.Args[0] = IoApicPins;
            if (!_system.Has(KvmApi.KVM_CAP_SPLIT_IRQCHIP))
                throw new KvmException("this kernel cannot split the interrupt controllers; use kernel-irqchip=on or off");
            _vm.Call(KvmApi.KVM_ENABLE_CAP, ref cap, "KVM_CAP_SPLIT_IRQCHIP");
        }

        if (IrqChip != IrqChipMode.On)
            return;
        if (!_system.Has(KvmApi.KVM_CAP_IRQCHIP) || !_system.Has(KvmApi.KVM_CAP_PIT2))
            throw new KvmException("this kernel has no interrupt controllers for guests; use kernel-irqchip=off");
        _vm.Call(KvmApi.KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP");
        uint* pit = stackalloc uint[16];
        new Span<uint>(pit, 16).Clear();
        *pit = SpeakerInKernel;
        _vm.Call(KvmApi.KVM_CREATE_PIT2, (long)pit, "KVM_CREATE_PIT2");
        SetPcRoutes();
    }

    // As a PC is wired: input 0 of the PIC is input 2 of the I/O APIC, the others have the same number.
    private void SetPcRoutes()
    {
        const uint Master = 0, Slave = 1, IoApic = 2, Pins = 24, CascadeInput = 2;
        List<KvmRoute> routes = [];
        for (uint gsi = 0; gsi < Pins; gsi++)
        {
            if (gsi < 16 && gsi != CascadeInput)
                routes.Add(new KvmRoute { Gsi = gsi, Type = KvmRoute.IrqChip, Chip = gsi < 8 ? Master : Slave, Pin = gsi % 8 });
            if (gsi != CascadeInput)
                routes.Add(new KvmRoute { Gsi = gsi, Type = KvmRoute.IrqChip, Chip = IoApic, Pin = gsi == 0 ? CascadeInput : gsi });
        }

        _routes.SetInputs([.. routes]);
    }
}
