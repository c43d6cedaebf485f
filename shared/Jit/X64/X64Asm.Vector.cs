namespace Suite.Jit.X64;

/// <summary>Opcode map of a VEX or EVEX instruction.</summary>
public enum VexMap : byte { M0F = 1, M0F38 = 2, M0F3A = 3 }

/// <summary>Mandatory prefix of a VEX or EVEX instruction.</summary>
public enum VexPrefix : byte { None, P66, PF3, PF2 }

/// <summary>Rounding that an EVEX instruction carries itself.</summary>
public enum Rounding : byte { Nearest, Down, Up, TowardZero }

/// <summary>What identifies a VEX or EVEX instruction besides its operands.</summary>
/// <param name="Map">Opcode map.</param>
/// <param name="Prefix">Mandatory prefix.</param>
/// <param name="Opcode">The byte.</param>
/// <param name="Wide">VEX.W.</param>
/// <param name="EvexWide">EVEX.W, where registers from 16 on are used; often set where VEX ignores it (doubles).</param>
public readonly record struct VexOp(VexMap Map, VexPrefix Prefix, byte Opcode, bool Wide = false, bool EvexWide = false);

// Vector instructions of 128 bits and scalars: VEX where it reaches, EVEX when a register is 16 or above (AMD64 manual volume 4; Intel SDM volume 2, 2.3 and 2.7).
public unsafe partial struct X64Asm
{
    /// <summary>op to, first, second - all vector registers; <paramref name="first"/> is 0 for instructions of two operands.</summary>
    public void Vex(VexOp op, int to, int first, int second)
    {
        if ((to | first | second) >= 16)
        {
            Evex(op, to, first, second >> 3 & 1, second >> 4 & 1);
            Byte((byte)(0xC0 | (to & 7) << 3 | (second & 7)));
            return;
        }

        VexPrefixes(op, to, first, 0, second >> 3);
        Byte((byte)(0xC0 | (to & 7) << 3 | (second & 7)));
    }

    /// <summary>op to, first, [m].</summary>
    public void Vex(VexOp op, int to, int first, Mem m)
    {
        if (m.Segment != 0)
            Byte(m.Segment);
        if (m.Wraps)
            Byte(0x67);
        int x = m.Index >= 0 ? m.Index >> 3 : 0, b = m.Base >= 0 ? m.Base >> 3 : 0;
        if ((to | first) >= 16)
        {
            Evex(op, to, first, b, x);
            OperandFullDisplacement(to, m);
            return;
        }

        VexPrefixes(op, to, first, x, b);
        Operand(to, m);
    }

    /// <summary>As <see cref="Vex(VexOp, int, int, int)"/> for instructions that exist in EVEX form only; <paramref name="to"/> or <paramref name="second"/> may be a mask register.</summary>
    public void EvexOnly(VexOp op, int to, int first, int second)
    {
        Evex(op, to, first, second >> 3 & 1, second >> 4 & 1);
        Byte((byte)(0xC0 | (to & 7) << 3 | (second & 7)));
    }

    /// <summary>As the form without, with an immediate byte.</summary>
    public void Vex(VexOp op, int to, int first, int second, byte immediate)
    {
        Vex(op, to, first, second);
        Byte(immediate);
    }

    /// <summary>As the form without, with an immediate byte.</summary>
    public void Vex(VexOp op, int to, int first, Mem m, byte immediate)
    {
        Vex(op, to, first, m);
        Byte(immediate);
    }

    /// <summary>BMI instructions: general registers, VEX only.</summary>
    private void VexGeneral(VexOp op, Reg reg, Reg vvvv, Reg rm)
    {
        VexPrefixes(op, (int)reg, (int)vvvv, 0, (int)rm >> 3);
        Byte((byte)(0xC0 | ((int)reg & 7) << 3 | ((int)rm & 7)));
    }

    public void Rorx(Reg to, Reg from, int count, bool wide)
    {
        VexGeneral(new VexOp(VexMap.M0F3A, VexPrefix.PF2, 0xF0, wide), to, 0, from);
        Byte((byte)count);
    }

    /// <summary>shlx, shrx or sarx to, from, count: no flags, any registers.</summary>
    public void Shiftx(Shift op, Reg to, Reg from, Reg count, bool wide) =>
        VexGeneral(new VexOp(VexMap.M0F38, op switch { X64.Shift.Shl => VexPrefix.P66, X64.Shift.Shr => VexPrefix.PF2, _ => VexPrefix.PF3 }, 0xF7, wide), to, count, from);

    /// <summary>to = ~inverted &amp; other.</summary>
    public void Andn(Reg to, Reg inverted, Reg other, bool wide) => VexGeneral(new VexOp(VexMap.M0F38, VexPrefix.None, 0xF2, wide), to, inverted, other);

    /// <summary>A scalar operation on registers in EVEX form with its own rounding, which raises no exception.</summary>
    public void VexRounded(VexOp op, int to, int first, int second, Rounding rounding)
    {
        Evex(op, to, first, second >> 3 & 1, second >> 4 & 1, (int)rounding << 5 | 0x10);
        Byte((byte)(0xC0 | (to & 7) << 3 | (second & 7)));
    }

    /// <summary>to |= first &amp; [m] of 128 bits (vpternlogq).</summary>
    public void OrMasked(int to, int first, Mem m)
    {
        const byte AOrBAndC = 0xF8;
        Evex(new VexOp(VexMap.M0F3A, VexPrefix.P66, 0x25, EvexWide: true), to, first, m.Base >> 3, 0);
        OperandFullDisplacement(to, m);
        Byte(AOrBAndC);
    }

    public void Vldmxcsr(Mem m) => Vex(new VexOp(VexMap.M0F, VexPrefix.None, 0xAE), 2, 0, m);
    public void Vstmxcsr(Mem m) => Vex(new VexOp(VexMap.M0F, VexPrefix.None, 0xAE), 3, 0, m);

    private void VexPrefixes(VexOp op, int to, int first, int x, int b)
    {
        if (op.Map == VexMap.M0F && !op.Wide && x == 0 && b == 0)
        {
            Byte(0xC5);
            Byte((byte)((to >> 3 ^ 1) << 7 | (~first & 15) << 3 | (int)op.Prefix));
        }
        else
        {
            Byte(0xC4);
            Byte((byte)((to >> 3 ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | (int)op.Map));
            Byte((byte)((op.Wide ? 0x80 : 0) | (~first & 15) << 3 | (int)op.Prefix));
        }

        Byte(op.Opcode);
    }

    // 128 bits, no mask. b and x are what the base (or low register bit 3) and the index (or register bit 4) need.
    private void Evex(VexOp op, int to, int first, int b, int x, int rounding = 0)
    {
        Byte(0x62);
        Byte((byte)((to >> 3 & 1 ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | (to >> 4 ^ 1) << 4 | (int)op.Map));
        Byte((byte)((op.EvexWide ? 0x80 : 0) | (~first & 15) << 3 | 4 | (int)op.Prefix));
        Byte((byte)(rounding | (first >> 4 ^ 1) << 3));
        Byte(op.Opcode);
    }

    // EVEX scales an 8-bit displacement by the operand's size: a full one is never wrong.
    private void OperandFullDisplacement(int reg, Mem m)
    {
        int r = (reg & 7) << 3;
        if (m.Base < 0)
        {
            Operand(reg, m);
            return;
        }

        bool sib = m.Index >= 0 || (m.Base & 7) == 4;
        bool none = m.Disp == 0 && (m.Base & 7) != 5;
        Byte((byte)((none ? 0 : 0x80) | r | (sib ? 4 : m.Base & 7)));
        if (sib)
            Byte((byte)(m.Scale << 6 | (m.Index < 0 ? 4 : m.Index & 7) << 3 | (m.Base & 7)));
        if (!none)
            Int32(m.Disp);
    }
}
