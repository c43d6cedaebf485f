using Suite.Devices.Core;

namespace Suite.Devices.Pci;

/// <summary>
/// A PCI bus without bridges: 32 slots of 8 functions, whose base address registers map onto the machine's ports and memory addresses, and whose
/// INTx pins are wired to four interrupt lines, one slot further for each slot.
/// </summary>
/// <param name="io">The ports.</param>
/// <param name="memory">The memory addresses no memory answers.</param>
/// <param name="dma">Memory as bus masters see it.</param>
/// <param name="setInterrupt">Called when one of the four lines (PIRQA# to PIRQD#, 0 to 3) changes.</param>
/// <param name="sendMessage">Called for a message-signalled interrupt: the address and the data that are written.</param>
public sealed class PciBus(Bus io, Bus memory, IGuestMemory dma, Action<int, bool> setInterrupt, Action<ulong, uint> sendMessage)
{
    /// <summary>Slots of a bus, functions of a slot.</summary>
    public const int Slots = 32, FunctionsPerSlot = 8;

    private const int Lines = 4;

    private readonly PciFunction?[] _functions = new PciFunction?[Slots * FunctionsPerSlot];
    private readonly int[] _asserted = new int[Lines];

    /// <summary>Prepares a message that will be sent often; null, also as a result: each is sent by itself.</summary>
    public Func<ulong, uint, IMessageLine?>? OpenMessage { get; init; }

    /// <summary>The ports.</summary>
    public Bus Io => io;

    /// <summary>The memory addresses no memory answers.</summary>
    public Bus Memory => memory;

    /// <summary>Memory as bus masters see it.</summary>
    public IGuestMemory Dma => dma;

    /// <summary>What is plugged in, in order of slots and functions.</summary>
    public IEnumerable<PciFunction> Functions => _functions.OfType<PciFunction>();

    /// <summary>What is plugged in at a place; null when nothing is.</summary>
    public PciFunction? this[int slot, int function] => _functions[slot * FunctionsPerSlot + function];

    /// <summary>Plugs a function in.</summary>
    /// <param name="item">The function.</param>
    /// <param name="slot">0 to 31; -1 takes the first free slot.</param>
    /// <param name="function">0 to 7.</param>
    /// <exception cref="InvalidOperationException">The place is taken, or no slot is free.</exception>
    public void Add(PciFunction item, int slot = -1, int function = 0)
    {
        if (slot < 0)
            slot = FreeSlot() ?? throw new InvalidOperationException($"{item.Name}: all {Slots} slots of the PCI bus are taken");
        int place = slot * FunctionsPerSlot + function;
        if (_functions[place] is { } other)
            throw new InvalidOperationException($"{item.Name}: PCI slot {slot:x}.{function} is taken by {other.Name}");
        _functions[place] = item;
        item.Join(this, slot, function);
        if (function != 0)
            _functions[slot * FunctionsPerSlot]?.BecomeMultifunction();
        else if (Enumerable.Range(place + 1, FunctionsPerSlot - 1).Any(p => _functions[p] is not null))
            item.BecomeMultifunction();
    }

    /// <summary>Unplugs a function: its addresses are nobody's, its interrupt falls.</summary>
    public void Remove(PciFunction item)
    {
        int place = item.Slot * FunctionsPerSlot + item.Function;
        if (_functions[place] != item)
            return;
        _functions[place] = null;
        item.Leave();
    }

    /// <summary>The first slot without any function; null when there is none.</summary>
    public int? FreeSlot()
    {
        for (int slot = 0; slot < Slots; slot++)
            if (!_functions.AsSpan(slot * FunctionsPerSlot, FunctionsPerSlot).ContainsAnyExcept((PciFunction?)null))
                return slot;
        return null;
    }

    /// <summary>Reads configuration space. Where nothing is plugged in, all ones.</summary>
    /// <param name="place">Slot * 8 + function.</param>
    /// <param name="offset">0 to 255, a multiple of the size.</param>
    /// <param name="size">1, 2 or 4 bytes.</param>
    public uint ReadConfiguration(int place, int offset, int size) =>
        _functions[place & 0xFF]?.ReadConfiguration(offset & 0xFF & -size, size) ?? (uint)((1UL << (size * 8)) - 1);

    /// <summary>Writes configuration space.</summary>
    /// <param name="place">Slot * 8 + function.</param>
    /// <param name="offset">0 to 255, a multiple of the size.</param>
    /// <param name="size">1, 2 or 4 bytes.</param>
    /// <param name="value">The value.</param>
    public void WriteConfiguration(int place, int offset, int size, uint value) =>
        _functions[place & 0xFF]?.WriteConfiguration(offset & 0xFF & -size, size, value);

    /// <summary>Which of the four interrupt lines a pin is wired to.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="pin">1 for INTA# to 4 for INTD#.</param>
    public static int LineOf(int slot, int pin) => (slot - 1 + pin - 1) & (Lines - 1);

    internal void SetPin(int slot, int pin, bool high)
    {
        int line = LineOf(slot, pin);
        int before = _asserted[line];
        _asserted[line] += high ? 1 : -1;
        if ((before == 0) != (_asserted[line] == 0))
            setInterrupt(line, high);
    }

    internal void SendMessage(ulong address, uint data) => sendMessage(address, data);

    // What was hidden behind another function's addresses may have come free.
    internal void RetryBlocked()
    {
        foreach (PciFunction? function in _functions)
            if (function is not null)
                foreach (PciBar bar in function.Bars)
                    if (bar.IsBlocked)
                        bar.Retry();
    }
}
