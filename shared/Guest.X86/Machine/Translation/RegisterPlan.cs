using Iced.Intel;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>For one instruction: which scratch registers stand for guest registers that live in memory.</summary>
/// <param name="is64">64-bit code; otherwise no register lives in memory.</param>
/// <param name="hasMemory">The memory operand occupies the first scratch register.</param>
internal record struct RegisterPlan(bool Is64, bool HasMemory)
{
    private int _first = -1, _second = -1, _used;
    private bool _loadsFirst, _loadsSecond, _storesFirst, _storesSecond;

    /// <summary>The second operand is named already.</summary>
    public bool KeepsOp1 { get; init; }

    /// <summary>The stack pointer is an operand.</summary>
    public bool Renames { get; set; }

    /// <summary>No operand has another name than in the guest.</summary>
    public readonly bool IsVerbatim => !Renames && _first < 0 && _second < 0;

    /// <summary>The second scratch register is taken.</summary>
    public readonly bool UsesS1 => _second >= 0;

    /// <summary>Notes that the instruction uses a register in any way.</summary>
    public void Use(int number)
    {
        if (number >= 0)
            _used |= 1 << number;
    }

    /// <summary>Finds a place for a register that lives in memory. False when there is none left.</summary>
    public bool Take(int number, bool reads, bool writes)
    {
        if (_second == number)
        {
            _loadsSecond |= reads;
            _storesSecond |= writes;
        }
        else if (_first == number)
        {
            _loadsFirst |= reads;
            _storesFirst |= writes;
        }
        else if (_second < 0)
        {
            (_second, _loadsSecond, _storesSecond) = (number, reads, writes);
        }
        else if (_first < 0 && !HasMemory)
        {
            (_first, _loadsFirst, _storesFirst) = (number, reads, writes);
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>The name an operand has in generated code.</summary>
    public readonly Register Rename(Register register)
    {
        int number = OperandMap.Family(register);
        if (number < 0)
            return register;
        if (number == 4 && !OperandMap.IsHighByte(register))
            return OperandMap.Rename(register, (int)MachineStubs.StackPointer);
        if (!Is64 || number != _first && number != _second)
            return register;
        return OperandMap.Rename(register, (int)(number == _first ? MachineStubs.S0 : MachineStubs.S1));
    }

    /// <summary>A register without extension bit that the instruction does not use.</summary>
    public readonly int Unused()
    {
        foreach (byte register in (ReadOnlySpan<byte>)[6, 7, 3, 2, 1, 0])
            if ((_used & 1 << register) == 0)
                return register;
        return 5;
    }

    /// <summary>The guest register that the first scratch register stands for; -1 for none.</summary>
    public readonly int First => _first;

    /// <summary>The guest register that the second scratch register stands for; -1 for none.</summary>
    public readonly int Second => _second;

    /// <summary>What the instruction reads, and writes.</summary>
    public readonly (bool LoadsFirst, bool LoadsSecond, bool StoresFirst, bool StoresSecond) Uses => (_loadsFirst, _loadsSecond, _storesFirst, _storesSecond);
}
