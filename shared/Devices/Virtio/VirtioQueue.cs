using System.Runtime.CompilerServices;
using Suite.Devices.Core;

namespace Suite.Devices.Virtio;

/// <summary>
/// A split virtqueue (Virtio 1.2, section 2.7) with indirect descriptors and event index. The rings lie in the guest's memory and are hostile: every
/// address is checked, chains are bounded, and a driver that breaks the rules has its device broken until it resets it.
/// </summary>
public sealed unsafe class VirtioQueue
{
    /// <summary>Descriptors of a chain, indirect ones included.</summary>
    public const int LongestChain = 1024;

    private const int DescriptorBytes = 16, LargestTable = DescriptorBytes << 16;
    private const ushort FlagNext = 1, FlagWrite = 2, FlagIndirect = 4;
    private const ushort AvailNoInterrupt = 1;

    private readonly VirtioDevice _device;
    private readonly Register _size, _ready, _descriptors, _available, _used, _nextAvailable, _nextUsed, _signalled, _isSignalledValid;
    private readonly Stack<VirtioChain> _pool = [];

    internal VirtioQueue(VirtioDevice device, DeviceState state, int index, int largest)
    {
        (_device, Index, Largest) = (device, index, largest);
        string name = $"queue {index}";
        _size = state.Register($"{name} size", 16, reset: (ulong)largest);
        _ready = state.Register($"{name} ready", 1);
        _descriptors = state.Register($"{name} descriptors", 64);
        _available = state.Register($"{name} available", 64);
        _used = state.Register($"{name} used", 64);
        _nextAvailable = state.Register($"{name} next available", 16);
        _nextUsed = state.Register($"{name} next used", 16);
        _signalled = state.Register($"{name} signalled used", 16);
        _isSignalledValid = state.Register($"{name} signalled is valid", 1);
    }

    /// <summary>Its number.</summary>
    public int Index { get; }

    /// <summary>Most descriptors it can have.</summary>
    public int Largest { get; }

    /// <summary>Descriptors; a power of two.</summary>
    public int Size => _size.Int;

    /// <summary>True once the driver has set it up.</summary>
    public bool IsReady => _ready.IsSet;

    /// <summary>Address of the descriptor table.</summary>
    public ulong DescriptorTable => _descriptors.Value;

    /// <summary>Address of the available ring.</summary>
    public ulong AvailableRing => _available.Value;

    /// <summary>Address of the used ring.</summary>
    public ulong UsedRing => _used.Value;

    /// <summary>
    /// The driver has work for this queue: what a transport's notify register does, and what an ioeventfd's watcher is to call under the machine's
    /// lock.
    /// </summary>
    public void Kick()
    {
        if (IsReady && _device.IsRunning)
            _device.Notified(this);
    }

    /// <summary>Takes the next chain the driver made available. It must be given back by <see cref="Push"/> or <see cref="Unpop"/>.</summary>
    public bool TryPop(out VirtioChain chain)
    {
        chain = null!;
        if (!IsReady || _device.IsBroken || !TryRings(out Rings rings))
            return false;
        ushort next = (ushort)_nextAvailable.Value;
        if (Volatile.Read(ref rings.Available[1]) == next)
        {
            if (!_device.HasEventIndex)
                return false;
            rings.Used[2 + 4 * Size] = next; // avail_event: tell us about the next one
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref rings.Available[1]) == next)
                return false;
        }

        if ((ushort)(rings.Available[1] - next) > Size)
            return Break("more chains are available than the queue has descriptors");
        ushort head = rings.Available[2 + (next & (Size - 1))];
        chain = _pool.TryPop(out VirtioChain? used) ? used : new VirtioChain();
        chain.Start(_device.Memory, head);
        if (!Walk(chain, rings.Descriptors, head))
        {
            _pool.Push(chain);
            return false;
        }

        _nextAvailable.Value++;
        return true;
    }

    /// <summary>True when the driver made a chain available that was not taken.</summary>
    public bool HasAvailable => IsReady && !_device.IsBroken && TryRings(out Rings rings) && Volatile.Read(ref rings.Available[1]) != (ushort)_nextAvailable.Value;

    /// <summary>Gives a chain back unused; it will be popped again. Only the one popped last.</summary>
    public void Unpop(VirtioChain chain)
    {
        _nextAvailable.Value--;
        _pool.Push(chain);
    }

    /// <summary>Gives a chain to the driver; <see cref="Signal"/> tells it.</summary>
    /// <param name="chain">One popped from this queue.</param>
    /// <param name="written">Bytes written to its writable part.</param>
    public void Push(VirtioChain chain, uint written)
    {
        PushAhead(chain, written, 0);
        PublishUsed(1);
    }

    /// <summary>Writes a used element that the driver does not see before <see cref="PublishUsed"/>: one packet in several chains.</summary>
    public void PushAhead(VirtioChain chain, uint written, int ahead)
    {
        ushort head = chain.Head;
        _pool.Push(chain);
        if (!TryRings(out Rings rings))
            return;
        uint* element = (uint*)(rings.Used + 2) + 2 * ((ushort)(_nextUsed.Value + (ulong)ahead) & (Size - 1));
        element[0] = head;
        element[1] = written;
    }

    /// <summary>Makes used elements visible.</summary>
    public void PublishUsed(int count)
    {
        if (!TryRings(out Rings rings))
            return;
        ushort before = (ushort)_nextUsed.Value;
        _nextUsed.Value += (ulong)count;
        Volatile.Write(ref rings.Used[1], (ushort)_nextUsed.Value);
        if ((ushort)(_nextUsed.Value - _signalled.Value) < (ushort)(_nextUsed.Value - before))
            _isSignalledValid.IsSet = false; // it went once around
        _device.Memory.Written(UsedRing, UsedBytes);
    }

    /// <summary>Interrupts the driver unless it asked not to be.</summary>
    public void Signal()
    {
        if (!IsReady || !TryRings(out Rings rings))
            return;
        Interlocked.MemoryBarrier(); // the used index is written before the driver's wish is read
        ushort now = (ushort)_nextUsed.Value;
        if (_device.HasEventIndex)
        {
            ushort before = (ushort)_signalled.Value, wanted = rings.Available[2 + Size];
            bool isDue = !_isSignalledValid.IsSet || (ushort)(now - wanted - 1) < (ushort)(now - before);
            (_signalled.Value, _isSignalledValid.IsSet) = (now, true);
            if (!isDue)
                return;
        }
        else if ((rings.Available[0] & AvailNoInterrupt) != 0)
        {
            return;
        }

        _device.InterruptQueue(Index);
    }

    /// <summary>Sets the size; what is no power of two, 0 or too large is refused.</summary>
    internal void SetSize(uint size)
    {
        if (!IsReady && size != 0 && size <= Largest && (size & (size - 1)) == 0)
            _size.Value = size;
    }

    /// <summary>Replaces half of an address.</summary>
    internal void SetAddress(VirtioRing ring, ulong value, ulong mask)
    {
        Register register = ring switch { VirtioRing.Descriptors => _descriptors, VirtioRing.Available => _available, _ => _used };
        register.Value = (register.Value & ~mask) | (value & mask);
    }

    /// <summary>The rings of a legacy driver: one piece of whole pages.</summary>
    internal void SetLegacyPage(uint page)
    {
        const ulong Page = 4096;
        if (page == 0)
        {
            Clear();
            return;
        }

        ulong at = page * Page;
        _descriptors.Value = at;
        _available.Value = at + (ulong)(Size * DescriptorBytes);
        _used.Value = (_available.Value + (ulong)AvailableBytes + Page - 1) & ~(Page - 1);
        SetReady(true);
    }

    /// <summary>The driver says that the rings are in place.</summary>
    internal void SetReady(bool ready)
    {
        if (ready == IsReady)
            return;
        _ready.IsSet = ready;
        (_nextAvailable.Value, _nextUsed.Value, _signalled.Value, _isSignalledValid.IsSet) = (0, 0, 0, false);
    }

    internal void Clear()
    {
        SetReady(false);
        (_size.Value, _descriptors.Value, _available.Value, _used.Value) = ((ulong)Largest, 0, 0, 0);
    }

    private int AvailableBytes => 2 * (3 + Size);

    private int UsedBytes => 2 * 3 + 8 * Size;

    private bool TryRings(out Rings rings)
    {
        rings = default;
        const ulong Aligned2 = 1, Aligned4 = 3;
        if ((_available.Value & Aligned2) != 0 || (_used.Value & Aligned4) != 0
            || !_device.Memory.TryMap(_descriptors.Value, Size * DescriptorBytes, forWriting: false, out byte* descriptors)
            || !_device.Memory.TryMap(_available.Value, AvailableBytes, forWriting: false, out byte* available)
            || !_device.Memory.TryMap(_used.Value, UsedBytes, forWriting: true, out byte* used))
            return Break("its rings are not in memory");
        rings = new Rings { Descriptors = descriptors, Available = (ushort*)available, Used = (ushort*)used };
        return true;
    }

    private bool Walk(VirtioChain chain, byte* table, ushort head)
    {
        int count = 0;
        uint index = head, tableSize = (uint)Size;
        bool isIndirect = false;
        while (true)
        {
            if (index >= tableSize)
                return Break("a descriptor's number is beyond the table");
            // Copied before it is judged: the driver may change it at any time.
            byte* at = table + index * DescriptorBytes;
            ulong address = Unsafe.ReadUnaligned<ulong>(at);
            uint length = Unsafe.ReadUnaligned<uint>(at + 8);
            ushort flags = Unsafe.ReadUnaligned<ushort>(at + 12), next = Unsafe.ReadUnaligned<ushort>(at + 14);
            if ((flags & FlagIndirect) != 0)
            {
                if (isIndirect || (flags & FlagNext) != 0 || length == 0 || length % DescriptorBytes != 0 || length > LargestTable
                    || !_device.Memory.TryMap(address, (int)length, forWriting: false, out table))
                    return Break("an indirect table is malformed");
                (isIndirect, tableSize, index) = (true, length / DescriptorBytes, 0);
                continue;
            }

            if (++count > LongestChain)
                return Break("a chain is too long or loops");
            if (!chain.Add(address, length, (flags & FlagWrite) != 0))
                return Break("a chain is longer than 4 GiB or out of order");
            if ((flags & FlagNext) == 0)
                return true;
            index = next;
        }
    }

    private bool Break(string why)
    {
        _device.Break($"queue {Index}: {why}");
        return false;
    }

    private struct Rings
    {
        public byte* Descriptors;
        public ushort* Available, Used;
    }
}

/// <summary>The parts of a split queue.</summary>
internal enum VirtioRing
{
    Descriptors,
    Available,
    Used,
}
