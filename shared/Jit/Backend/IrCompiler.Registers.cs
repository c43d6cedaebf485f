using System.Numerics;
using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Where values are. A value can be in a temporary register, in slots that hold it (pinned or in memory), and in a spill place, all at once;
// it loses a place when that is needed for another, and is moved first when it was the last.
public sealed unsafe partial class IrCompiler
{
    private const int General = 0, Vector = 1, SpillPlaces = StateLayout.SpillBytes / SpillStride, SpillStride = 16;

    // Values of the block are counted from _first, so that what earlier blocks left is below and need not be cleared.
    private readonly int[] _slotValue;
    private int _first, _next = 1;
    private readonly uint[] _temps = new uint[2], _free = new uint[2], _locked = new uint[2];
    private readonly int[] _owner = new int[2 * 32];
    private readonly int[] _spillOwner = new int[SpillPlaces];

    /// <summary>A register, or bytes in the state block.</summary>
    private readonly record struct Place(int Register, int Offset)
    {
        public bool IsRegister => Register >= 0;
        public Reg Reg => (Reg)Register;
        public Mem Mem => Mem.At(Reg.Rbp, Offset);
    }

    private static Place In(int register) => new(register, 0);

    private static int ClassOf(IrType type) => type is IrType.F32 or IrType.F64 or IrType.V128 ? Vector : General;

    private void ResetRegisters()
    {
        if (_next > int.MaxValue - _block.Count)
        {
            Array.Clear(_slotValue);
            _next = 1;
        }

        _first = _next;
        _next += _block.Count;
        Array.Fill(_owner, -1);
        Array.Fill(_spillOwner, -1);
        for (int c = General; c <= Vector; c++)
            (_free[c], _locked[c]) = (_temps[c], 0);
        ForgetFlags();
    }

    private Mem Spilled(int place) => Mem.At(Reg.Rbp, _layout.SpillOffset + place * SpillStride);

    // At the end of an instruction: nothing is locked, values without further uses give their registers back.
    private void EndUses()
    {
        for (int c = General; c <= Vector; c++)
        {
            _locked[c] = 0;
            for (uint used = _temps[c] & ~_free[c]; used != 0; used &= used - 1)
            {
                int r = BitOperations.TrailingZeroCount(used);
                int owner = _owner[c * 32 + r];
                if (owner >= 0 && _values[owner].LastUse > _at)
                    continue;
                if (owner >= 0)
                    _values[owner].Register = -1;
                _owner[c * 32 + r] = -1;
                _free[c] |= 1u << r;
            }
        }
    }

    // Operands that have been read may move again.
    private void Unlock()
    {
        for (int c = General; c <= Vector; c++)
        {
            for (uint used = _locked[c] & _temps[c]; used != 0; used &= used - 1)
                if (_owner[c * 32 + BitOperations.TrailingZeroCount(used)] < 0)
                    _free[c] |= 1u << BitOperations.TrailingZeroCount(used);
            _locked[c] = 0;
        }
    }

    private bool IsPinned(int slot) => _layout.Slots[slot].Home != SlotHome.Memory;

    // The slot holds the value from now on.
    private void Hold(int slot, int value)
    {
        _slotValue[slot] = _first + value;
        ref ValueState v = ref _values[value];
        if (v.Home < 0)
            v.Home = (short)slot;
        else if (IsPinned(slot) && !IsPinned(v.Home))
            (v.Home, v.OtherHome) = ((short)slot, v.Home);
        else
            v.OtherHome = (short)slot;
    }

    // The slot is about to be written: what it holds moves if it is still needed and nowhere else.
    private void Vacate(int slot)
    {
        int old = _slotValue[slot] - _first;
        if (old < 0)
            return;
        _slotValue[slot] = 0;
        ref ValueState v = ref _values[old];
        if (v.OtherHome == slot)
        {
            v.OtherHome = -1;
            return;
        }

        if (v.Home != slot)
            return;
        (v.Home, v.OtherHome) = (v.OtherHome, -1);
        if (v.LastUse <= _at || v.Home >= 0 || v.Register >= 0 || v.Spill >= 0 || _block[old].Op == IrOp.Const)
            return;
        IrType type = _block[old].Type;
        int c = ClassOf(type);
        ref readonly StateSlot s = ref _layout.Slots[slot];
        if (s.Home == SlotHome.Memory || (_free[c] & ~_locked[c]) != 0)
        {
            int r = Allocate(c);
            Copy(type, r, s.Home == SlotHome.Memory ? new Place(-1, s.Offset) : In(s.Register));
            Own(old, r);
        }
        else
        {
            Spill(old, s.Register);
        }
    }

    // Of the general registers, only these stay locked: what others held has been read.
    private void LockOnly(Reg a) => _locked[General] = 1u << (int)a;

    private void LockOnly(Reg a, Reg b) => _locked[General] = 1u << (int)a | 1u << (int)b;

    private void Own(int value, int register)
    {
        _values[value].Register = (sbyte)register;
        _owner[ClassOf(_block[value].Type) * 32 + register] = value;
    }

    // A temporary that nobody uses, locked until the end of the instruction.
    private int Allocate(int c)
    {
        uint free = _free[c] & ~_locked[c];
        int r = free != 0 ? BitOperations.TrailingZeroCount(free) : Evict(c);
        _free[c] &= ~(1u << r);
        _locked[c] |= 1u << r;
        return r;
    }

    private Reg Scratch() => (Reg)Allocate(General);

    // Prefers values that are somewhere else as well, then the one needed last.
    private int Evict(int c)
    {
        (int best, int bestScore) = (-1, -1);
        for (uint candidates = _temps[c] & ~_locked[c]; candidates != 0; candidates &= candidates - 1)
        {
            int r = BitOperations.TrailingZeroCount(candidates);
            ref readonly ValueState v = ref _values[_owner[c * 32 + r]];
            int score = v.LastUse + (IsElsewhere(_owner[c * 32 + r]) ? 1 << 24 : 0);
            if (score > bestScore)
                (best, bestScore) = (r, score);
        }

        if (best < 0)
            throw new InvalidOperationException("one IR instruction needs more temporary registers than there are");
        Dispossess(c, best);
        return best;
    }

    // What is needed further on leaves the temporary registers.
    private void VacateTemporaries()
    {
        for (int c = General; c <= Vector; c++)
        {
            for (uint used = _temps[c] & ~_free[c]; used != 0; used &= used - 1)
            {
                int r = BitOperations.TrailingZeroCount(used), owner = _owner[c * 32 + r];
                if (owner >= 0)
                    Dispossess(c, r);
                _free[c] |= 1u << r;
            }
        }
    }

    private bool IsElsewhere(int value) => _values[value].Home >= 0 || _values[value].Spill >= 0 || _block[value].Op == IrOp.Const;

    private void Dispossess(int c, int register)
    {
        int owner = _owner[c * 32 + register];
        if (!IsElsewhere(owner))
            Spill(owner, register);
        _values[owner].Register = -1;
        _owner[c * 32 + register] = -1;
    }

    private void Spill(int value, int register)
    {
        int place = 0;
        while (_spillOwner[place] >= 0 && _values[_spillOwner[place]].LastUse >= _at)
            if (++place == SpillPlaces)
                throw new InvalidOperationException("a block keeps more values alive than the spill area holds");
        if (_spillOwner[place] >= 0)
            _values[_spillOwner[place]].Spill = -1;
        _spillOwner[place] = value;
        _values[value].Spill = (sbyte)place;
        Write(_block[value].Type, Spilled(place), register);
    }

    // Makes a certain general temporary free and keeps it so during this instruction.
    private void Claim(Reg register)
    {
        int r = (int)register;
        _locked[General] |= 1u << r;
        int owner = _owner[r];
        if (owner >= 0 && _values[owner].LastUse >= _at)
        {
            uint free = _free[General] & ~_locked[General];
            if (free != 0 && !IsElsewhere(owner))
            {
                int other = BitOperations.TrailingZeroCount(free);
                _free[General] &= ~(1u << other);
                Asm.Mov((Reg)other, register);
                Own(owner, other);
                _owner[r] = -1;
            }
            else
            {
                Dispossess(General, r);
            }
        }
        else if (owner >= 0)
        {
            _values[owner].Register = -1;
            _owner[r] = -1;
        }

        _free[General] &= ~(1u << r);
    }

    // Where an operand is: a register (locked for this instruction), or memory when that is as good.
    private Place Find(int value)
    {
        ref ValueState v = ref _values[value];
        int c = ClassOf(_block[value].Type);
        if (v.Register >= 0)
        {
            _locked[c] |= 1u << v.Register;
            return In(v.Register);
        }

        if (v.Home >= 0 && IsPinned(v.Home))
            return In(_layout.Slots[v.Home].Register);
        if (_block[value].Op == IrOp.Const)
            return In(LoadConst(value));
        if (v.Deferred && _block[value].Op == IrOp.Zext32)
            return In(FindRegister(_block[value].A)); // registers are zero-extended
        Place memory = new(-1, v.Home >= 0 ? _layout.Slots[v.Home].Offset : _layout.SpillOffset + v.Spill * SpillStride);
        if (v.LastUse > _at && (_free[c] & ~_locked[c]) != 0)
            return In(Load(value, memory));
        return memory;
    }

    // Where a double is now.
    private Place Whereabouts(int value)
    {
        ref readonly ValueState v = ref _values[value];
        if (v.Register >= 0)
            return In(v.Register);
        if (v.Home >= 0)
            return IsPinned(v.Home) ? In(_layout.Slots[v.Home].Register) : new Place(-1, _layout.Slots[v.Home].Offset);
        return new Place(-1, _layout.SpillOffset + v.Spill * SpillStride);
    }

    private int FindRegister(int value)
    {
        Place p = Find(value);
        return p.IsRegister ? p.Register : Load(value, p);
    }

    private Reg Use(int value) => (Reg)FindRegister(value);

    private int Load(int value, Place from)
    {
        IrType type = _block[value].Type;
        int r = Allocate(ClassOf(type));
        Copy(type, r, from);
        Own(value, r);
        return r;
    }

    private int LoadConst(int value)
    {
        int r = Allocate(General);
        Asm.MovImm((Reg)r, ConstOf(value));
        Own(value, r);
        return r;
    }

    // An operand's value in a general register of the caller's.
    private void Fetch(Reg to, int value)
    {
        if (IsConst(value) && _values[value].Register < 0)
            Asm.MovImm(to, ConstOf(value));
        else
            Copy(_block[value].Type, (int)to, Find(value));
    }

    private ulong ConstOf(int value) => _block[value].Type == IrType.I32 ? (uint)_block[value].Imm : (ulong)_block[value].Imm;

    private bool IsConst(int value) => value >= 0 && _block[value].Op == IrOp.Const;

    // The register to compute a value in: the pinned one it goes to, or an operand's that ends here, or another. May be that of an operand.
    private int Define(int value, int a = -1, int b = -1)
    {
        ref readonly ValueState v = ref _values[value];
        if (v.Hint >= 0)
        {
            Vacate(v.Hint);
            Hold(v.Hint, value);
            return _layout.Slots[v.Hint].Register;
        }

        int c = ClassOf(_block[value].Type);
        int r = Inherit(c, a);
        if (r < 0)
            r = Inherit(c, b);
        if (r < 0)
            r = Allocate(c);
        Own(value, r);
        return r;
    }

    private Reg DefineReg(int value, int a = -1, int b = -1) => (Reg)Define(value, a, b);

    // The value is what a temporary of this instruction holds.
    private void Adopt(int value, int register) => Own(value, register);

    private int Inherit(int c, int operand)
    {
        if (operand < 0 || ClassOf(_block[operand].Type) != c)
            return -1;
        if (_values[operand].Deferred && _block[operand].Op == IrOp.Zext32)
            operand = _block[operand].A;
        ref ValueState v = ref _values[operand];
        if (v.Register < 0 || v.LastUse > _at)
            return -1;
        int r = v.Register;
        v.Register = -1;
        return r;
    }

    // Leaves the flags alone, as do Copy and Write.
    private void Copy(IrType type, int to, Place from)
    {
        if (from.IsRegister && from.Register == to)
            return;
        switch (type)
        {
            case IrType.F64 or IrType.F32:
                if (from.IsRegister)
                    Asm.Vex(VexOps.MoveDouble, to, 0, from.Register);
                else
                    Asm.Vex(type == IrType.F64 ? VexOps.LoadDouble : VexOps.LoadSingle, to, 0, from.Mem);
                break;
            case IrType.V128:
                if (from.IsRegister)
                    Asm.Vex(VexOps.MoveVector, to, 0, from.Register);
                else
                    Asm.Vex(VexOps.LoadVector, to, 0, from.Mem);
                break;
            default:
                if (from.IsRegister)
                    Asm.Mov((Reg)to, from.Reg, type == IrType.I64);
                else
                    Asm.Mov((Reg)to, from.Mem, type == IrType.I64);
                break;
        }
    }

    private void Write(IrType type, Mem to, int from)
    {
        if (type == IrType.F64)
            Asm.Vex(VexOps.StoreDouble, from, 0, to);
        else if (type == IrType.F32)
            Asm.Vex(VexOps.StoreSingle, from, 0, to);
        else if (type == IrType.V128)
            Asm.Vex(VexOps.StoreVector, from, 0, to);
        else
            Asm.Mov(to, (Reg)from, type == IrType.I64);
    }

    private void EmitPut(in IrInsn n)
    {
        (int slot, int value) = ((int)n.Imm, n.A);
        if (_slotValue[slot] == _first + value)
            return; // computed in place
        ref readonly StateSlot s = ref _layout.Slots[slot];
        if (_values[value].Deferred)
        {
            _values[value].Deferred = false;
            if (s.Home == SlotHome.Memory && _block[value].Op == IrOp.Low)
            {
                int wide = FindRegister(_block[value].A);
                Vacate(slot);
                Write(IrType.I32, Mem.At(Reg.Rbp, s.Offset), wide);
                Hold(slot, value);
                return;
            }

            _values[value].Hint = s.Home == SlotHome.Memory ? (short)-1 : (short)slot;
            Emit(value);
            if (_slotValue[slot] == _first + value)
                return;
        }

        if (s.Home == SlotHome.Memory)
        {
            PutMemory(slot, s, value);
            return;
        }

        bool constant = IsConst(value) && _values[value].Register < 0;
        Place from = constant ? default : Find(value);
        Vacate(slot);
        if (constant && ConstOf(value) == 0 && !AreFlagsWanted)
            Asm.Xor32((Reg)s.Register, (Reg)s.Register);
        else if (constant)
            Asm.MovImm((Reg)s.Register, ConstOf(value));
        else
            Copy(s.Type, s.Register, from);
        Hold(slot, value);
        ref ValueState v = ref _values[value];
        if (v.Register >= 0)
        {
            int c = ClassOf(s.Type); // the pinned register is as good
            _owner[c * 32 + v.Register] = -1;
            v.Register = -1;
        }
    }

    // Two doubles, or two constants, that are neighbours in memory are one store: the first Put does the second too.
    private bool EmitPutPair(int i, in IrInsn first)
    {
        int next = i + 1;
        while (next < _block.Count && _block[next].Op is IrOp.None or IrOp.Const)
            next++;
        if (next == _block.Count || _block[next].Op != IrOp.Put)
            return false;
        ref IrInsn second = ref _block[next];
        ref readonly StateSlot low = ref _layout.Slots[first.Imm], high = ref _layout.Slots[second.Imm];
        int size = low.Type == IrType.F64 ? sizeof(double) : sizeof(int);
        if (low.Home != SlotHome.Memory || high.Home != SlotHome.Memory || low.Type != high.Type || high.Offset != low.Offset + size)
            return false;
        Mem to = Mem.At(Reg.Rbp, low.Offset);
        if (low.Type == IrType.I32 && IsConst(first.A) && IsConst(second.A))
        {
            ulong both = (ulong)_block[second.A].Imm << 32 | (uint)_block[first.A].Imm;
            VacatePair(first, second);
            if ((long)both == (int)both)
            {
                Asm.Mov(to, (int)both);
            }
            else
            {
                Reg t = Scratch();
                Asm.MovImm(t, both);
                Asm.Mov(to, t, wide: true);
            }
        }
        else if (low.Type == IrType.F64)
        {
            int a = FindRegister(first.A), b = FindRegister(second.A), t = Allocate(Vector);
            VacatePair(first, second);
            Asm.Vex(VexOps.Unpack, t, a, b);
            Asm.Vex(VexOps.StoreVector, t, 0, to);
        }
        else
        {
            return false;
        }

        Hold((int)first.Imm, first.A);
        Hold((int)second.Imm, second.A);
        second.Op = IrOp.None;
        return true;
    }

    private void VacatePair(in IrInsn first, in IrInsn second)
    {
        Vacate((int)first.Imm);
        Vacate((int)second.Imm);
    }

    private void PutMemory(int slot, in StateSlot s, int value)
    {
        Mem to = Mem.At(Reg.Rbp, s.Offset);
        bool constant = IsConst(value) && _values[value].Register < 0 && (s.Type == IrType.I32 || _block[value].Imm == (int)_block[value].Imm);
        int from = constant ? -1 : FindRegister(value);
        Vacate(slot);
        if (!constant)
            Write(s.Type, to, from);
        else if (s.Type == IrType.I32)
            Asm.Mov32(to, (int)_block[value].Imm);
        else
            Asm.Mov(to, (int)_block[value].Imm);
        Hold(slot, value);
    }
}
