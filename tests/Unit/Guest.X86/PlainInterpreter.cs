using System.Numerics;
using Iced.Intel;
using Suite.Guest.X86.Machine;

namespace Suite.Tests.Guest.X86;

/// <summary>The plain instructions that test programs for <see cref="X86Core"/> are written with.</summary>
internal sealed unsafe class PlainInterpreter(X86Core core, X86Cpu* cpu)
{
    public void Execute(in Instruction insn)
    {
        ulong next = cpu->Rip + (ulong)insn.Length;
        if (!cpu->Is64)
            next = (uint)next;
        Run(insn);
        cpu->Rip = next;
    }

    private void Run(in Instruction insn)
    {
        int size = insn.OpCount == 0 ? 4 : SizeOf(insn, 0), bits = size * 8;
        switch (insn.Mnemonic)
        {
            case Mnemonic.Nop or Mnemonic.Pause or Mnemonic.Lfence or Mnemonic.Mfence or Mnemonic.Sfence or Mnemonic.Endbr32 or Mnemonic.Endbr64 or Mnemonic.Wait:
            case Mnemonic.Fninit or Mnemonic.Fnop or Mnemonic.Emms or Mnemonic.Pxor or Mnemonic.Vpxor:
                break;
            case Mnemonic.Mov:
                Write(insn, 0, Read(insn, 1));
                break;
            case Mnemonic.Movzx:
                Write(insn, 0, Read(insn, 1));
                break;
            case Mnemonic.Movsx or Mnemonic.Movsxd:
                Write(insn, 0, Extend(Read(insn, 1), SizeOf(insn, 1)));
                break;
            case Mnemonic.Lea:
                Write(insn, 0, Offset(insn));
                break;
            case Mnemonic.Xchg:
                ulong first = Read(insn, 0);
                ulong second = Read(insn, 1);
                Write(insn, 0, second);
                Write(insn, 1, first);
                break;
            case Mnemonic.Add:
                Write(insn, 0, Add(Read(insn, 0, write: true), Read(insn, 1), 0, bits));
                break;
            case Mnemonic.Adc:
                Write(insn, 0, Add(Read(insn, 0, write: true), Read(insn, 1), cpu->Rflags & 1, bits));
                break;
            case Mnemonic.Sub:
                Write(insn, 0, Subtract(Read(insn, 0, write: true), Read(insn, 1), 0, bits));
                break;
            case Mnemonic.Sbb:
                Write(insn, 0, Subtract(Read(insn, 0, write: true), Read(insn, 1), cpu->Rflags & 1, bits));
                break;
            case Mnemonic.Cmp:
                Subtract(Read(insn, 0), Read(insn, 1), 0, bits);
                break;
            case Mnemonic.And:
                Write(insn, 0, Logic(Read(insn, 0, write: true) & Read(insn, 1), bits));
                break;
            case Mnemonic.Test:
                Logic(Read(insn, 0) & Read(insn, 1), bits);
                break;
            case Mnemonic.Or:
                Write(insn, 0, Logic(Read(insn, 0, write: true) | Read(insn, 1), bits));
                break;
            case Mnemonic.Xor:
                Write(insn, 0, Logic(Read(insn, 0, write: true) ^ Read(insn, 1), bits));
                break;
            case Mnemonic.Inc or Mnemonic.Dec:
                ulong carry = cpu->Rflags & 1;
                ulong old = Read(insn, 0, write: true);
                Write(insn, 0, insn.Mnemonic == Mnemonic.Inc ? Add(old, 1, 0, bits) : Subtract(old, 1, 0, bits));
                cpu->Rflags = (cpu->Rflags & ~1UL) | carry;
                break;
            case Mnemonic.Not:
                Write(insn, 0, ~Read(insn, 0, write: true));
                break;
            case Mnemonic.Neg:
                Write(insn, 0, Subtract(0, Read(insn, 0, write: true), 0, bits));
                break;
            case Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Rol or Mnemonic.Ror:
                Write(insn, 0, Shift(insn.Mnemonic, Read(insn, 0, write: true), (int)Read(insn, 1) & (size == 8 ? 63 : 31), bits));
                break;
            case Mnemonic.Imul when insn.OpCount >= 2:
                ulong left = Read(insn, insn.OpCount - 2), right = Read(insn, insn.OpCount - 1);
                Write(insn, 0, Extend(left, size) * Extend(right, size));
                break;
            case Mnemonic.Mul:
                UInt128 product = (UInt128)cpu->Gpr[0] * Read(insn, 0);
                SetPair(size, (ulong)product, bits == 64 ? (ulong)(product >> 64) : Cut((ulong)product >> bits, bits));
                break;
            case Mnemonic.Div:
                Divide(Read(insn, 0), size);
                break;
            case Mnemonic.Bswap:
                Write(insn, 0, size == 8 ? BinaryReverse(Read(insn, 0)) : BinaryReverse(Read(insn, 0)) >> 32);
                break;
            case Mnemonic.Cbw:
                Set(Register.AX, Extend((byte)cpu->Gpr[0], 1));
                break;
            case Mnemonic.Cwde:
                Set(Register.EAX, Extend((ushort)cpu->Gpr[0], 2));
                break;
            case Mnemonic.Cdq:
                Set(Register.EDX, (uint)((int)cpu->Gpr[0] >> 31));
                break;
            case Mnemonic.Clc or Mnemonic.Stc or Mnemonic.Cmc:
                cpu->Rflags = insn.Mnemonic switch { Mnemonic.Clc => cpu->Rflags & ~1UL, Mnemonic.Stc => cpu->Rflags | 1, _ => cpu->Rflags ^ 1 };
                break;
            case Mnemonic.Cld:
                cpu->Rflags &= ~X86Cpu.FlagDf;
                break;
            case Mnemonic.Std:
                cpu->Rflags |= X86Cpu.FlagDf;
                break;
            case Mnemonic.Lahf:
                Set(Register.AH, cpu->Rflags & 0xD5 | 2);
                break;
            case Mnemonic.Sahf:
                cpu->Rflags = (cpu->Rflags & ~0xD5UL) | (cpu->Gpr[0] >> 8 & 0xD5);
                break;
            case Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr when insn.Op0Kind == OpKind.Register:
                ulong bit = 1UL << (int)(Read(insn, 1) & (ulong)(bits - 1)), value = Read(insn, 0);
                cpu->Rflags = (cpu->Rflags & ~1UL) | ((value & bit) != 0 ? 1u : 0);
                if (insn.Mnemonic != Mnemonic.Bt)
                    Write(insn, 0, insn.Mnemonic == Mnemonic.Bts ? value | bit : value & ~bit);
                break;
            default:
                if (insn.ConditionCode == ConditionCode.None)
                    throw new NotSupportedException($"{insn} at {cpu->Rip:x}");
                bool holds = Holds(insn.ConditionCode);
                if (insn.OpCount == 1)
                    Write(insn, 0, holds ? 1u : 0);
                else
                    Write(insn, 0, holds ? Read(insn, 1) : Read(insn, 0));
                break;
        }
    }

    private static int SizeOf(in Instruction insn, int operand) => insn.GetOpKind(operand) switch
    {
        OpKind.Register => insn.GetOpRegister(operand).GetSize(),
        OpKind.Memory => Math.Max(1, insn.MemorySize.GetSize()),
        OpKind.Immediate8 => 1,
        OpKind.Immediate16 or OpKind.Immediate8to16 => 2,
        OpKind.Immediate64 or OpKind.Immediate8to64 or OpKind.Immediate32to64 => 8,
        _ => 4,
    };

    private ulong Read(in Instruction insn, int operand, bool write = false)
    {
        switch (insn.GetOpKind(operand))
        {
            case OpKind.Register:
                return Get(insn.GetOpRegister(operand));
            case OpKind.Memory:
                int size = SizeOf(insn, operand);
                ulong at = core.LinearAddress(X86Core.SegmentOf(insn), Offset(insn), size, write ? MemoryAccess.Write : MemoryAccess.Read);
                if (write && !core.TryTranslate(at, MemoryAccess.Write, cpu->Cpl == 3, out _, out _, out uint error))
                    throw new X86Fault(X86Vector.PageFault, error, at);
                return core.ReadLinear(at, size, cpu->Cpl == 3);
            default:
                return insn.GetImmediate(operand);
        }
    }

    private void Write(in Instruction insn, int operand, ulong value)
    {
        if (insn.GetOpKind(operand) == OpKind.Register)
        {
            Set(insn.GetOpRegister(operand), value);
            return;
        }

        int size = SizeOf(insn, operand);
        core.WriteLinear(core.LinearAddress(X86Core.SegmentOf(insn), Offset(insn), size, MemoryAccess.Write), size, value, cpu->Cpl == 3);
    }

    private ulong Offset(in Instruction insn)
    {
        if (insn.IsIPRelativeMemoryOperand)
            return insn.IPRelativeMemoryAddress;
        Register wide = insn.MemoryBase != Register.None ? insn.MemoryBase : insn.MemoryIndex;
        int bits = wide != Register.None ? wide.GetSize() * 8 : insn.MemoryDisplSize * 8;
        ulong value = insn.MemoryDisplacement64;
        if (insn.MemoryBase != Register.None)
            value += Get(insn.MemoryBase);
        if (insn.MemoryIndex != Register.None)
            value += Get(insn.MemoryIndex) * (ulong)insn.MemoryIndexScale;
        return Cut(value, bits);
    }

    private ulong Get(Register r) => r.IsSegmentRegister() ? cpu->Seg((SegmentName)(r - Register.ES)).Selector
        : r is >= Register.AH and <= Register.BH ? (byte)(cpu->Gpr[r - Register.AH] >> 8) : Cut(cpu->Gpr[r.GetFullRegister() - Register.RAX], r.GetSize() * 8);

    private void Set(Register r, ulong value)
    {
        ref ulong full = ref cpu->Gpr[r is >= Register.AH and <= Register.BH ? r - Register.AH : r.GetFullRegister() - Register.RAX];
        full = r is >= Register.AH and <= Register.BH ? (full & ~0xFF00UL) | (value & 0xFF) << 8 : r.GetSize() switch
        {
            1 => (full & ~0xFFUL) | (byte)value,
            2 => (full & ~0xFFFFUL) | (ushort)value,
            4 => (uint)value,
            _ => value,
        };
    }

    private void SetPair(int size, ulong low, ulong high)
    {
        if (size == 1)
        {
            Set(Register.AX, low);
            return;
        }

        Set(size == 2 ? Register.AX : size == 4 ? Register.EAX : Register.RAX, low);
        Set(size == 2 ? Register.DX : size == 4 ? Register.EDX : Register.RDX, high);
    }

    private void Divide(ulong divisor, int size)
    {
        if (divisor == 0)
            throw new X86Fault(X86Vector.DivideError);
        int bits = size * 8;
        UInt128 dividend = size == 1 ? (ushort)cpu->Gpr[0] : (UInt128)Cut(cpu->Gpr[2], bits) << bits | Cut(cpu->Gpr[0], bits);
        UInt128 quotient = dividend / divisor;
        if (quotient >> bits != 0)
            throw new X86Fault(X86Vector.DivideError);
        ulong rest = (ulong)(dividend % divisor);
        if (size == 1)
            Set(Register.AX, (ulong)quotient | rest << 8);
        else
            SetPair(size, (ulong)quotient, rest);
    }

    private ulong Add(ulong a, ulong b, ulong carry, int bits)
    {
        (a, b) = (Cut(a, bits), Cut(b, bits));
        ulong result = Cut(a + b + carry, bits);
        bool overflows = result < a || (carry != 0 && result == a);
        Flags(result, bits, overflows, ((a ^ result) & (b ^ result)) >> (bits - 1) != 0, a ^ b ^ result);
        return result;
    }

    private ulong Subtract(ulong a, ulong b, ulong borrow, int bits)
    {
        (a, b) = (Cut(a, bits), Cut(b, bits));
        ulong result = Cut(a - b - borrow, bits);
        Flags(result, bits, a < b || (borrow != 0 && a == b), (((a ^ b) & (a ^ result)) >> (bits - 1) & 1) != 0, a ^ b ^ result);
        return result;
    }

    private ulong Logic(ulong value, int bits)
    {
        Flags(Cut(value, bits), bits, false, false, 0);
        return value;
    }

    private ulong Shift(Mnemonic kind, ulong value, int count, int bits)
    {
        value = Cut(value, bits);
        if (count == 0)
            return value;
        ulong result = kind switch
        {
            Mnemonic.Shl => count < 64 ? Cut(value << count, bits) : 0,
            Mnemonic.Shr => value >> count,
            Mnemonic.Sar => Cut((ulong)((long)Extend(value, bits / 8) >> count), bits),
            Mnemonic.Rol => Cut(value << (count % bits) | value >> ((bits - count % bits) % 64), bits),
            _ => Cut(value >> (count % bits) | value << ((bits - count % bits) % 64), bits),
        };
        bool carry = kind == Mnemonic.Shl ? (value >> (bits - count) & 1) != 0 : (value >> (count - 1) & 1) != 0;
        if (kind is Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sar)
            Flags(result, bits, carry, false, 0);
        return result;
    }

    private void Flags(ulong result, int bits, bool carry, bool overflow, ulong half)
    {
        const ulong all = X86Cpu.FlagCf | X86Cpu.FlagPf | X86Cpu.FlagAf | X86Cpu.FlagZf | X86Cpu.FlagSf | X86Cpu.FlagOf;
        cpu->Rflags = (cpu->Rflags & ~all) | (carry ? X86Cpu.FlagCf : 0) | (overflow ? X86Cpu.FlagOf : 0) | (half & 16) | (result == 0 ? X86Cpu.FlagZf : 0)
            | ((result >> (bits - 1) & 1) != 0 ? X86Cpu.FlagSf : 0) | ((BitOperations.PopCount((byte)result) & 1) == 0 ? X86Cpu.FlagPf : 0);
    }

    private bool Holds(ConditionCode condition)
    {
        bool carry = Has(X86Cpu.FlagCf), zero = Has(X86Cpu.FlagZf), sign = Has(X86Cpu.FlagSf), overflow = Has(X86Cpu.FlagOf);
        int code = condition - ConditionCode.o;
        bool holds = (code >> 1) switch
        {
            0 => overflow,
            1 => carry,
            2 => zero,
            3 => carry || zero,
            4 => sign,
            5 => Has(X86Cpu.FlagPf),
            6 => sign != overflow,
            _ => zero || sign != overflow,
        };
        return holds != ((code & 1) != 0);

        bool Has(ulong flag) => (cpu->Rflags & flag) != 0;
    }

    private static ulong Extend(ulong value, int size) => (ulong)((long)(value << (64 - 8 * size)) >> (64 - 8 * size));

    private static ulong Cut(ulong value, int bits) => bits == 64 ? value : value & ((1UL << bits) - 1);

    private static ulong BinaryReverse(ulong value) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
}
