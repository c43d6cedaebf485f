using System.Runtime.CompilerServices;

namespace Suite.Jit.X64;

/// <summary>
/// A thin x86-64 assembler over a raw buffer: one method per form the engine emits, nothing chosen behind the caller's back.
/// The caller guarantees room; <see cref="Position"/> moves forward. Encodings: AMD64 manual volume 3.
/// With <paramref name="narrow"/> it emits for compatibility mode: every operation is its 32-bit form, only the first eight registers exist.
/// </summary>
public unsafe partial struct X64Asm(byte* at, bool narrow = false)
{
    private byte* _p = at;

    /// <summary>Where the next byte goes.</summary>
    public byte* Position { readonly get => _p; set => _p = value; }

    public void Byte(byte value) => *_p++ = value;

    public void Int32(int value)
    {
        Unsafe.WriteUnaligned(_p, value);
        _p += 4;
    }

    public void Int64(long value)
    {
        Unsafe.WriteUnaligned(_p, value);
        _p += 8;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(_p, bytes.Length)); // SAFETY: room is the caller's promise
        _p += bytes.Length;
    }

    public void Mov(Reg to, Reg from) => RegReg(0x89, from, to, wide: true);
    public void Mov32(Reg to, Reg from) => RegReg(0x89, from, to, wide: false);
    public void Mov(Reg to, Mem from) => RegMem(0x8B, (int)to, from, wide: true);
    public void Mov32(Reg to, Mem from) => RegMem(0x8B, (int)to, from, wide: false);
    public void Mov(Mem to, Reg from) => RegMem(0x89, (int)from, to, wide: true);
    public void Mov32(Mem to, Reg from) => RegMem(0x89, (int)from, to, wide: false);

    /// <summary>mov qword [m], sign-extended imm32.</summary>
    public void Mov(Mem to, int value)
    {
        RegMem(0xC7, 0, to, wide: true);
        Int32(value);
    }

    /// <summary>mov dword [m], imm32.</summary>
    public void Mov32(Mem to, int value)
    {
        RegMem(0xC7, 0, to, wide: false);
        Int32(value);
    }

    /// <summary>The shortest move of a 64-bit constant that leaves the flags alone: b8+r imm32 where zero extension does, else imm64.</summary>
    public void MovImm(Reg to, ulong value)
    {
        bool wide = !narrow && value > uint.MaxValue;
        Rex(wide, 0, 0, (int)to >> 3);
        Byte((byte)(0xB8 + ((int)to & 7)));
        if (wide)
            Int64((long)value);
        else
            Int32((int)value);
    }

    /// <summary>mov to16, selector: of a segment register by its number (es cs ss ds fs gs), zero-extended.</summary>
    public void MovFromSegment(Reg to, int segment) => Group(0x8C, segment, to, wide: false);

    /// <summary>mov word [m], selector.</summary>
    public void MovFromSegment(Mem to, int segment) => RegMem(0x8C, segment, to, wide: false);

    /// <summary>mov selector, r16.</summary>
    public void MovToSegment(int segment, Reg from) => Group(0x8E, segment, from, wide: false);

    /// <summary>mov selector, word [m].</summary>
    public void MovToSegment(int segment, Mem from) => RegMem(0x8E, segment, from, wide: false);

    /// <summary>jmp far [m16:32].</summary>
    public void JmpFar(Mem m) => RegMem(0xFF, 5, m, wide: false);

    /// <summary>jmp selector:offset; does not exist in 64-bit mode.</summary>
    public void JmpFar(ushort selector, byte* target)
    {
        Byte(0xEA);
        Int32(checked((int)target));
        Byte((byte)selector);
        Byte((byte)(selector >> 8));
    }

    public void Wrfsbase(Reg from)
    {
        Byte(0xF3);
        Rex(true, 0, 0, (int)from >> 3);
        Bytes([0x0F, 0xAE]);
        Byte((byte)(0xD0 | ((int)from & 7)));
    }

    /// <summary>cmp word [m], imm8 (sign-extended).</summary>
    public void CmpWord(Mem m, sbyte value)
    {
        Byte(0x66);
        RegMem(0x83, 7, m, wide: false);
        Byte((byte)value);
    }

    /// <summary>cmp r16, word [m].</summary>
    public void CmpWord(Reg r, Mem m)
    {
        Byte(0x66);
        RegMem(0x3B, (int)r, m, wide: false);
    }

    public void Lea(Reg to, Mem m) => RegMem(0x8D, (int)to, m with { Segment = 0 }, wide: true);
    public void MovzxWord(Reg to, Reg from) => TwoByteReg(0xB7, to, from);
    public void MovzxWord(Reg to, Mem m) => TwoByteMem(0xB7, to, m);
    public void MovzxByte(Reg to, Mem m) => TwoByteMem(0xB6, to, m);
    public void And(Reg to, Reg from) => RegReg(0x21, from, to, wide: true);
    public void Add(Reg to, Reg from) => RegReg(0x01, from, to, wide: true);
    public void Sub(Reg to, Reg from) => RegReg(0x29, from, to, wide: true);
    public void Sub(Reg to, Mem from) => RegMem(0x2B, (int)to, from, wide: true);
    public void Add(Reg to, Mem from) => RegMem(0x03, (int)to, from, wide: true);
    public void Xor32(Reg to, Reg from) => RegReg(0x31, from, to, wide: false);
    public void Cmp(Reg a, Mem b) => RegMem(0x3B, (int)a, b, wide: true);
    public void Cmp32(Reg a, Mem b) => RegMem(0x3B, (int)a, b, wide: false);
    public void Test(Reg a, Reg b) => RegReg(0x85, b, a, wide: true);
    public void Add(Reg to, int value) => GroupOne(0, to, value, wide: true);
    public void And(Reg to, int value) => GroupOne(4, to, value, wide: true);
    public void And32(Reg to, int value) => GroupOne(4, to, value, wide: false);
    public void Sub(Reg to, int value) => GroupOne(5, to, value, wide: true);
    public void Cmp(Reg a, int value) => GroupOne(7, a, value, wide: true);
    public void Cmp32(Reg a, int value) => GroupOne(7, a, value, wide: false);
    public void Cmp(Mem a, int value) => MemImm(7, a, value, wide: true);
    public void Cmp32(Mem a, int value) => MemImm(7, a, value, wide: false);
    public void And32(Mem to, int value) => MemImm(4, to, value, wide: false);
    public void Or(Mem to, int value) => MemImm(1, to, value, wide: true);
    public void Add(Mem to, int value) => MemImm(0, to, value, wide: true);
    public void Inc(Reg r) => Group(0xFF, 0, r, wide: true);

    public void Shl(Reg r, byte count)
    {
        Group(0xC1, 4, r, wide: true);
        Byte(count);
    }

    public void Push(Reg r)
    {
        Rex(false, 0, 0, (int)r >> 3);
        Byte((byte)(0x50 + ((int)r & 7)));
    }

    public void Pop(Reg r)
    {
        Rex(false, 0, 0, (int)r >> 3);
        Byte((byte)(0x58 + ((int)r & 7)));
    }

    public void Push(Mem m) => RegMem(0xFF, 6, m, wide: false);
    public void Pop(Mem m) => RegMem(0x8F, 0, m, wide: false);

    /// <summary>push sign-extended imm32.</summary>
    public void PushImm(int value)
    {
        Byte(0x68);
        Int32(value);
    }

    public void Pushfq() => Byte(0x9C);
    public void Popfq() => Byte(0x9D);
    public void Ret() => Byte(0xC3);
    public void Syscall() => Bytes([0x0F, 0x05]);
    public void Ud2() => Bytes([0x0F, 0x0B]);
    public void RepMovsb() => Bytes([0xF3, 0xA4]);
    public void Pause() => Bytes([0xF3, 0x90]);
    public void Vzeroupper() => Bytes([0xC5, 0xF8, 0x77]);
    public void Lahf() => Byte(0x9F);
    public void Sahf() => Byte(0x9E);

    /// <summary>seto al; with <see cref="Lahf"/> this saves every arithmetic flag in ax.</summary>
    public void SetoAl() => Bytes([0x0F, 0x90, 0xC0]);

    /// <summary>add al, 0x7f: turns the 0/1 of seto back into OF.</summary>
    public void AddAl7F() => Bytes([0x04, 0x7F]);

    public void Ldmxcsr(Mem m) => TwoByteMem(0xAE, (Reg)2, m);

    /// <summary>xsaveopt64 [m]: registers of edx:eax in standard format.</summary>
    public void Xsaveopt64(Mem m) => TwoByteMem(0xAE, (Reg)6, m, wide: true);
    public void Xsave64(Mem m) => TwoByteMem(0xAE, (Reg)4, m, wide: true);
    public void Xrstor64(Mem m) => TwoByteMem(0xAE, (Reg)5, m, wide: true);
    public void Fxsave64(Mem m) => TwoByteMem(0xAE, 0, m, wide: true);
    public void Fxrstor64(Mem m) => TwoByteMem(0xAE, (Reg)1, m, wide: true);

    public void Jmp(Reg r) => Group(0xFF, 4, r, wide: false);
    public void Jmp(Mem m) => RegMem(0xFF, 4, m, wide: false);

    /// <summary>jmp rel32 to a known place.</summary>
    public void Jmp(byte* target)
    {
        Byte(0xE9);
        Int32(checked((int)(target - (_p + 4))));
    }

    /// <summary>jcc rel32 to a known place.</summary>
    public void Jcc(Cond c, byte* target)
    {
        Byte(0x0F);
        Byte((byte)(0x80 + (int)c));
        Int32(checked((int)(target - (_p + 4))));
    }

    /// <summary>jmp rel32 whose target is set later with <see cref="Here"/>; the result is the place of the rel32.</summary>
    public byte* JmpForward()
    {
        Byte(0xE9);
        Int32(0);
        return _p - 4;
    }

    /// <summary>jcc rel32 whose target is set later.</summary>
    public byte* JccForward(Cond c)
    {
        Byte(0x0F);
        Byte((byte)(0x80 + (int)c));
        Int32(0);
        return _p - 4;
    }

    /// <summary>jrcxz (jecxz) rel8 whose target is set later with <see cref="HereShort"/>.</summary>
    public byte* JrcxzForward()
    {
        Byte(0xE3);
        Byte(0);
        return _p - 1;
    }

    /// <summary>Makes a forward jump (rel32) land here.</summary>
    public readonly void Here(byte* rel32) => Unsafe.WriteUnaligned(rel32, (int)(_p - (rel32 + 4)));

    /// <summary>Makes a forward jump (rel8) land here.</summary>
    public readonly void HereShort(byte* rel8) => *rel8 = checked((byte)(sbyte)(_p - (rel8 + 1)));

    /// <summary>Multi-byte nop of 0 to 9 bytes (AMD64 software optimisation guide, "NOP" table).</summary>
    public void Nop(int length)
    {
        ReadOnlySpan<byte> table =
        [
            0x90,
            0x66, 0x90,
            0x0F, 0x1F, 0x00,
            0x0F, 0x1F, 0x40, 0x00,
            0x0F, 0x1F, 0x44, 0x00, 0x00,
            0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00,
            0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00,
            0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x66, 0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        Bytes(table.Slice(length * (length - 1) / 2, length));
    }

    private void RegReg(byte opcode, Reg reg, Reg rm, bool wide)
    {
        Rex(wide, (int)reg >> 3, 0, (int)rm >> 3);
        Byte(opcode);
        Byte((byte)(0xC0 | ((int)reg & 7) << 3 | ((int)rm & 7)));
    }

    private void Group(byte opcode, int extension, Reg rm, bool wide)
    {
        Rex(wide, 0, 0, (int)rm >> 3);
        Byte(opcode);
        Byte((byte)(0xC0 | extension << 3 | ((int)rm & 7)));
    }

    private void GroupOne(int extension, Reg rm, int value, bool wide)
    {
        bool small = value is >= -128 and <= 127;
        Group(small ? (byte)0x83 : (byte)0x81, extension, rm, wide);
        if (small)
            Byte((byte)value);
        else
            Int32(value);
    }

    private void MemImm(int extension, Mem m, int value, bool wide)
    {
        bool small = value is >= -128 and <= 127;
        RegMem(small ? (byte)0x83 : (byte)0x81, extension, m, wide);
        if (small)
            Byte((byte)value);
        else
            Int32(value);
    }

    private void TwoByteReg(byte opcode, Reg reg, Reg rm)
    {
        Rex(false, (int)reg >> 3, 0, (int)rm >> 3);
        Byte(0x0F);
        Byte(opcode);
        Byte((byte)(0xC0 | ((int)reg & 7) << 3 | ((int)rm & 7)));
    }

    private void TwoByteMem(byte opcode, Reg reg, Mem m, bool wide = false)
    {
        MemPrefixes((int)reg, m, wide);
        Byte(0x0F);
        Byte(opcode);
        Operand((int)reg, m);
    }

    private void RegMem(byte opcode, int reg, Mem m, bool wide)
    {
        MemPrefixes(reg, m, wide);
        Byte(opcode);
        Operand(reg, m);
    }

    private void MemPrefixes(int reg, Mem m, bool wide)
    {
        if (m.Segment != 0)
            Byte(m.Segment);
        if (m.Wraps)
            Byte(0x67);
        Rex(wide, reg >> 3, m.Index >= 0 ? m.Index >> 3 : 0, m.Base >= 0 ? m.Base >> 3 : 0);
    }

    private void Rex(bool wide, int r, int x, int b)
    {
        int bits = (wide && !narrow ? 8 : 0) | r << 2 | x << 1 | b;
        if (bits != 0)
            Byte((byte)(0x40 | bits));
    }

    private void Operand(int reg, Mem m)
    {
        int r = (reg & 7) << 3;
        if (m.Base < 0)
        {
            // mod 0, rm 4, base 5: no base, disp32 (mod 0 rm 5 without SIB would be RIP-relative)
            Byte((byte)(r | 4));
            Byte((byte)(m.Scale << 6 | (m.Index < 0 ? 4 : m.Index & 7) << 3 | 5));
            Int32(m.Disp);
            return;
        }

        bool sib = m.Index >= 0 || (m.Base & 7) == 4;
        int mod = m.Disp == 0 && (m.Base & 7) != 5 ? 0 : m.Disp is >= -128 and <= 127 ? 1 : 2;
        Byte((byte)(mod << 6 | r | (sib ? 4 : m.Base & 7)));
        if (sib)
            Byte((byte)(m.Scale << 6 | (m.Index < 0 ? 4 : m.Index & 7) << 3 | (m.Base & 7)));
        if (mod == 1)
            Byte((byte)m.Disp);
        else if (mod == 2)
            Int32(m.Disp);
    }
}
