namespace Suite.Jit.X64;

/// <summary>The eight two-operand arithmetic instructions, as opcodes number them.</summary>
public enum Alu : byte { Add, Or, Adc, Sbb, And, Sub, Xor, Cmp }

/// <summary>Shifts and rotates, as the opcode extension numbers them.</summary>
public enum Shift : byte { Rol = 0, Ror = 1, Shl = 4, Shr = 5, Sar = 7 }

// The forms the compiler's back end uses. "wide" means 64-bit operands.
public unsafe partial struct X64Asm
{
    public void Mov(Reg to, Reg from, bool wide) => RegReg(0x89, from, to, wide);
    public void Mov(Reg to, Mem from, bool wide) => RegMem(0x8B, (int)to, from, wide);
    public void Mov(Mem to, Reg from, bool wide) => RegMem(0x89, (int)from, to, wide);
    public void Lea(Reg to, Mem m, bool wide) => RegMem(0x8D, (int)to, m with { Segment = 0 }, wide);

    public void Op(Alu op, Reg to, Reg from, bool wide) => RegReg((byte)((int)op << 3 | 1), from, to, wide);
    public void Op(Alu op, Reg to, Mem from, bool wide) => RegMem((byte)((int)op << 3 | 3), (int)to, from, wide);
    public void Op(Alu op, Reg to, int value, bool wide) => GroupOne((int)op, to, value, wide);
    public void Op(Alu op, Mem to, int value, bool wide) => MemImm((int)op, to, value, wide);

    public void Test(Reg a, Reg b, bool wide) => RegReg(0x85, b, a, wide);
    public void Test(Mem a, Reg b, bool wide) => RegMem(0x85, (int)b, a, wide);

    /// <summary>test r, imm32; the byte form where the constant allows it.</summary>
    public void Test(Reg a, int value, bool wide)
    {
        if (value is >= 0 and <= 0x7F)
        {
            Rex8((int)a, 0, 0, (int)a >> 3);
            Byte(0xF6);
            Byte((byte)(0xC0 | ((int)a & 7)));
            Byte((byte)value);
            return;
        }

        Group(0xF7, 0, a, wide);
        Int32(value);
    }

    public void TestByte(Mem m, byte value)
    {
        RegMem(0xF6, 0, m, wide: false);
        Byte(value);
    }

    public void Test(Mem m, int value, bool wide)
    {
        RegMem(0xF7, 0, m, wide);
        Int32(value);
    }

    public void Neg(Reg r, bool wide) => Group(0xF7, 3, r, wide);
    public void Not(Reg r, bool wide) => Group(0xF7, 2, r, wide);

    /// <summary>rdx:rax = rax * r, unsigned.</summary>
    public void MulWide(Reg r, bool wide) => Group(0xF7, 4, r, wide);

    /// <summary>rdx:rax = rax * r, signed.</summary>
    public void ImulWide(Reg r, bool wide) => Group(0xF7, 5, r, wide);

    /// <summary>rax = rdx:rax / r, unsigned.</summary>
    public void Div(Reg r, bool wide) => Group(0xF7, 6, r, wide);

    /// <summary>rax = rdx:rax / r, signed.</summary>
    public void Idiv(Reg r, bool wide) => Group(0xF7, 7, r, wide);

    /// <summary>cdq or cqo: the sign of rax fills rdx.</summary>
    public void SignIntoRdx(bool wide)
    {
        Rex(wide, 0, 0, 0);
        Byte(0x99);
    }

    public void Imul(Reg to, Reg from, bool wide) => MapReg(0xAF, to, from, wide);
    public void Imul(Reg to, Mem from, bool wide) => TwoByteMem(0xAF, to, from, wide);

    public void Imul(Reg to, Reg from, int value, bool wide)
    {
        bool small = value is >= -128 and <= 127;
        RegReg(small ? (byte)0x6B : (byte)0x69, to, from, wide);
        if (small)
            Byte((byte)value);
        else
            Int32(value);
    }

    public void Shift(Shift op, Reg r, int count, bool wide)
    {
        Group(0xC1, (int)op, r, wide);
        Byte((byte)count);
    }

    /// <summary>Shift by cl.</summary>
    public void ShiftCl(Shift op, Reg r, bool wide) => Group(0xD3, (int)op, r, wide);

    /// <summary>rol r16, 8: swaps the two bytes and leaves the rest.</summary>
    public void SwapWord(Reg r)
    {
        Byte(0x66);
        Shift(X64.Shift.Rol, r, 8, wide: false);
    }

    public void Bswap(Reg r, bool wide)
    {
        Rex(wide, 0, 0, (int)r >> 3);
        Byte(0x0F);
        Byte((byte)(0xC8 + ((int)r & 7)));
    }

    /// <summary>bt r, bit.</summary>
    public void Bt(Reg r, int bit, bool wide)
    {
        MapReg(0xBA, (Reg)4, r, wide);
        Byte((byte)bit);
    }

    /// <summary>bts r, bit.</summary>
    public void Bts(Reg r, int bit, bool wide)
    {
        MapReg(0xBA, (Reg)5, r, wide);
        Byte((byte)bit);
    }

    public void Lzcnt(Reg to, Reg from, bool wide) => PrefixedReg(0xF3, 0xBD, to, from, wide);
    public void Popcnt(Reg to, Reg from, bool wide) => PrefixedReg(0xF3, 0xB8, to, from, wide);
    public void Bsr(Reg to, Reg from, bool wide) => MapReg(0xBD, to, from, wide);
    public void Cmov(Cond c, Reg to, Reg from, bool wide) => MapReg((byte)(0x40 + (int)c), to, from, wide);
    public void Cmov(Cond c, Reg to, Mem from, bool wide) => TwoByteMem((byte)(0x40 + (int)c), to, from, wide);

    /// <summary>setcc r8: only the low byte changes.</summary>
    public void Setcc(Cond c, Reg r)
    {
        Rex8((int)r, 0, 0, (int)r >> 3);
        Byte(0x0F);
        Byte((byte)(0x90 + (int)c));
        Byte((byte)(0xC0 | ((int)r & 7)));
    }

    public void MovzxByte(Reg to, Reg from) => ByteReg(0xB6, to, from);
    public void MovsxByte(Reg to, Reg from) => ByteReg(0xBE, to, from);
    public void MovsxByte(Reg to, Mem m) => TwoByteMem(0xBE, to, m);
    public void MovsxWord(Reg to, Reg from) => TwoByteReg(0xBF, to, from);
    public void MovsxWord(Reg to, Mem m) => TwoByteMem(0xBF, to, m);
    public void Movsxd(Reg to, Reg from) => RegReg(0x63, to, from, wide: true);
    public void Movsxd(Reg to, Mem m) => RegMem(0x63, (int)to, m, wide: true);

    /// <summary>and r8, r8 of the low bytes.</summary>
    public void AndByte(Reg to, Reg from)
    {
        Rex8((int)from, (int)from >> 3, (int)to, (int)to >> 3);
        Byte(0x20);
        Byte((byte)(0xC0 | ((int)from & 7) << 3 | ((int)to & 7)));
    }

    /// <summary>mov [m], r8.</summary>
    /// <summary>mov to16, from16: the upper bits of the register stay.</summary>
    public void Mov16(Reg to, Reg from)
    {
        Byte(0x66);
        RegReg(0x89, from, to, wide: false);
    }

    /// <summary>mov to16, word [m]: the upper bits of the register stay.</summary>
    public void MovWord(Reg to, Mem from)
    {
        Byte(0x66);
        RegMem(0x8B, (int)to, from, wide: false);
    }

    public void MovByte(Mem to, Reg from) => ByteMem(0x88, from, to);

    public void MovByte(Mem to, byte value)
    {
        RegMem(0xC6, 0, to, wide: false);
        Byte(value);
    }

    public void MovWord(Mem to, Reg from)
    {
        Byte(0x66);
        RegMem(0x89, (int)from, to, wide: false);
    }

    public void MovWord(Mem to, short value)
    {
        Byte(0x66);
        RegMem(0xC7, 0, to, wide: false);
        Byte((byte)value);
        Byte((byte)(value >> 8));
    }

    public void Movbe(Reg to, Mem from, bool wide) => ThreeByteMem(0xF0, (int)to, from, wide);
    public void Movbe(Mem to, Reg from, bool wide) => ThreeByteMem(0xF1, (int)from, to, wide);

    public void MovbeWord(Mem to, Reg from)
    {
        Byte(0x66);
        ThreeByteMem(0xF1, (int)from, to, wide: false);
    }

    /// <summary>lock cmpxchg [m], r32.</summary>
    public void LockCmpxchg32(Mem m, Reg r)
    {
        Byte(0xF0);
        TwoByteMem(0xB1, r, m);
    }

    /// <summary>lock add dword [m], imm.</summary>
    public void LockAdd32(Mem m, int value)
    {
        Byte(0xF0);
        MemImm(0, m, value, wide: false);
    }

    /// <summary>jcc rel8 whose target is set later with <see cref="HereShort"/>.</summary>
    public byte* JccShortForward(Cond c)
    {
        Byte((byte)(0x70 + (int)c));
        Byte(0);
        return _p - 1;
    }

    /// <summary>jmp rel8 whose target is set later with <see cref="HereShort"/>.</summary>
    public byte* JmpShortForward()
    {
        Byte(0xEB);
        Byte(0);
        return _p - 1;
    }

    // A byte register 4 to 7 needs a REX prefix, or it would be ah, ch, dh, bh.
    private void Rex8(int byteRegister, int r, int otherByteRegister, int b)
    {
        int bits = r << 2 | b;
        if (bits != 0 || byteRegister is >= 4 and <= 7 || otherByteRegister is >= 4 and <= 7)
            Byte((byte)(0x40 | bits));
    }

    private void ByteReg(byte opcode, Reg to, Reg from)
    {
        Rex8((int)from, (int)to >> 3, 0, (int)from >> 3);
        Byte(0x0F);
        Byte(opcode);
        Byte((byte)(0xC0 | ((int)to & 7) << 3 | ((int)from & 7)));
    }

    private void ByteMem(byte opcode, Reg reg, Mem m)
    {
        bool plain = (int)reg < 8 && m.Base < 8 && m.Index < 8;
        if (m.Segment != 0)
            Byte(m.Segment);
        if (m.Wraps)
            Byte(0x67);
        if (plain)
            Rex8((int)reg, 0, 0, 0);
        else
            Rex(false, (int)reg >> 3, m.Index >= 0 ? m.Index >> 3 : 0, m.Base >= 0 ? m.Base >> 3 : 0);
        Byte(opcode);
        Operand((int)reg, m);
    }

    private void MapReg(byte opcode, Reg to, Reg from, bool wide)
    {
        Rex(wide, (int)to >> 3, 0, (int)from >> 3);
        Byte(0x0F);
        Byte(opcode);
        Byte((byte)(0xC0 | ((int)to & 7) << 3 | ((int)from & 7)));
    }

    private void PrefixedReg(byte prefix, byte opcode, Reg to, Reg from, bool wide)
    {
        Byte(prefix);
        MapReg(opcode, to, from, wide);
    }

    private void ThreeByteMem(byte opcode, int reg, Mem m, bool wide)
    {
        MemPrefixes(reg, m, wide);
        Byte(0x0F);
        Byte(0x38);
        Byte(opcode);
        Operand(reg, m);
    }
}
