namespace Suite.Devices.Core;

/// <summary>
/// An address space of devices: x86 ports, or memory-mapped registers. Reads that nobody answers are all ones, writes are dropped. An access
/// wider than a device takes is made in pieces, lowest address first, as an ISA bridge does.
/// </summary>
/// <param name="name">For errors: "io" or "memory".</param>
/// <param name="limit">Number of addresses.</param>
public sealed class Bus(string name, ulong limit)
{
    private readonly List<BusRange> _all = [];
    private BusRange[] _mapped = []; // sorted by Start, without overlap but for what is hidden below
    private BusRange? _last;

    /// <summary>Every range attached, mapped or not.</summary>
    public IReadOnlyList<BusRange> Ranges => _all;

    /// <summary>Attaches a device at a fixed place.</summary>
    /// <param name="device">Who answers.</param>
    /// <param name="label">The device's name.</param>
    /// <param name="start">First address.</param>
    /// <param name="length">Addresses, at least 1.</param>
    /// <param name="widest">The widest access the device takes in one piece: 1, 2, 4 or 8 bytes.</param>
    /// <exception cref="InvalidOperationException">The range overlaps another, or leaves the bus: a mistake in a board.</exception>
    public BusRange Attach(IBusDevice device, string label, ulong start, ulong length, int widest = 1)
    {
        foreach (BusRange other in _mapped)
            if (start < other.Start + other.Length && other.Start < start + length)
                throw new InvalidOperationException($"{name}: {label} at {start:x} overlaps {other.Name} at {other.Start:x}");
        BusRange range = Declare(device, label, length, widest);
        Map(range, start);
        return range;
    }

    /// <summary>Attaches a device whose place the guest will choose.</summary>
    public BusRange Declare(IBusDevice device, string label, ulong length, int widest)
    {
        BusRange range = new(this, label, 0, length, device, widest);
        _all.Add(range);
        return range;
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes.</summary>
    public ulong Read(ulong address, int size)
    {
        if (Find(address) is not { } range)
            return Ones(size);
        if (size <= range.Widest && address + (ulong)size - 1 <= range.Last)
            return range.Device.Read(address - range.Start, size) & Ones(size);
        if (size == 1)
            return Ones(1);
        int half = size / 2;
        return Read(address, half) | Read(address + (ulong)half, half) << (half * 8);
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

    /// <summary>The range that answers at an address; null when none does.</summary>
    public BusRange? Find(ulong address)
    {
        if (_last is { } last && address >= last.Start && address <= last.Last)
            return last;
        BusRange? found = null;
        int low = 0, high = _mapped.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            BusRange range = _mapped[middle];
            if (address < range.Start)
            {
                high = middle - 1;
            }
            else if (address > range.Last)
            {
                low = middle + 1;
            }
            else
            {
                found = _last = range;
                break;
            }
        }

        return found;
    }

    internal void Map(BusRange range, ulong start)
    {
        Unmap(range);
        if (start >= limit || range.Length > limit - start || _mapped.Any(other => start <= other.Last && other.Start <= start + range.Length - 1))
            return; // a guest may program nonsense into a BAR; what was there first goes on answering
        (range.Start, range.IsMapped) = (start, true);
        _mapped = [.. _mapped.Append(range).OrderBy(r => r.Start)];
    }

    internal void Unmap(BusRange range)
    {
        range.IsMapped = false;
        _mapped = [.. _mapped.Where(other => other != range)];
        _last = null;
    }

    private static ulong Ones(int size) => size == 8 ? ulong.MaxValue : (1UL << (size * 8)) - 1;
}
