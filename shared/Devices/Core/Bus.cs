namespace Suite.Devices.Core;

/// <summary>
/// An address space of devices: x86 ports, or memory-mapped registers. Reads that nobody answers are all ones, writes are dropped. An access
/// wider than a device takes is made in pieces, lowest address first, as an ISA bridge does.
/// </summary>
/// <param name="name">For errors: "io" or "memory".</param>
/// <param name="limit">Number of addresses.</param>
public sealed class Bus(string name, ulong limit)
{
    private const ulong Small = 0x10000;

    private readonly List<BusRange> _all = [];

    // A small bus (ports) knows for each address who answers: the range's number, from 1. What was never written of the table takes no memory.
    private readonly ushort[]? _owners = limit <= Small ? new ushort[limit] : null;
    private BusRange?[] _numbered = [null];

    private BusRange[] _mapped = []; // sorted by Start, without overlap
    private BusRange? _last;
    private IBusShortcuts? _shortcuts;

    /// <summary>Every range attached, mapped or not.</summary>
    public IReadOnlyList<BusRange> Ranges => _all;

    /// <summary>Whoever runs the vCPUs, if it can spare them the way here for some writes.</summary>
    public IBusShortcuts? Shortcuts
    {
        get => _shortcuts;
        set
        {
            _shortcuts = value;
            foreach (BusRange range in _mapped)
                value?.Add(range);
        }
    }

    /// <summary>Writes that were collected or reported another way reach their devices before this returns: before a display is looked at, or state is saved.</summary>
    public void Settle() => _shortcuts?.Settle();

    /// <summary>Attaches a device at a fixed place.</summary>
    /// <param name="device">Who answers.</param>
    /// <param name="label">The device's name.</param>
    /// <param name="start">First address.</param>
    /// <param name="length">Addresses, at least 1.</param>
    /// <param name="widest">The widest access the device takes in one piece: 1, 2, 4 or 8 bytes.</param>
    /// <exception cref="InvalidOperationException">The range overlaps another, or leaves the bus: a mistake in a board.</exception>
    public BusRange Attach(IBusDevice device, string label, ulong start, ulong length, int widest = 1)
    {
        if (FirstIn(start, length) is { } other)
            throw new InvalidOperationException($"{name}: {label} at {start:x} overlaps {other.Name} at {other.Start:x}");
        BusRange range = Declare(device, label, length, widest);
        Map(range, start);
        return range.IsMapped ? range : throw new InvalidOperationException($"{name}: {label} at {start:x} leaves the bus");
    }

    /// <summary>Attaches a device whose place the guest will choose.</summary>
    public BusRange Declare(IBusDevice device, string label, ulong length, int widest)
    {
        int number = Array.IndexOf(_numbered, null, 1);
        if (number < 0)
        {
            number = _numbered.Length;
            Array.Resize(ref _numbered, number + 1);
        }

        BusRange range = new(this, label, number, length, device, widest);
        _numbered[number] = range;
        _all.Add(range);
        return range;
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes.</summary>
    public ulong Read(ulong address, int size)
    {
        if (Find(address) is { } range && size <= range.Widest && address + (ulong)size - 1 <= range.Last)
            return range.Device.Read(address - range.Start, size) & Ones(size);
        if (size == 1)
            return Ones(1);
        int half = size / 2;
        return Read(address, half) | Read(address + (ulong)half, half) << (half * 8);
    }

    /// <summary>Reads a register that needs no lock (<see cref="ILockFreeReads"/>); false where there is none.</summary>
    public bool TryReadLockFree(ulong address, int size, out ulong value)
    {
        value = 0;
        return Find(address) is { Device: ILockFreeReads device } range && size == range.Widest && device.TryRead(address - range.Start, out value);
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes.</summary>
    public void Write(ulong address, int size, ulong value)
    {
        if (Find(address) is { } range && size <= range.Widest && address + (ulong)size - 1 <= range.Last)
        {
            range.Device.Write(address - range.Start, size, value & Ones(size));
            return;
        }

        if (size == 1)
            return;
        int half = size / 2;
        Write(address, half, value);
        Write(address + (ulong)half, half, value >> (half * 8));
    }

    /// <summary>The range that answers at an address; null when none does. While others change the map, it may be one that did just before.</summary>
    public BusRange? Find(ulong address)
    {
        if (_owners is { } owners)
            return address < (ulong)owners.Length ? _numbered[owners[address]] : null;
        if (_last is { } last && address >= last.Start && address <= last.Last)
            return last;
        BusRange[] mapped = _mapped;
        int low = 0, high = mapped.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            BusRange range = mapped[middle];
            if (address < range.Start)
                high = middle - 1;
            else if (address > range.Last)
                low = middle + 1;
            else
                return _last = range;
        }

        return null;
    }

    // Where the range leaves the bus, or something answers already, it is not mapped: a guest may program nonsense into a BAR.
    internal void Map(BusRange range, ulong start)
    {
        Unmap(range);
        if (start >= limit || range.Length > limit - start || FirstIn(start, range.Length) is not null)
            return;
        (range.Start, range.IsMapped) = (start, true);
        _owners?.AsSpan((int)start, (int)range.Length).Fill((ushort)range.Number);
        _mapped = [.. _mapped.Append(range).OrderBy(r => r.Start)];
        _shortcuts?.Add(range);
    }

    internal void Unmap(BusRange range)
    {
        if (!range.IsMapped)
            return;
        _shortcuts?.Remove(range);
        range.IsMapped = false;
        _owners?.AsSpan((int)range.Start, (int)range.Length).Clear();
        _mapped = [.. _mapped.Where(other => other != range)];
        _last = null;
    }

    internal void Withdraw(BusRange range)
    {
        Unmap(range);
        _all.Remove(range);
        _numbered[range.Number] = null;
    }

    private BusRange? FirstIn(ulong start, ulong length)
    {
        foreach (BusRange range in _mapped)
            if (start <= range.Last && range.Start <= start + (length - 1))
                return range;
        return null;
    }

    private static ulong Ones(int size) => size == 8 ? ulong.MaxValue : (1UL << (size * 8)) - 1;
}
