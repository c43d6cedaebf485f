namespace Suite.Guest.X86.Decode;

/// <summary>The few opcodes whose class or immediate depends on ModRM or prefixes.</summary>
public static unsafe partial class X86Decoder
{
    /// <summary>Corrects the class of an instruction that the tables alone do not tell, and returns its kind of immediate.</summary>
    private static int Judge(ref X86Insn insn, int entry, bool is64)
    {
        int kind = entry & OpcodeTable.ImmKind;
        if (is64 && (entry & OpcodeTable.Not64) != 0)
        {
            insn.Flow = X86Flow.Invalid;
            return kind;
        }

        if ((entry & OpcodeTable.Special) != 0)
        {
            kind = ImmediateKind(in insn, kind);
            insn.Flow = Classify(in insn, is64);
        }

        // LOCK is valid only on instructions that write memory, and none of those has a class of its own.
        if (insn.Lock && insn.Flow != X86Flow.Plain)
            insn.Flow = X86Flow.Invalid;
        return kind;
    }

    /// <summary>Kind of immediate where prefixes, address size or ModRM decide.</summary>
    private static int ImmediateKind(in X86Insn insn, int kind)
    {
        if (kind == OpcodeTable.Moffs)
            return insn.AddressBits == 16 ? OpcodeTable.Iw : insn.AddressBits == 32 ? OpcodeTable.Id : OpcodeTable.Iq;
        switch ((insn.Map << 8) | insn.Opcode)
        {
            case 0x0F6: // of group 3 only test has an immediate
            case 0x0F7:
            case 0x4F6:
            case 0x4F7:
                return (insn.ModRm & 0x30) == 0 ? kind : 0;
            case 0x178: // extrq (66) and insertq (F2); vmread otherwise
                return insn.RepPrefix == 0xF2 || (insn.RepPrefix == 0 && insn.OpSize) ? OpcodeTable.IbIb : kind;
            default:
                return kind;
        }
    }

    /// <summary>Class of an instruction whose opcode alone does not tell.</summary>
    private static X86Flow Classify(in X86Insn insn, bool is64)
    {
        X86Flow flow = insn.Flow;
        int reg = (insn.ModRm >> 3) & 7;
        switch ((insn.Map << 8) | insn.Opcode)
        {
            case 0x08E: // mov sreg, r/m
                return reg is 4 or 5 ? X86Flow.LoadFsGs : flow;
            case 0x0C7:
                return insn.ModRm == 0xF8 ? X86Flow.Xbegin : flow;
            case 0x0FF:
                return reg switch
                {
                    2 => X86Flow.CallIndirect,
                    3 => insn.IsMemory ? X86Flow.FarCallIndirect : X86Flow.Invalid,
                    4 => X86Flow.JmpIndirect,
                    5 => insn.IsMemory ? X86Flow.FarJmpIndirect : X86Flow.Invalid,
                    7 => X86Flow.Invalid,
                    _ => flow,
                };
            case 0x101:
                if (insn.ModRm == 0xF9)
                    return X86Flow.Rdtscp;
                return insn.ModRm == 0xD0 && !insn.OpSize && insn.RepPrefix == 0 ? X86Flow.Xgetbv : flow;
            case 0x1AE:
                if (insn.RepPrefix != 0xF3 || insn.IsMemory || reg > 3)
                    return flow;
                return is64 ? X86Flow.FsGsBase : X86Flow.Invalid;
            case 0x1B4: // lfs, lgs
            case 0x1B5:
                return insn.IsMemory ? flow : X86Flow.Invalid;
            case 0x1B8: // popcnt; without F3 the jmpe of Itanium
                return insn.RepPrefix == 0xF3 ? flow : X86Flow.Invalid;
            case 0x1C7:
                return reg == 7 && !insn.IsMemory && insn.RepPrefix == 0xF3 ? X86Flow.Rdpid : flow;
            default:
                return flow;
        }
    }

    /// <summary>What the common path leaves out: second immediates, and absolute addresses, which are not signed.</summary>
    private static void FinishImmediate(byte* code, int entry, int kind, ref X86Insn insn)
    {
        if (kind is OpcodeTable.IwIb or OpcodeTable.IbIb)
            insn.Imm2 = code[insn.ImmOffset + insn.ImmSize];
        else if ((entry & OpcodeTable.ImmKind) == OpcodeTable.Moffs && insn.ImmSize < sizeof(long))
            insn.Imm &= (1L << (insn.ImmSize * 8)) - 1;
    }
}
