using Suite.Devices.Core;

namespace Suite.Machines.X86.Boards;

/// <summary>The inputs of a PC's interrupt controllers by their global numbers (0 to 15 are the ISA interrupts). Several wires may share an input: it is high while one of them is.</summary>
/// <param name="sink">Called when an input changes.</param>
public sealed class GsiInputs(Action<int, bool> sink)
{
    /// <summary>Number of inputs.</summary>
    public const int Count = 24;

    private readonly int[] _high = new int[Count];

    /// <summary>A new wire to an input.</summary>
    public IrqLine Wire(int gsi) => new(high => Set(gsi, high));

    /// <summary>A wire to an input changes its level; each call with true is followed by one with false.</summary>
    public void Set(int gsi, bool high)
    {
        int before = _high[gsi];
        _high[gsi] += high ? 1 : -1;
        if ((before == 0) != (_high[gsi] == 0))
            sink(gsi, high);
    }

    /// <summary>The level of an input.</summary>
    public bool IsHigh(int gsi) => _high[gsi] != 0;
}
