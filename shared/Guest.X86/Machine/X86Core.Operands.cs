using System.Numerics;
using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>Operands of decoded instructions.</summary>
public sealed unsafe partial class X86Core
{
    // Offset behind the instruction being executed.
    private ulong NextRip => _nextRip;

    private static int RegisterBytes(Register r) => r switch
    {
        >= Register.RAX and <= Register.R15 => 8,
        >= Register.EAX and <= Register.R15D => 4,
        >= Register.AX and <= Register.R15W => 2,
        >= Register.ES and <= Register.GS => 2,
        _ => 1,
    };

    private ulong GetRegister(Register r) => r switch
    {
        >= Register.RAX and <= Register.R15 => _cpu->Gpr[r - Register.RAX],
        >= Register.EAX and <= Register.R15D => (uint)_cpu->Gpr[r - Register.EAX],
        >= Register.AX and <= Register.R15W => (ushort)_cpu->Gpr[r - Register.AX],
        >= Register.AH and <= Register.BH => (byte)(_cpu->Gpr[r - Register.AH] >> 8),
        >= Register.SPL and <= Register.R15L => (byte)_cpu->Gpr[r - Register.SPL + 4],
        >= Register.AL and <= Register.BL => (byte)_cpu->Gpr[r - Register.AL],
        >= Register.ES and <= Register.GS => _cpu->Seg(r - Register.ES).Selector,
        _ => 0,
    };

    internal void SetRegister(Register r, ulong value)
    {
        switch (r)
        {
            case >= Register.RAX and <= Register.R15:
                _cpu->Gpr[r - Register.RAX] = value;
                break;
            case >= Register.EAX and <= Register.R15D:
                _cpu->Gpr[r - Register.EAX] = (uint)value;
                break;
            case >= Register.AX and <= Register.R15W:
                _cpu->Gpr[r - Register.AX] = Merge(_cpu->Gpr[r - Register.AX], value, 16);
                break;
            case >= Register.AH and <= Register.BH:
                _cpu->Gpr[r - Register.AH] = (_cpu->Gpr[r - Register.AH] & ~0xFF00UL) | (ulong)(byte)value << 8;
                break;
            case >= Register.SPL and <= Register.R15L:
                _cpu->Gpr[r - Register.SPL + 4] = Merge(_cpu->Gpr[r - Register.SPL + 4], value, 8);
                break;
            default:
                _cpu->Gpr[r - Register.AL] = Merge(_cpu->Gpr[r - Register.AL], value, 8);
                break;
        }
    }

    // Width of the addresses an instruction's memory operand is made of.
    private static int AddressBits(in Instruction insn)
    {
        Register r = insn.MemoryBase != Register.None ? insn.MemoryBase : insn.MemoryIndex;
        return r switch
        {
            Register.None => insn.MemoryDisplSize * 8,
            Register.RIP => 64,
            Register.EIP => 32,
            >= Register.RAX and <= Register.R15 => 64,
            >= Register.EAX and <= Register.R15D => 32,
            _ => 16,
        };
    }

    private ulong EffectiveAddress(in Instruction insn)
    {
        ulong displacement = insn.MemoryDisplacement64;
        // The decoder may have been told another address than the one the code runs at.
        if (insn.MemoryBase is Register.RIP or Register.EIP)
            return Cut(NextRip + (displacement - insn.NextIP), AddressBits(insn));
        ulong address = displacement;
        if (insn.MemoryBase != Register.None)
            address += GetRegister(insn.MemoryBase);
        if (insn.MemoryIndex != Register.None)
            address += GetRegister(insn.MemoryIndex) * (ulong)insn.MemoryIndexScale;
        return Cut(address, AddressBits(insn));
    }

    /// <summary>
    /// The offset of the memory operand of a plain instruction at Rip, cut to its address size. Of bt, bts, btr and btc with a register: of the operand that holds
    /// the bit, which may lie far from the one that is named.
    /// </summary>
    internal ulong PlainOffset(in Instruction insn)
    {
        SetNextRip(insn);
        ulong offset = EffectiveAddress(insn);
        if (insn.Mnemonic is not (Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc) || insn.Op1Kind != OpKind.Register)
            return offset;
        int bytes = RegisterBytes(insn.Op1Register), unused = 64 - bytes * 8;
        long bit = (long)GetRegister(insn.Op1Register) << unused >> unused;
        return Cut(offset + (ulong)((bit >> (3 + BitOperations.Log2((uint)bytes))) * bytes), AddressBits(insn));
    }

    /// <summary>
    /// Executes mov and movzx between memory and a general register or a constant, by which drivers reach devices. False for other operands, and nothing is done.
    /// </summary>
    /// <exception cref="X86Fault">Of the access.</exception>
    internal bool TryMove(in Instruction insn)
    {
        int memory = insn.Op0Kind == OpKind.Memory ? 0 : 1;
        if (insn.GetOpKind(memory) != OpKind.Memory)
            return false;
        int size = insn.MemorySize.GetSize();
        if (memory == 1)
        {
            if (insn.Op0Register >= Register.ES)
                return false;
            SetNextRip(insn);
            SetRegister(insn.Op0Register, Cut(ReadLinear(OperandAddress(insn, size, MemoryAccess.Read), size, IsUser), size * 8));
            return true;
        }

        bool isConstant = insn.Op1Kind != OpKind.Register;
        if (!isConstant && insn.Op1Register >= Register.ES)
            return false;
        SetNextRip(insn);
        ulong value = isConstant ? insn.GetImmediate(1) : GetRegister(insn.Op1Register);
        WriteLinear(OperandAddress(insn, size, MemoryAccess.Write), size, value, IsUser);
        return true;
    }

    private void SetNextRip(in Instruction insn)
    {
        _nextRip = _cpu->Rip + (ulong)insn.Length;
        if (!_cpu->Is64)
            _nextRip = (uint)_nextRip;
    }

    /// <summary>The segment of an instruction's memory operand. 64-bit code ignores all prefixes but fs and gs, even for the kind of fault.</summary>
    public static SegmentName SegmentOf(in Instruction insn)
    {
        var name = (SegmentName)(insn.MemorySegment - Register.ES);
        if (insn.CodeSize != CodeSize.Code64 || insn.SegmentPrefix is Register.None or Register.FS or Register.GS)
            return name;
        return insn.MemoryBase is Register.RSP or Register.RBP or Register.ESP or Register.EBP ? SegmentName.Ss : SegmentName.Ds;
    }

    private ulong OperandAddress(in Instruction insn, int size, MemoryAccess access) => LinearAddress(SegmentOf(insn), EffectiveAddress(insn), size, access);

    // Memory at some distance from the operand: the second part of far pointers and of table registers.
    private ulong ReadMemory(in Instruction insn, int distance, int size)
    {
        ulong offset = Cut(EffectiveAddress(insn) + (ulong)distance, AddressBits(insn));
        return ReadLinear(LinearAddress(SegmentOf(insn), offset, size, MemoryAccess.Read), size, IsUser);
    }

    // A register or memory operand.
    private ulong ReadOperand(in Instruction insn, int operand, int size) =>
        insn.GetOpKind(operand) == OpKind.Memory ? ReadLinear(OperandAddress(insn, size, MemoryAccess.Read), size, IsUser) : GetRegister(insn.GetOpRegister(operand));

    // Registers are written as wide as they are; memory as told.
    private void WriteOperand(in Instruction insn, int operand, int size, ulong value)
    {
        if (insn.GetOpKind(operand) == OpKind.Memory)
            WriteLinear(OperandAddress(insn, size, MemoryAccess.Write), size, value, IsUser);
        else
            SetRegister(insn.GetOpRegister(operand), value);
    }

    private void SetFlag(ulong flag, bool value) => _cpu->Rflags = value ? _cpu->Rflags | flag : _cpu->Rflags & ~flag;

    // SF, ZF and PF of a result.
    private void SetResultFlags(ulong value, int bits)
    {
        value = Cut(value, bits);
        ulong flags = _cpu->Rflags & ~(X86Cpu.FlagSf | X86Cpu.FlagZf | X86Cpu.FlagPf);
        flags |= (value >> (bits - 1) & 1) != 0 ? X86Cpu.FlagSf : 0;
        flags |= value == 0 ? X86Cpu.FlagZf : 0;
        flags |= (System.Numerics.BitOperations.PopCount((byte)value) & 1) == 0 ? X86Cpu.FlagPf : 0;
        _cpu->Rflags = flags;
    }

    // All six arithmetic flags of a comparison.
    private void SetCompareFlags(ulong left, ulong right, int bits)
    {
        (left, right) = (Cut(left, bits), Cut(right, bits));
        ulong result = Cut(left - right, bits);
        SetResultFlags(result, bits);
        SetFlag(X86Cpu.FlagCf, left < right);
        SetFlag(X86Cpu.FlagAf, ((left ^ right ^ result) & 16) != 0);
        SetFlag(X86Cpu.FlagOf, (((left ^ right) & (left ^ result)) >> (bits - 1) & 1) != 0);
    }
}
