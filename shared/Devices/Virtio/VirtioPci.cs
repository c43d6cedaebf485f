using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Devices.Virtio;

/// <summary>
/// Virtio over PCI (Virtio 1.2, section 4.1): a transitional function, with the registers of Virtio 0.9 in an I/O BAR for old drivers and the
/// structures of Virtio 1.0 in a memory BAR, MSI-X with a vector for every queue and one for the configuration, and the interrupt pin.
/// </summary>
public sealed class VirtioPci : PciFunction, IVirtioTransport
{
    private const ushort Vendor = 0x1AF4, NoVector = 0xFFFF;
    private const int LegacyIndex = 0, MsixIndex = 1, ModernIndex = 4;
    private const ulong LegacyNotify = 16, LegacyLength = 0x80, ModernLength = 0x4000;
    private const byte VendorCapability = 9;

    // The structures in the memory BAR.
    private const uint CommonOffset = 0, IsrOffset = 0x1000, DeviceOffset = 0x2000, NotifyStart = 0x3000, StructureLength = 0x1000, NotifyMultiplier = 4;

    private readonly VirtioDevice _device;
    private readonly Register _offeredHalf, _acceptedHalf, _queue, _configVector;
    private readonly Register[] _vectors;
    private readonly PciBar _legacy, _modern;
    private readonly ModernRegisters _structures;
    private readonly int _windowOffset;
    private (bool Legacy, bool Modern) _rings;

    /// <summary>A function around a device.</summary>
    /// <param name="name">As `info qtree` shows it.</param>
    /// <param name="device">The device.</param>
    public VirtioPci(string name, VirtioDevice device)
        : base(name, IdentityOf(device.Id))
    {
        _device = device;
        _offeredHalf = State.Register("device_feature_select", 32);
        _acceptedHalf = State.Register("driver_feature_select", 32);
        _queue = State.Register("queue_select", 16);
        device.Connect(State, Dma, this);
        _configVector = State.Register("config_msix_vector", 16, reset: NoVector);
        _vectors = State.RegisterArray("queue_msix_vector", device.Queues.Count, 16, reset: NoVector);
        _structures = new ModernRegisters(this);
        _legacy = AddIoBar(LegacyIndex, (int)LegacyLength, new LegacyRegisters(this));
        AddMsix(MsixIndex, device.Queues.Count + 1);
        _modern = AddMemoryBar(ModernIndex, ModernLength, _structures, widest: 4, is64: true, isPrefetchable: true);
        AddStructure(1, CommonOffset, 0x38, 16);
        AddStructure(3, IsrOffset, 4, 16);
        AddStructure(4, DeviceOffset, StructureLength, 16);
        SetConfig32(AddStructure(2, NotifyStart, StructureLength, 20) + 16, NotifyMultiplier);
        _windowOffset = AddStructure(5, 0, 0, 20);
        SetWritable(_windowOffset + 4, 0xFF, 1);
        SetWritable(_windowOffset + 8, ~0u, 4);
        SetWritable(_windowOffset + 12, ~0u, 4);
        SetWritable(_windowOffset + 16, ~0u, 4);
    }

    /// <summary>The device.</summary>
    public VirtioDevice Virtio => _device;

    /// <inheritdoc/>
    void IVirtioTransport.InterruptQueue(int queue) => Interrupt(_vectors[queue]);

    /// <inheritdoc/>
    void IVirtioTransport.InterruptConfig() => Interrupt(_configVector);

    /// <inheritdoc/>
    protected override void OnFunctionReset() => _device.ResetByDriver();

    /// <inheritdoc/>
    protected override void OnFunctionSettle()
    {
        UpdatePin();
        _device.Settled();
        FollowDriver();
    }

    /// <inheritdoc/>
    protected override void OnConfigurationRead(int offset, int size)
    {
        if (offset == _windowOffset + 16 && Window(out ulong at, out int width))
            BinaryPrimitives.WriteUInt32LittleEndian(Config[(_windowOffset + 16)..], (uint)_structures.Read(at, width));
    }

    /// <inheritdoc/>
    protected override void OnConfigurationWritten(int offset, int size)
    {
        if (offset == _windowOffset + 16 && Window(out ulong at, out int width))
            _structures.Write(at, width, Config32(_windowOffset + 16) & (uint)((1UL << (8 * width)) - 1));
        UpdatePin();
    }

    // Numbers and classes of transitional devices (4.1.2.1).
    private static PciIdentity IdentityOf(ushort id)
    {
        (ushort device, uint @class) = id switch
        {
            1 => ((ushort)0x1000, 0x020000u),
            2 => ((ushort)0x1001, 0x010000u),
            3 => ((ushort)0x1003, 0x078000u),
            4 => ((ushort)0x1005, 0x00FF00u),
            5 => ((ushort)0x1002, 0x00FF00u),
            _ => ((ushort)(0x1040 + id), 0x00FF00u),
        };
        return new PciIdentity(Vendor, device, @class, Revision: 0, InterruptPin: 1, SubsystemVendor: Vendor, Subsystem: id);
    }

    private int AddStructure(byte type, uint offset, uint length, int bytes)
    {
        int at = AddCapability(VendorCapability, bytes);
        SetConfig8(at + 2, (byte)bytes);
        SetConfig8(at + 3, type);
        SetConfig8(at + 4, length == 0 ? (byte)0 : (byte)ModernIndex);
        SetConfig32(at + 8, offset);
        SetConfig32(at + 12, length);
        return at;
    }

    // The window in configuration space (4.1.4.9), for firmware that cannot reach the BAR.
    private bool Window(out ulong at, out int width)
    {
        at = Config32(_windowOffset + 8);
        width = (int)Math.Min(Config32(_windowOffset + 12), 8);
        return Config8(_windowOffset + 4) == ModernIndex && width is 1 or 2 or 4 && at % (ulong)width == 0 && at + (ulong)width <= ModernLength;
    }

    private void Interrupt(Register vector)
    {
        if (Msix!.IsEnabled)
            Msix.Send(vector.Int);
        else
            UpdatePin();
    }

    private void UpdatePin() => SetInterrupt(!Msix!.IsEnabled && _device.Isr.Value != 0);

    private byte TakeIsr()
    {
        byte value = _device.Isr.Byte;
        _device.Isr.Value = 0;
        UpdatePin();
        return value;
    }

    private void SetStatus(byte value, bool isModern)
    {
        _device.SetStatus(value, needsVersion1: isModern);
        if (value == 0)
        {
            _configVector.Value = NoVector;
            foreach (Register vector in _vectors)
                vector.Value = NoVector;
        }

        UpdatePin();
        FollowDriver();
    }

    // A driver that runs rings at the place of its age: the queue's number at a port, or anything at the queue's own address.
    private void FollowDriver()
    {
        bool isLegacy = _device.IsRunning && !_device.IsModern, isModern = _device.IsRunning && _device.IsModern;
        if (isLegacy != _rings.Legacy)
            _legacy.SetDoorbells(isLegacy ? _device.Queues.Select(static q => new Doorbell(LegacyNotify, 2, (ulong)q.Index, q.Kick)) : []);
        if (isModern != _rings.Modern)
            _modern.SetDoorbells(isModern ? _device.Queues.Select(static q => new Doorbell(NotifyStart + (ulong)q.Index * NotifyMultiplier, 0, null, q.Kick)) : []);
        _rings = (isLegacy, isModern);
    }

    private VirtioQueue? Selected => _queue.Value < (ulong)_device.Queues.Count ? _device.Queues[_queue.Int] : null;

    private ulong SelectedVector => Selected is null ? NoVector : _vectors[_queue.Int].Value;

    private void SetVector(Register register, ulong value) => register.Value = value < (ulong)Msix!.Vectors ? value : NoVector;

    private void Kick(ulong queue)
    {
        if (queue < (ulong)_device.Queues.Count)
            _device.Queues[(int)queue].Kick();
    }

    // Virtio 0.9 (4.1.4.10): the configuration space follows the header, which is longer with MSI-X.
    private sealed class LegacyRegisters(VirtioPci function) : IBusDevice
    {
        private const ulong Header = 20, HeaderWithMsix = 24;
        private const int PageBits = 12;

        private ulong ConfigStart => function.Msix!.IsEnabled ? HeaderWithMsix : Header;

        public ulong Read(ulong offset, int size)
        {
            if (offset >= ConfigStart)
                return function._device.ReadConfig(offset - ConfigStart, size);
            return offset switch
            {
                0 => function._device.Offered(modern: false),
                4 => function._device.Features,
                8 => function.Selected is { IsReady: true } queue ? queue.DescriptorTable >> PageBits : 0,
                12 => (ulong)(function.Selected?.Largest ?? 0),
                14 => function._queue.Value,
                18 => function._device.Status,
                19 => function.TakeIsr(),
                20 => function._configVector.Value,
                22 => function.SelectedVector,
                _ => 0,
            };
        }

        public void Write(ulong offset, int size, ulong value)
        {
            if (offset >= ConfigStart)
            {
                function._device.WriteConfigSpace(offset - ConfigStart, size, value);
                return;
            }

            switch (offset)
            {
                case 4:
                    function._device.SetFeatures(value, uint.MaxValue, modern: false);
                    break;
                case 8:
                    function.Selected?.SetLegacyPage((uint)value);
                    break;
                case 14:
                    function._queue.Value = value;
                    break;
                case LegacyNotify:
                    function.Kick(value);
                    break;
                case 18:
                    function.SetStatus((byte)value, isModern: false);
                    break;
                case 20:
                    function.SetVector(function._configVector, value);
                    break;
                case 22 when function.Selected is not null:
                    function.SetVector(function._vectors[function._queue.Int], value);
                    break;
            }
        }
    }

    // Virtio 1.0: common configuration (4.1.4.3), ISR, device configuration, notification.
    private sealed class ModernRegisters(VirtioPci function) : IBusDevice
    {
        private const ulong LowHalf = 0xFFFF_FFFF;

        public ulong Read(ulong offset, int size)
        {
            VirtioDevice device = function._device;
            return offset switch
            {
                < IsrOffset => size == 1 ? ReadCommon(offset & ~1UL) >> (8 * (int)(offset & 1)) : ReadCommon(offset),
                IsrOffset => function.TakeIsr(),
                >= DeviceOffset and < NotifyStart => device.ReadConfig(offset - DeviceOffset, size),
                _ => 0,
            };
        }

        public void Write(ulong offset, int size, ulong value)
        {
            if (offset < IsrOffset)
                WriteCommon(offset, size, value);
            else if (offset is >= DeviceOffset and < NotifyStart)
                function._device.WriteConfigSpace(offset - DeviceOffset, size, value);
            else if (offset >= NotifyStart)
                function.Kick((offset - NotifyStart) / NotifyMultiplier);
        }

        private ulong ReadCommon(ulong offset)
        {
            VirtioDevice device = function._device;
            VirtioQueue? queue = function.Selected;
            return offset switch
            {
                0 => function._offeredHalf.Value,
                4 => function._offeredHalf.Value switch { 0 => device.Offered(modern: true) & LowHalf, 1 => device.Offered(modern: true) >> 32, _ => 0 },
                8 => function._acceptedHalf.Value,
                12 => function._acceptedHalf.Value switch { 0 => device.Features & LowHalf, 1 => device.Features >> 32, _ => 0 },
                16 => function._configVector.Value,
                18 => (ulong)device.Queues.Count,
                20 => device.Status | (ulong)device.Generation << 8,
                22 => function._queue.Value,
                24 => (ulong)(queue?.Size ?? 0),
                26 => function.SelectedVector,
                28 => queue is { IsReady: true } ? 1UL : 0,
                30 => function._queue.Value,
                32 => (queue?.DescriptorTable ?? 0) & LowHalf,
                36 => (queue?.DescriptorTable ?? 0) >> 32,
                40 => (queue?.AvailableRing ?? 0) & LowHalf,
                44 => (queue?.AvailableRing ?? 0) >> 32,
                48 => (queue?.UsedRing ?? 0) & LowHalf,
                52 => (queue?.UsedRing ?? 0) >> 32,
                _ => 0,
            };
        }

        private void WriteCommon(ulong offset, int size, ulong value)
        {
            switch (offset)
            {
                case 0:
                    function._offeredHalf.Value = value;
                    break;
                case 8:
                    function._acceptedHalf.Value = value;
                    break;
                case 12 when function._acceptedHalf.Value < 2:
                    int shift = function._acceptedHalf.Int * 32;
                    function._device.SetFeatures(value << shift, LowHalf << shift, modern: true);
                    break;
                case 16:
                    function.SetVector(function._configVector, value);
                    break;
                case 20:
                    function.SetStatus((byte)value, isModern: true);
                    break;
                case 22:
                    function._queue.Value = value;
                    break;
                default:
                    if (function.Selected is { } queue)
                        WriteQueue(queue, offset, size, value);
                    break;
            }
        }

        private void WriteQueue(VirtioQueue queue, ulong offset, int size, ulong value)
        {
            switch (offset)
            {
                case 24:
                    queue.SetSize((uint)value);
                    break;
                case 26:
                    function.SetVector(function._vectors[queue.Index], value);
                    break;
                case 28:
                    queue.SetReady((value & 1) != 0);
                    break;
                case >= 32 and < 56 when size == 4:
                    VirtioRing ring = (VirtioRing)((offset - 32) / 8);
                    int shift = (offset & 4) != 0 ? 32 : 0;
                    queue.SetAddress(ring, value << shift, LowHalf << shift);
                    break;
            }
        }
    }
}
