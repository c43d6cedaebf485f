using System.Buffers.Binary;
using System.Numerics;
using Suite.Devices.Core;

namespace Suite.Devices.Pci;

/// <summary>
/// A function on a PCI bus: configuration space with a type 0 header, base address registers, capabilities, an interrupt pin, messages and DMA.
/// A device derives from it, declares its BARs and capabilities in its constructor, and hears of nothing else. (PCI Local Bus Specification 3.0.)
/// </summary>
public abstract class PciFunction : Device
{
    private readonly byte[] _config, _initial = new byte[PciRegisters.Length], _writable = new byte[PciRegisters.Length], _clearable = new byte[PciRegisters.Length];
    private readonly List<PciBar> _bars = [];
    private readonly Register _intx;
    private PciBus? _bus;
    private int _capabilityEnd = PciRegisters.HeaderEnd, _lastCapability;
    private bool _isPinHigh;

    /// <summary>A function that is not plugged in yet.</summary>
    /// <param name="name">As `info qtree` and snapshots show it.</param>
    /// <param name="identity">Its header.</param>
    protected PciFunction(string name, PciIdentity identity)
        : base(name)
    {
        Identity = identity;
        _config = State.Bytes("configuration", PciRegisters.Length);
        _intx = State.Register("INTx", 1);
        Dma = new PciDma(this);
        SetConfig16(PciRegisters.VendorId, identity.Vendor);
        SetConfig16(PciRegisters.DeviceId, identity.Device);
        SetConfig32(PciRegisters.Revision, identity.Class << 8 | identity.Revision);
        SetConfig16(PciRegisters.SubsystemVendorId, identity.SubsystemVendor);
        SetConfig16(PciRegisters.SubsystemId, identity.Subsystem);
        _initial[PciRegisters.InterruptPin] = (byte)identity.InterruptPin;
        const int command = PciRegisters.CommandIo | PciRegisters.CommandMemory | PciRegisters.CommandMaster | PciRegisters.CommandParity
            | PciRegisters.CommandSerr | PciRegisters.CommandIntxOff;
        SetWritable(PciRegisters.Command, command, 2);
        SetWritable(PciRegisters.CacheLineSize, 0xFF, 1);
        SetWritable(PciRegisters.InterruptLine, 0xFF, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(_clearable.AsSpan(PciRegisters.Status), PciRegisters.StatusErrors);
    }

    /// <summary>What its header says.</summary>
    public PciIdentity Identity { get; }

    /// <summary>Where it is plugged in.</summary>
    public int Slot { get; private set; }

    /// <summary>Which of its slot's functions it is.</summary>
    public int Function { get; private set; }

    /// <summary>Its base address registers, in the order of their declaration.</summary>
    public IReadOnlyList<PciBar> Bars => _bars;

    /// <summary>The message-signalled interrupts of its MSI capability; null when it has none.</summary>
    public PciMsi? Msi { get; private set; }

    /// <summary>The message-signalled interrupts of its MSI-X capability; null when it has none.</summary>
    public PciMsix? Msix { get; private set; }

    /// <summary>Configuration space as it is, for monitors and tests.</summary>
    public ReadOnlySpan<byte> Configuration => _config;

    /// <summary>The guest lets it write and read memory.</summary>
    public bool IsBusMaster => (Config16(PciRegisters.Command) & PciRegisters.CommandMaster) != 0;

    /// <summary>Memory as its DMA sees it: nothing while the guest has not made it a bus master.</summary>
    protected IGuestMemory Dma { get; }

    internal PciBus? Bus => _bus;

    internal Span<byte> Config => _config;

    /// <summary>Reads configuration space, as the guest does.</summary>
    /// <param name="offset">0 to 255, a multiple of the size.</param>
    /// <param name="size">1, 2 or 4 bytes.</param>
    public uint ReadConfiguration(int offset, int size)
    {
        OnConfigurationRead(offset, size);
        return size switch
        {
            1 => _config[offset],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(_config.AsSpan(offset)),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(_config.AsSpan(offset)),
        };
    }

    /// <summary>Writes configuration space, as the guest does: only bits that can be written change.</summary>
    public void WriteConfiguration(int offset, int size, uint value)
    {
        for (int i = offset; i < offset + size; i++, value >>= 8)
        {
            byte b = (byte)value;
            _config[i] = (byte)((_config[i] & ~_writable[i]) | (b & _writable[i]));
            _config[i] &= (byte)~(b & _clearable[i]);
        }

        if (offset < PciRegisters.HeaderEnd)
            FollowHeader();
        Msi?.ConfigurationWritten(offset, size);
        Msix?.ConfigurationWritten(offset, size);
        OnConfigurationWritten(offset, size);
    }

    internal void Join(PciBus bus, int slot, int function)
    {
        (_bus, Slot, Function) = (bus, slot, function);
        foreach (PciBar bar in _bars)
            bar.Attach(bus, Name);
    }

    internal void Leave()
    {
        SetInterrupt(false);
        Msix?.Close();
        foreach (PciBar bar in _bars)
            bar.Detach();
        _bus!.RetryBlocked();
        _bus = null;
    }

    internal void BecomeMultifunction()
    {
        const byte multifunction = 0x80;
        _initial[PciRegisters.HeaderType] |= multifunction;
        _config[PciRegisters.HeaderType] |= multifunction;
    }

    /// <summary>Declares ports.</summary>
    /// <param name="index">Which register, 0 to 5.</param>
    /// <param name="length">Ports, a power of two of at least 4.</param>
    /// <param name="device">Who answers.</param>
    /// <param name="widest">The widest access it takes in one piece.</param>
    protected PciBar AddIoBar(int index, int length, IBusDevice device, int widest = 4) =>
        AddBar(new PciBar(index, (ulong)length, isIo: true, is64: false, isPrefetchable: false, device, widest, null));

    /// <summary>Declares memory-mapped registers.</summary>
    /// <param name="index">Which register, 0 to 5; with <paramref name="is64"/> the next one is taken too.</param>
    /// <param name="length">Bytes, a power of two of at least 16.</param>
    /// <param name="device">Who answers.</param>
    /// <param name="widest">The widest access it takes in one piece.</param>
    /// <param name="is64">May lie above 4 GiB.</param>
    /// <param name="isPrefetchable">Reading has no side effects.</param>
    protected PciBar AddMemoryBar(int index, ulong length, IBusDevice device, int widest = 4, bool is64 = false, bool isPrefetchable = false) =>
        AddBar(new PciBar(index, length, isIo: false, is64, isPrefetchable, device, widest, null));

    /// <summary>Declares memory of the device that guests use directly (a frame buffer): whoever holds it maps it where it is told.</summary>
    /// <param name="index">Which register, 0 to 5.</param>
    /// <param name="length">Bytes, a power of two of at least 4096.</param>
    /// <param name="moved">Called with where it lies now; null for nowhere.</param>
    /// <param name="is64">May lie above 4 GiB.</param>
    /// <param name="isPrefetchable">Reading has no side effects.</param>
    protected PciBar AddRamBar(int index, ulong length, Action<ulong?> moved, bool is64 = false, bool isPrefetchable = true) =>
        AddBar(new PciBar(index, length, isIo: false, is64, isPrefetchable, null, 0, moved));

    /// <summary>
    /// Declares an expansion ROM; its length is rounded up to a power of two. Before the function is put on a bus. An image that names another device of the same maker, or
    /// none, is made to name this one: firmware runs no other, and one ROM serves several.
    /// </summary>
    public void AddRom(byte[] image)
    {
        const uint smallest = 2048;
        image = PciRom.ForDevice(image, _initial.AsSpan(PciRegisters.VendorId, sizeof(uint)));
        uint length = Math.Max(BitOperations.RoundUpToPowerOf2((uint)image.Length), smallest);
        AddBar(new PciBar(PciBar.Rom, length, isIo: false, is64: false, isPrefetchable: true, new PciRom(image), PciRom.Widest, null));
    }

    /// <summary>Declares a capability of the list at 34h; the result is its offset. Its contents are set with <see cref="SetConfig32"/> and the like.</summary>
    /// <param name="id">Capability ID.</param>
    /// <param name="length">Bytes with its two of header.</param>
    /// <exception cref="InvalidOperationException">Configuration space is full: a mistake in a device.</exception>
    protected int AddCapability(byte id, int length)
    {
        int offset = _capabilityEnd;
        if (offset + length > PciRegisters.Length)
            throw new InvalidOperationException($"{Name}: no room for PCI capability {id:x2}");
        _capabilityEnd = (offset + length + 3) & ~3;
        SetConfig8(offset, id);
        SetConfig8(_lastCapability == 0 ? PciRegisters.CapabilityPointer : _lastCapability + 1, (byte)offset);
        _initial[PciRegisters.Status] |= PciRegisters.StatusCapabilities;
        _lastCapability = offset;
        return offset;
    }

    /// <summary>Declares an MSI capability.</summary>
    /// <param name="messages">Messages it can tell apart: 1, 2, 4, 8, 16 or 32.</param>
    protected void AddMsi(int messages = 1) => Msi = new PciMsi(this, AddCapability(PciRegisters.CapabilityMsi, PciMsi.CapabilityLength), messages);

    /// <summary>Declares an MSI-X capability whose table and pending bits have a BAR of their own.</summary>
    /// <param name="bar">Which register.</param>
    /// <param name="vectors">Entries of the table, 1 to 2048.</param>
    protected void AddMsix(int bar, int vectors)
    {
        Msix = new PciMsix(this, AddCapability(PciRegisters.CapabilityMsix, PciMsix.CapabilityLength), bar, vectors, State);
        AddMemoryBar(bar, Msix.BarLength, Msix);
    }

    /// <summary>Declares what a byte of configuration space is after reset.</summary>
    protected internal void SetConfig8(int offset, byte value) => _initial[offset] = value;

    /// <summary>Declares what two bytes of configuration space are after reset.</summary>
    protected internal void SetConfig16(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_initial.AsSpan(offset), value);

    /// <summary>Declares what four bytes of configuration space are after reset.</summary>
    protected internal void SetConfig32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_initial.AsSpan(offset), value);

    /// <summary>Declares which bits the guest can write.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="mask">The bits.</param>
    /// <param name="size">Bytes, 1 to 4.</param>
    protected internal void SetWritable(int offset, uint mask, int size)
    {
        for (int i = 0; i < size; i++, mask >>= 8)
            _writable[offset + i] = (byte)mask;
    }

    /// <summary>A byte of configuration space.</summary>
    protected internal byte Config8(int offset) => _config[offset];

    /// <summary>Two bytes of configuration space.</summary>
    protected internal ushort Config16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_config.AsSpan(offset));

    /// <summary>Four bytes of configuration space.</summary>
    protected internal uint Config32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_config.AsSpan(offset));

    /// <summary>Drives its interrupt pin; the wire follows unless the guest has switched INTx off.</summary>
    protected void SetInterrupt(bool high)
    {
        _intx.IsSet = high;
        UpdatePin();
    }

    /// <summary>What a reset does beyond configuration space and the declared state.</summary>
    protected virtual void OnFunctionReset()
    {
    }

    /// <summary>The state was replaced as a whole; BARs and the interrupt pin follow by themselves.</summary>
    protected virtual void OnFunctionSettle()
    {
    }

    /// <summary>The guest is about to read configuration space.</summary>
    protected virtual void OnConfigurationRead(int offset, int size)
    {
    }

    /// <summary>The guest has written configuration space.</summary>
    protected virtual void OnConfigurationWritten(int offset, int size)
    {
    }

    /// <inheritdoc/>
    protected sealed override void OnReset()
    {
        _initial.CopyTo(_config, 0);
        Msix?.Reset();
        OnFunctionReset();
    }

    /// <inheritdoc/>
    protected sealed override void Settle()
    {
        FollowHeader();
        OnFunctionSettle();
    }

    private PciBar AddBar(PciBar bar)
    {
        int least = bar.IsIo ? 4 : 16;
        if (!BitOperations.IsPow2(bar.Length) || bar.Length < (ulong)least)
            throw new InvalidOperationException($"{Name}: BAR {bar.Index} of {bar.Length} bytes");
        _bars.Add(bar);
        ulong mask = ~(bar.Length - 1);
        if (bar.Index == PciBar.Rom)
        {
            SetWritable(bar.Offset, (uint)mask | 1, 4);
            return bar;
        }

        SetConfig32(bar.Offset, bar.IsIo ? 1u : (bar.Is64 ? 4u : 0) | (bar.IsPrefetchable ? 8u : 0));
        SetWritable(bar.Offset, (uint)mask, 4);
        if (bar.Is64)
            SetWritable(bar.Offset + 4, (uint)(mask >> 32), 4);
        return bar;
    }

    private void FollowHeader()
    {
        bool moved = false;
        int command = Config16(PciRegisters.Command);
        foreach (PciBar bar in _bars)
        {
            ulong? wanted = WantedAddress(bar, command);
            if (wanted == bar.Address)
                continue;
            bar.MoveTo(wanted);
            moved = true;
        }

        if (moved)
            _bus?.RetryBlocked();
        UpdatePin();
    }

    private ulong? WantedAddress(PciBar bar, int command)
    {
        if (_bus is null || (command & (bar.IsIo ? PciRegisters.CommandIo : PciRegisters.CommandMemory)) == 0)
            return null;
        ulong value = Config32(bar.Offset);
        if (bar.Index == PciBar.Rom && (value & 1) == 0)
            return null;
        if (bar.Is64)
            value |= (ulong)Config32(bar.Offset + 4) << 32;
        value &= ~(bar.Length - 1);
        // Zero is a register that nobody has set; the last address is one whose size is being asked.
        ulong last = value + bar.Length - 1;
        ulong top = bar.IsIo ? ushort.MaxValue : bar.Is64 ? ulong.MaxValue : uint.MaxValue;
        return value == 0 || last < value || last >= top ? null : value;
    }

    private void UpdatePin()
    {
        bool isOff = (Config16(PciRegisters.Command) & PciRegisters.CommandIntxOff) != 0;
        _config[PciRegisters.Status] = (byte)((_config[PciRegisters.Status] & ~PciRegisters.StatusIntx) | (_intx.IsSet ? PciRegisters.StatusIntx : 0));
        bool high = _intx.IsSet && !isOff && Identity.InterruptPin != 0;
        if (high == _isPinHigh || _bus is null)
            return;
        _isPinHigh = high;
        _bus.SetPin(Slot, Identity.InterruptPin, high);
    }
}
