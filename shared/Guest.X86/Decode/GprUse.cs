namespace Suite.Guest.X86.Decode;

/// <summary>
/// Which general registers an instruction may touch, so that the re-encoder can find one it may borrow.
/// The answer is a superset: fields that name a vector, mask or segment register or extend the opcode count as if they named a general register.
/// A register of r8 to r15 is included only when a field encodes it, and r11 for syscall and sysret.
/// </summary>
public static class GprUse
{
    private const int Rax = 1 << 0;
    private const int Rcx = 1 << 1;
    private const int Rdx = 1 << 2;
    private const int Rbx = 1 << 3;
    private const int Rsp = 1 << 4;
    private const int Rbp = 1 << 5;
    private const int Rsi = 1 << 6;
    private const int Rdi = 1 << 7;
    private const int R11 = 1 << 11;
    private const int LowRegisters = 0xFF;

    /// <summary>Registers of the 16-bit address forms by ModRM.rm, as masks (Intel SDM volume 2, table 2-1).</summary>
    private static ReadOnlySpan<byte> Address16 => [Rbx | Rsi, Rbx | Rdi, Rbp | Rsi, Rbp | Rdi, Rsi, Rdi, Rbp, Rbx];

    /// <summary>
    /// Bit mask (bit 0 rax to bit 15 r15) of the registers that <paramref name="i"/> may read or write, named by its fields or implied by its opcode.
    /// </summary>
    public static ushort Mask(in X86Insn i, CpuMode mode)
    {
        int mask = i.HasModRm ? ModRmMask(in i) : 0;
        switch (i.Encoding)
        {
            case Encoding.Legacy:
                mask |= i.Map switch
                {
                    0 => OneByteMask(in i),
                    1 => TwoByteMask(in i),
                    3 => StringCompareMask(i.Opcode) | (i.Opcode == 0xF0 ? Rax : 0),
                    _ => 0,
                };
                break;
            case Encoding.ThreeDNow:
                break;
            default:
                mask |= 1 << (i.Vvvv & 15);
                mask |= i.Map switch
                {
                    1 => i.Opcode == 0xF7 ? Rdi : 0,
                    2 => i.Opcode == 0xF6 ? Rdx : 0,
                    3 => StringCompareMask(i.Opcode),
                    4 => LowRegisters,
                    _ => 0,
                };
                break;
        }

        return (ushort)(mode == CpuMode.Bits64 ? mask : mask & LowRegisters);
    }

    private static int ModRmMask(in X86Insn i)
    {
        int mask = NumberMask(i.RegField & 15, in i);
        if (!i.IsMemory)
            return mask | NumberMask((i.B << 3) | (i.ModRm & 7), in i);
        int mod = i.ModRm >> 6;
        int rm = i.ModRm & 7;
        if (i.AddressBits == 16)
            return mask | (mod == 0 && rm == 6 ? 0 : Address16[rm]);
        if (!i.HasSib)
            return mask | (mod == 0 && rm == 5 ? 0 : 1 << ((i.B << 3) | rm));
        int index = (i.X << 3) | ((i.Sib >> 3) & 7);
        int baseLow = i.Sib & 7;
        mask |= mod == 0 && baseLow == 5 ? 0 : 1 << ((i.B << 3) | baseLow);

        // Index 4 means none, except where the index is a vector: counting rsp then is harmless.
        return mask | 1 << index;
    }

    /// <summary>Without REX, numbers 4 to 7 of a byte operand mean ah, ch, dh and bh.</summary>
    private static int NumberMask(int number, in X86Insn i)
    {
        int mask = 1 << number;
        return i.Encoding == Encoding.Legacy && i.Rex == 0 && number >= 4 ? mask | (mask >> 4) : mask;
    }

    private static int OneByteMask(in X86Insn i)
    {
        int opcode = i.Opcode;
        int opcodeRegister = (i.B << 3) | (opcode & 7);
        switch (opcode)
        {
            case < 0x40:
                return (opcode & 7) switch
                {
                    4 or 5 => Rax,
                    6 or 7 => Rsp | Rax,
                    _ => 0,
                };
            case < 0x50:
                return 1 << opcodeRegister;
            case < 0x60:
                return (1 << opcodeRegister) | Rsp;
            case < 0x62:
                return LowRegisters;
            case 0x68 or 0x6A or 0x8F or 0x9A or 0x9C or 0x9D or 0xC2 or 0xC3 or (>= 0xCA and <= 0xCF) or 0xE8 or 0xFF:
                return Rsp;
            case (>= 0x6C and <= 0x6F) or (>= 0xA4 and <= 0xA7) or (>= 0xAA and <= 0xAF):
                return Rax | Rcx | Rdx | Rsi | Rdi;
            case >= 0x90 and <= 0x97:
                return Rax | (1 << opcodeRegister);
            case 0x98 or 0x99 or 0x9E or 0x9F or (>= 0xA0 and <= 0xA3) or 0xA8 or 0xA9:
                return Rax | Rdx;
            case >= 0xB0 and <= 0xBF:
                return NumberMask(opcodeRegister, in i);
            case 0xC6 or 0xC7 or (>= 0xD4 and <= 0xD6) or (>= 0xD8 and <= 0xDF):
                return Rax;
            case 0xC8 or 0xC9:
                return Rsp | Rbp;
            case 0xD2 or 0xD3 or (>= 0xE0 and <= 0xE3):
                return Rcx;
            case 0xD7:
                return Rax | Rbx;
            case (>= 0xE4 and <= 0xE7) or (>= 0xEC and <= 0xEF) or 0xF6 or 0xF7:
                return Rax | Rdx;
            default:
                return 0;
        }
    }

    private static int TwoByteMask(in X86Insn i)
    {
        switch (i.Opcode)
        {
            case 0x05 or 0x07:
                return LowRegisters | R11;
            case 0x01:
                return i.IsMemory ? 0 : LowRegisters; // sgdt and its like, or vmmcall, rdtscp, monitorx and theirs
            case (>= 0x30 and <= 0x37) or 0xA6 or 0xA7 or 0xAA:
                return LowRegisters;
            case 0xA0 or 0xA1 or 0xA8 or 0xA9:
                return Rsp;
            case 0xA2 or 0xAE or 0xB0 or 0xB1 or 0xC7:
                return Rax | Rcx | Rdx | Rbx;
            case 0xA5 or 0xAD:
                return Rcx;
            case >= 0xC8 and <= 0xCF:
                return 1 << ((i.B << 3) | (i.Opcode & 7));
            case 0xF7:
                return Rdi;
            default:
                return 0;
        }
    }

    /// <summary>pcmpestrm, pcmpestri, pcmpistrm and pcmpistri.</summary>
    private static int StringCompareMask(int opcode) => opcode is >= 0x60 and <= 0x63 ? Rax | Rcx | Rdx : 0;
}
