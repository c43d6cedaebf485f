using Suite.Devices.Core;

namespace Suite.Devices.Virtio;

/// <summary>How a device reaches its driver: the transport's part.</summary>
internal interface IVirtioTransport
{
    /// <summary>A queue has used buffers.</summary>
    void InterruptQueue(int queue);

    /// <summary>The configuration, or the status, changed.</summary>
    void InterruptConfig();
}

/// <summary>
/// A virtio device without its transport (Virtio 1.2, section 2): features, status, queues, configuration space. A transport (<see cref="VirtioMmio"/>,
/// <see cref="VirtioPci"/>) is made around it and holds its declared state.
/// </summary>
public abstract class VirtioDevice
{
    /// <summary>Feature bits of every device.</summary>
    protected const ulong AnyLayout = 1UL << 27, IndirectDescriptors = 1UL << 28, EventIndex = 1UL << 29, Version1 = 1UL << 32;

    private const byte StatusDriverOk = 4, StatusFeaturesOk = 8, StatusNeedsReset = 0x40;

    private readonly int _queueCount, _queueSize;
    private Register _status = null!, _features = null!, _generation = null!, _isr = null!;
    private IVirtioTransport _transport = null!;
    private VirtioQueue[] _queues = [];

    /// <summary>A device.</summary>
    /// <param name="name">"virtio-blk" and so on.</param>
    /// <param name="id">Its number (Virtio 1.2, section 5).</param>
    /// <param name="queues">Queues.</param>
    /// <param name="queueSize">Descriptors of each; a power of two.</param>
    protected VirtioDevice(string name, ushort id, int queues, int queueSize) => (Name, Id, _queueCount, _queueSize) = (name, id, queues, queueSize);

    /// <summary>The device's name.</summary>
    public string Name { get; }

    /// <summary>The device's number: 1 net, 2 block, 3 console, 4 rng, 5 balloon.</summary>
    public ushort Id { get; }

    /// <summary>The queues; each has a <see cref="VirtioQueue.Kick"/> for whoever hears the driver's notification.</summary>
    public IReadOnlyList<VirtioQueue> Queues => _queues;

    /// <summary>Features the device offers, without those every device has.</summary>
    protected abstract ulong OwnFeatures { get; }

    /// <summary>Bytes of the configuration space.</summary>
    public abstract int ConfigBytes { get; }

    /// <summary>Features the driver accepted.</summary>
    public ulong Features => _features.Value;

    /// <summary>True for drivers of Virtio 1.0 and later.</summary>
    public bool IsModern => _features.Has(Version1);

    /// <summary>The driver has set the device up, and it is not broken.</summary>
    public bool IsRunning => _status.Has(StatusDriverOk) && !IsBroken;

    /// <summary>The driver broke the rules; it has to reset the device.</summary>
    public bool IsBroken => _status.Has(StatusNeedsReset);

    /// <summary>Why it is broken; for `info qtree`.</summary>
    public string? BrokenBecause { get; private set; }

    internal IGuestMemory Memory { get; private set; } = null!;

    internal bool HasEventIndex => _features.Has(EventIndex);

    internal byte Status => _status.Byte;

    internal byte Generation => _generation.Byte;

    /// <summary>What a driver is offered.</summary>
    /// <param name="modern">By a transport of Virtio 1.0.</param>
    internal ulong Offered(bool modern) => OwnFeatures | IndirectDescriptors | EventIndex | AnyLayout | (modern ? Version1 : 0);

    /// <summary>The interrupt status: queue in bit 0, configuration in bit 1.</summary>
    internal Register Isr => _isr;

    /// <summary>Reads the configuration space; offsets outside are 0.</summary>
    internal ulong ReadConfig(ulong offset, int size)
    {
        Span<byte> all = stackalloc byte[ConfigBytes];
        FillConfig(all);
        ulong value = 0;
        for (int i = 0; i < size; i++)
            if (offset + (ulong)i < (ulong)all.Length)
                value |= (ulong)all[(int)offset + i] << (8 * i);
        return value;
    }

    /// <summary>Writes the configuration space.</summary>
    internal void WriteConfigSpace(ulong offset, int size, ulong value)
    {
        if (offset < (ulong)ConfigBytes && (ulong)size <= (ulong)ConfigBytes - offset)
            WriteConfig((int)offset, size, value);
    }

    internal void Connect(DeviceState state, IGuestMemory memory, IVirtioTransport transport)
    {
        (Memory, _transport) = (memory, transport);
        _status = state.Register("device status", 8);
        _features = state.Register("driver features", 64);
        _generation = state.Register("config generation", 8);
        _isr = state.Register("interrupt status", 2);
        _queues = new VirtioQueue[_queueCount];
        for (int i = 0; i < _queueCount; i++)
            _queues[i] = new VirtioQueue(this, state, i, _queueSize);
        Declare(state);
    }

    /// <summary>The driver's acceptance; bits that were not offered are ignored.</summary>
    internal void SetFeatures(ulong value, ulong mask, bool modern)
    {
        if (!_status.Has(StatusFeaturesOk | StatusDriverOk))
            _features.Value = ((_features.Value & ~mask) | (value & mask)) & Offered(modern);
    }

    /// <summary>The driver writes the status; 0 resets.</summary>
    /// <param name="value">The new status.</param>
    /// <param name="needsVersion1">The transport is a modern one: a driver that did not accept VERSION_1 is refused.</param>
    internal void SetStatus(byte value, bool needsVersion1)
    {
        if (value == 0)
        {
            ResetByDriver();
            return;
        }

        bool wasRunning = IsRunning;
        if ((value & StatusFeaturesOk) != 0 && needsVersion1 && !IsModern)
            value &= unchecked((byte)~StatusFeaturesOk);
        _status.Value = (value & ~(ulong)StatusNeedsReset) | (_status.Value & StatusNeedsReset);
        if (!wasRunning && IsRunning)
            Started();
    }

    /// <summary>What a reset of the machine or by the driver does.</summary>
    internal void ResetByDriver()
    {
        Stopped();
        (_status.Value, _features.Value, _isr.Value) = (0, 0, 0);
        BrokenBecause = null;
        foreach (VirtioQueue queue in _queues)
            queue.Clear();
    }

    internal void InterruptQueue(int queue)
    {
        _isr.Set(1, true);
        _transport.InterruptQueue(queue);
    }

    internal void Break(string why)
    {
        if (IsBroken)
            return;
        BrokenBecause = why;
        _status.Set(StatusNeedsReset, true);
        if (IsModern)
            SignalConfig();
    }

    /// <summary>Work was made available on a queue. Must be quick: it may run on the thread of a vCPU.</summary>
    protected internal abstract void Notified(VirtioQueue queue);

    /// <summary>Fills the configuration space (little endian).</summary>
    protected abstract void FillConfig(Span<byte> config);

    /// <summary>The driver writes a field of the configuration space, all of it inside.</summary>
    protected virtual void WriteConfig(int offset, int size, ulong value)
    {
    }

    /// <summary>Declares state beyond the queues.</summary>
    protected virtual void Declare(DeviceState state)
    {
    }

    /// <summary>The driver is ready.</summary>
    protected virtual void Started()
    {
    }

    /// <summary>The device is reset: what it was doing ends.</summary>
    protected virtual void Stopped()
    {
    }

    /// <summary>The state was replaced as a whole, by a reset or a snapshot.</summary>
    protected internal virtual void Settled()
    {
    }

    /// <summary>The configuration space has other contents now.</summary>
    protected void ConfigChanged()
    {
        _generation.Value++;
        if (_status.Has(StatusDriverOk))
            SignalConfig();
    }

    private void SignalConfig()
    {
        _isr.Set(2, true);
        _transport.InterruptConfig();
    }
}
