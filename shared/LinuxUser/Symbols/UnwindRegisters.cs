namespace Suite.LinuxUser.Symbols;

/// <summary>The registers of one frame by their DWARF numbers, and its program counter.</summary>
public sealed class UnwindRegisters
{
    private readonly ulong[] _values = new ulong[UnwindTarget.MaximumColumns];

    /// <summary>Where the frame's code is.</summary>
    public ulong Pc { get; set; }

    /// <summary>A register; 0 for a number there is none of.</summary>
    public ulong Get(int column) => (uint)column < (uint)_values.Length ? _values[column] : 0;

    /// <summary>Sets a register.</summary>
    public void Set(int column, ulong value)
    {
        if ((uint)column < (uint)_values.Length)
            _values[column] = value;
    }

    /// <summary>A copy to be changed.</summary>
    public UnwindRegisters Copy()
    {
        UnwindRegisters copy = new() { Pc = Pc };
        _values.CopyTo(copy._values, 0);
        return copy;
    }
}
