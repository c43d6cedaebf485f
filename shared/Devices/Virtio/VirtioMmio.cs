using Suite.Devices.Core;

namespace Suite.Devices.Virtio;

/// <summary>
/// Virtio over memory-mapped registers, version 2 (Virtio 1.2, section 4.2): 512 bytes and one interrupt, as boards without PCI have it. A device
/// of null is an empty slot, which a driver finds by its number 0.
/// </summary>
public sealed class VirtioMmio : Device, IBusDevice, IVirtioTransport
{
    /// <summary>Addresses it takes.</summary>
    public const int Length = 0x200;

    private const ulong NotifyOffset = 0x050, Config = 0x100;
    private const uint Magic = 0x74726976, Version = 2, Vendor = 0x554D4551;
    private const ulong LowHalf = 0xFFFF_FFFF, HighHalf = 0xFFFF_FFFF_0000_0000;

    private readonly VirtioDevice? _device;
    private readonly IrqLine _irq;
    private readonly Register _offeredHalf, _acceptedHalf, _queue;
    private BusRange? _place;
    private bool _rings;

    /// <summary>A slot.</summary>
    /// <param name="name">"virtio-mmio.0" and so on.</param>
    /// <param name="device">What is in it; null for nothing.</param>
    /// <param name="memory">The machine's memory.</param>
    /// <param name="irq">Its interrupt, level triggered.</param>
    public VirtioMmio(string name, VirtioDevice? device, IGuestMemory memory, IrqLine irq)
        : base(name)
    {
        (_device, _irq) = (device, irq);
        _offeredHalf = State.Register("DeviceFeaturesSel", 32);
        _acceptedHalf = State.Register("DriverFeaturesSel", 32);
        _queue = State.Register("QueueSel", 32);
        device?.Connect(State, memory, this);
    }

    /// <summary>Puts the slot where the board has it.</summary>
    public void Attach(Bus memory, ulong address) => _place = memory.Attach(this, Name, address, Length, widest: 8);

    /// <summary>The device in the slot.</summary>
    public VirtioDevice? Virtio => _device;

    /// <inheritdoc/>
    public ulong Read(ulong offset, int size)
    {
        if (_device is not null && offset >= Config)
            return _device.ReadConfig(offset - Config, size);
        if (size != 4)
            return 0;
        switch (offset)
        {
            case 0x000:
                return Magic;
            case 0x004:
                return Version;
            case 0x00C:
                return Vendor;
        }

        if (_device is null)
            return 0;
        VirtioQueue? queue = Selected;
        return offset switch
        {
            0x008 => _device.Id,
            0x010 => _offeredHalf.Value switch
            {
                0 => _device.Offered(modern: true) & LowHalf,
                1 => _device.Offered(modern: true) >> 32,
                _ => 0,
            },
            0x034 => (ulong)(queue?.Largest ?? 0),
            0x044 => queue is { IsReady: true } ? 1UL : 0,
            0x060 => _device.Isr.Value,
            0x070 => _device.Status,
            >= 0x0B0 and <= 0x0BC => LowHalf, // no shared memory
            0x0FC => _device.Generation,
            _ => 0,
        };
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        if (_device is null)
            return;
        if (offset >= Config)
        {
            _device.WriteConfigSpace(offset - Config, size, value);
            return;
        }

        if (size != 4)
            return;
        switch (offset)
        {
            case 0x014:
                _offeredHalf.Value = value;
                break;
            case 0x020 when _acceptedHalf.Value < 2:
                int shift = _acceptedHalf.Int * 32;
                _device.SetFeatures(value << shift, LowHalf << shift, modern: true);
                break;
            case 0x024:
                _acceptedHalf.Value = value;
                break;
            case 0x030:
                _queue.Value = value;
                break;
            case NotifyOffset when value < (ulong)_device.Queues.Count:
                _device.Queues[(int)value].Kick();
                break;
            case 0x064:
                _device.Isr.Value &= ~value;
                UpdateIrq();
                break;
            case 0x070:
                _device.SetStatus((byte)value, needsVersion1: true);
                UpdateIrq();
                FollowDriver();
                break;
            default:
                if (Selected is { } queue)
                    WriteQueue(queue, offset, value);
                break;
        }
    }

    /// <inheritdoc/>
    void IVirtioTransport.InterruptQueue(int queue) => UpdateIrq();

    /// <inheritdoc/>
    void IVirtioTransport.InterruptConfig() => UpdateIrq();

    /// <inheritdoc/>
    protected override void OnReset() => _device?.ResetByDriver();

    /// <inheritdoc/>
    protected override void Settle()
    {
        UpdateIrq();
        _device?.Settled();
        FollowDriver();
    }

    private void FollowDriver()
    {
        bool rings = _device is { IsRunning: true };
        if (rings == _rings)
            return;
        _rings = rings;
        _place?.SetDoorbells(rings ? _device!.Queues.Select(static q => new Doorbell(NotifyOffset, 4, (ulong)q.Index, q.Kick)) : []);
    }

    private void UpdateIrq() => _irq.Set(_device is { Isr.Value: not 0 });

    private VirtioQueue? Selected => _queue.Value < (ulong)_device!.Queues.Count ? _device.Queues[_queue.Int] : null;

    private static void WriteQueue(VirtioQueue queue, ulong offset, ulong value)
    {
        switch (offset)
        {
            case 0x038:
                queue.SetSize((uint)value);
                break;
            case 0x044:
                queue.SetReady((value & 1) != 0);
                break;
            case 0x080 or 0x084:
                queue.SetAddress(VirtioRing.Descriptors, Half(offset, value), Mask(offset));
                break;
            case 0x090 or 0x094:
                queue.SetAddress(VirtioRing.Available, Half(offset, value), Mask(offset));
                break;
            case 0x0A0 or 0x0A4:
                queue.SetAddress(VirtioRing.Used, Half(offset, value), Mask(offset));
                break;
        }
    }

    private static ulong Half(ulong offset, ulong value) => (offset & 4) != 0 ? value << 32 : value;

    private static ulong Mask(ulong offset) => (offset & 4) != 0 ? HighHalf : LowHalf;
}
