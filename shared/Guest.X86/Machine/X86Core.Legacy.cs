using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>Access-rights instructions, decimal arithmetic, bound, xlat.</summary>
public sealed unsafe partial class X86Core
{
    // lar and lsl: a result only for descriptors that this privilege may see.
    private void LoadRights(in Instruction insn, bool limit)
    {
        RequireProtected();
        ushort selector = (ushort)ReadOperand(insn, 1, 2);
        if (!TryInspect(selector, out Descriptor d) || (!d.IsCodeOrData && !IsInspectable(d.Type, limit)))
        {
            _cpu->Rflags &= ~X86Cpu.FlagZf;
            return;
        }

        const uint rights = 0x00F0_FF00;
        SetRegister(insn.Op0Register, limit ? d.Limit : (uint)(d.Raw >> 32) & rights);
        _cpu->Rflags |= X86Cpu.FlagZf;
    }

    private bool IsInspectable(uint type, bool limit) => type switch
    {
        SystemTss16 or (SystemTss16 | SystemTssBusy) => !_cpu->IsLong,
        SystemLdt or SystemTss32 or (SystemTss32 | SystemTssBusy) => true,
        SystemCallGate16 or SystemTaskGate => !limit && !_cpu->IsLong,
        SystemCallGate32 => !limit,
        _ => false,
    };

    // A descriptor within its table whose privilege lets us look.
    private bool TryInspect(ushort selector, out Descriptor d)
    {
        d = default;
        if (IsNull(selector) || !TryFindDescriptor(selector, 8, out ulong address))
            return false;
        d = new Descriptor(ReadSystem(address, 8), address);
        return d.IsConforming || (d.Dpl >= _cpu->Cpl && d.Dpl >= (selector & 3));
    }

    private void Verify(in Instruction insn, bool write)
    {
        RequireProtected();
        ushort selector = (ushort)ReadOperand(insn, 0, 2);
        bool allowed = TryInspect(selector, out Descriptor d) && d.IsCodeOrData;
        bool second = (d.Attributes & Segment.Writable) != 0;
        SetFlag(X86Cpu.FlagZf, allowed && (write ? !d.IsCode && second : !d.IsCode || second));
    }

    private void AdjustRpl(in Instruction insn)
    {
        RequireProtected();
        ulong target = ReadOperand(insn, 0, 2), source = GetRegister(insn.Op1Register);
        bool raise = (target & 3) < (source & 3);
        if (raise)
            WriteOperand(insn, 0, 2, (target & ~3UL) | (source & 3));
        SetFlag(X86Cpu.FlagZf, raise);
    }

    private void Bound(in Instruction insn)
    {
        int size = RegisterBytes(insn.Op0Register);
        long lower = SignExtend(ReadMemory(insn, 0, size), size), upper = SignExtend(ReadMemory(insn, size, size), size);
        long index = SignExtend(GetRegister(insn.Op0Register), size);
        if (index < lower || index > upper)
            throw new X86Fault(X86Vector.BoundRange);
    }

    private static long SignExtend(ulong value, int size) => (long)(value << (64 - 8 * size)) >> (64 - 8 * size);

    private void Translate(in Instruction insn)
    {
        int bits = insn.MemoryBase switch { Register.RBX => 64, Register.EBX => 32, _ => 16 };
        ulong offset = Cut(_cpu->Gpr[Rbx] + (byte)_cpu->Gpr[Rax], bits);
        SetRegister(Register.AL, ReadLinear(LinearAddress(SegmentOf(insn), offset, 1, MemoryAccess.Read), 1, IsUser));
    }

    // daa and das.
    private void DecimalAdjust(bool subtract)
    {
        byte al = (byte)_cpu->Gpr[Rax], old = al;
        bool carry = (_cpu->Rflags & X86Cpu.FlagCf) != 0, half = (al & 15) > 9 || (_cpu->Rflags & X86Cpu.FlagAf) != 0;
        bool high = old > 0x99 || carry;
        int adjust = (half ? 6 : 0) + (high ? 0x60 : 0);
        bool carryOut = high || (half && carry) || (half && subtract && old < 6);
        al = (byte)(subtract ? al - adjust : al + adjust);
        SetRegister(Register.AL, al);
        SetResultFlags(al, 8);
        SetFlag(X86Cpu.FlagAf, half);
        SetFlag(X86Cpu.FlagCf, carryOut);
    }

    // aaa and aas.
    private void AsciiAdjust(bool subtract)
    {
        bool adjust = ((byte)_cpu->Gpr[Rax] & 15) > 9 || (_cpu->Rflags & X86Cpu.FlagAf) != 0;
        ulong ax = (ushort)_cpu->Gpr[Rax];
        if (adjust)
            ax = subtract ? ax - 6 - 0x100 : ax + 0x106;
        SetRegister(Register.AX, ax & 0xFF0F);
        SetFlag(X86Cpu.FlagAf, adjust);
        SetFlag(X86Cpu.FlagCf, adjust);
    }

    private void AsciiMultiply(byte numberBase)
    {
        if (numberBase == 0)
            throw new X86Fault(X86Vector.DivideError);
        byte al = (byte)_cpu->Gpr[Rax];
        SetRegister(Register.AX, (ulong)(al / numberBase << 8 | al % numberBase));
        SetResultFlags((byte)_cpu->Gpr[Rax], 8);
    }

    private void AsciiDivide(byte numberBase)
    {
        ulong ax = (ushort)_cpu->Gpr[Rax];
        byte al = (byte)((ax & 0xFF) + (ax >> 8) * numberBase);
        SetRegister(Register.AX, al);
        SetResultFlags(al, 8);
    }
}
