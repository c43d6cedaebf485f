using System.Runtime.CompilerServices;

namespace Suite.Guest.X86.Decode;

/// <summary>
/// Layout decoder for 16, 32 and 64-bit x86 code. It finds the parts of an instruction and the class the re-encoder needs, allocates nothing
/// and needs no start-up. It is generous: an opcode or form that no CPU has may come out as <see cref="X86Flow.Plain"/>, since a copy of it
/// raises #UD on the host at the right place; only what the re-encoder would act upon itself is checked strictly.
/// </summary>
public static unsafe partial class X86Decoder
{
    /// <summary>Longest instruction the architecture allows, in bytes (Intel SDM volume 2, chapter 2).</summary>
    public const int MaxLength = 15;

    /// <summary>With this many readable bytes an 8-byte load at any offset inside an instruction is safe.</summary>
    private const int WideReadMargin = MaxLength + sizeof(long);

    /// <summary>
    /// Decodes the instruction at <paramref name="code"/>.
    /// </summary>
    /// <param name="code">First byte of the instruction.</param>
    /// <param name="available">Number of readable bytes at <paramref name="code"/>, at least 1. No byte beyond is touched.</param>
    /// <param name="mode">Mode of the code segment.</param>
    /// <param name="insn">The layout; unspecified if the result is false.</param>
    /// <returns>
    /// False if the instruction needs more than <paramref name="available"/> bytes. With 15 bytes at hand the answer is always true,
    /// and an instruction that does not end within them is <see cref="X86Flow.Invalid"/> with <see cref="X86Insn.TooLong"/>.
    /// </returns>
    public static bool Decode(byte* code, int available, CpuMode mode, out X86Insn insn)
    {
        insn = default;
        bool is64 = mode == CpuMode.Bits64;
        int limit = available < MaxLength ? available : MaxLength;
        int position = 0;
        int rex = 0;
        int opcode;
        int entry;
        while (true)
        {
            if (position >= limit)
                return Unfinished(available, out insn);
            opcode = code[position];
            entry = OpcodeTable.OneByte[(byte)opcode];
            if ((entry & OpcodeTable.Prefix) == 0)
                break;
            if ((opcode & 0xF0) != 0x40)
            {
                // A REX prefix counts only directly before the opcode.
                rex = 0;
                TakePrefix(opcode, position, is64, ref insn);
            }
            else if (is64)
            {
                rex = opcode;
            }
            else
            {
                break;
            }

            position++;
        }

        int prefixCount = position;
        if (rex != 0)
        {
            prefixCount--;
            insn.Rex = (byte)rex;
            insn.RexOffset = (byte)prefixCount;
            insn.W = (byte)((rex >> 3) & 1);
            insn.R = (byte)((rex >> 2) & 1);
            insn.X = (byte)((rex >> 1) & 1);
            insn.B = (byte)(rex & 1);
        }

        insn.PrefixCount = (byte)prefixCount;
        if ((entry & OpcodeTable.Escape) != 0)
        {
            if (!TakeEscape(code, limit, is64, ref position, ref entry, ref insn))
                return Unfinished(available, out insn);
            opcode = code[position];
        }

        insn.Opcode = (byte)opcode;
        insn.OpcodeOffset = (byte)position++;
        int addressBits = is64 ? (insn.AddrSize ? 32 : 64) : (mode == CpuMode.Bits16) != insn.AddrSize ? 16 : 32;
        int operandBits = is64 ? (insn.W != 0 ? 64 : insn.OpSize ? 16 : 32) : (mode == CpuMode.Bits16) != insn.OpSize ? 16 : 32;
        if (insn.Encoding is not (Encoding.Legacy or Encoding.ThreeDNow) && operandBits == 16)
            operandBits = 32;
        insn.AddressBits = (byte)addressBits;
        insn.OperandBits = (byte)operandBits;

        int dispSize = 0;
        int dispOffset = 0;
        if ((entry & OpcodeTable.ModRm) != 0)
        {
            if (position >= limit)
                return Unfinished(available, out insn);
            int modRm = code[position];
            insn.HasModRm = true;
            insn.ModRmOffset = (byte)position++;
            insn.ModRm = (byte)modRm;
            insn.RegField |= (byte)((insn.R << 3) | ((modRm >> 3) & 7));
            if (modRm < 0xC0 && (entry & OpcodeTable.RegisterOnly) == 0)
            {
                insn.IsMemory = true;
                int mod = modRm >> 6;
                int rm = modRm & 7;
                if (addressBits == 16)
                {
                    dispSize = mod == 0 ? (rm == 6 ? 2 : 0) : mod;
                }
                else
                {
                    int noBase = rm;
                    if (rm == 4)
                    {
                        if (position >= limit)
                            return Unfinished(available, out insn);
                        int sib = code[position++];
                        insn.HasSib = true;
                        insn.Sib = (byte)sib;
                        noBase = sib & 7;
                    }

                    dispSize = mod == 0 ? (noBase == 5 ? 4 : 0) : (mod * 3) - 2;
                    insn.RipRelative = is64 & modRm == (modRm & 0x38 | 5);
                }

                dispOffset = position;
                position += dispSize;
            }
        }

        int flow = (entry >> OpcodeTable.FlowShift) & OpcodeTable.FlowMask;
        int kind = entry & OpcodeTable.ImmKind;
        if ((entry & (OpcodeTable.Special | OpcodeTable.Not64)) != 0)
        {
            if (is64 && (entry & OpcodeTable.Not64) != 0)
                flow = (int)X86Flow.Invalid;
            else if ((entry & OpcodeTable.Special) != 0)
                flow = (int)Classify(in insn, is64, (X86Flow)flow, ref kind);
        }

        int immOffset = position;
        int immSize = kind;
        int totalImmSize;
        if (kind >= OpcodeTable.Iz)
            immSize = ImmediateSize(kind, is64, operandBits, addressBits, out totalImmSize);
        else
            totalImmSize = kind;
        int length = position + totalImmSize;
        if (length > limit)
            return Unfinished(available, out insn);

        insn.Length = (byte)length;
        if (dispSize != 0)
        {
            insn.DispOffset = (byte)dispOffset;
            insn.DispSize = (byte)dispSize;
            insn.Disp = (int)ReadSigned(code + dispOffset, dispSize, available);
        }

        if (immSize != 0)
        {
            insn.ImmOffset = (byte)immOffset;
            insn.ImmSize = (byte)immSize;
            insn.Imm = ReadSigned(code + immOffset, immSize, available);
            if (kind >= OpcodeTable.Moffs)
                FinishImmediate(code, kind, ref insn);
        }

        // LOCK is valid only on instructions that write memory, and none of those has a class of its own.
        if (flow != (int)X86Flow.Plain && insn.Lock)
            flow = (int)X86Flow.Invalid;
        if (insn.Flow == X86Flow.Plain)
            insn.Flow = (X86Flow)flow;
        return true;
    }

    private static void TakePrefix(int prefix, int position, bool is64, ref X86Insn insn)
    {
        switch (prefix)
        {
            case 0x66:
                insn.OpSize = true;
                break;
            case 0x67:
                insn.AddrSize = true;
                break;
            case 0xF0:
                insn.Lock = true;
                break;
            case 0xF2:
            case 0xF3:
                insn.RepPrefix = (byte)prefix;
                break;
            default:
                if (is64 && prefix < 0x64 && insn.Segment >= 0x64)
                    break;
                insn.Segment = (byte)prefix;
                insn.SegmentOffset = (byte)position;
                break;
        }
    }

    /// <summary>Class of an instruction whose opcode alone does not tell; may also change the kind of immediate.</summary>
    private static X86Flow Classify(in X86Insn insn, bool is64, X86Flow flow, ref int kind)
    {
        int reg = (insn.ModRm >> 3) & 7;
        switch ((insn.Map << 8) | insn.Opcode)
        {
            case 0x08E: // mov sreg, r/m
                return reg is 4 or 5 ? X86Flow.LoadFsGs : flow;
            case 0x0C7:
                return insn.ModRm == 0xF8 ? X86Flow.Xbegin : flow;
            case 0x0F6: // only test has the immediate
            case 0x0F7:
            case 0x4F6:
            case 0x4F7:
                kind = reg < 2 ? kind : 0;
                return flow;
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
            case 0x178: // extrq (66) and insertq (F2); vmread otherwise
                if (insn.RepPrefix == 0xF2 || (insn.RepPrefix == 0 && insn.OpSize))
                    kind = OpcodeTable.IbIb;
                return flow;
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

    private static int ImmediateSize(int kind, bool is64, int operandBits, int addressBits, out int total)
    {
        int z = operandBits == 16 ? 2 : 4;
        int size = kind switch
        {
            OpcodeTable.Jz => is64 ? 4 : z,
            OpcodeTable.Iv => operandBits >> 3,
            OpcodeTable.Moffs => addressBits >> 3,
            OpcodeTable.IwIb => 2,
            OpcodeTable.IbIb => 1,
            _ => z,
        };
        total = size + kind switch
        {
            OpcodeTable.IwIb or OpcodeTable.IbIb => 1,
            OpcodeTable.Ptr => 2,
            _ => 0,
        };
        return size;
    }

    private static void FinishImmediate(byte* code, int kind, ref X86Insn insn)
    {
        if (kind == OpcodeTable.Moffs && insn.ImmSize < 8)
            insn.Imm &= (1L << (insn.ImmSize * 8)) - 1;
        else if (kind is OpcodeTable.IwIb or OpcodeTable.IbIb)
            insn.Imm2 = code[insn.ImmOffset + insn.ImmSize];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long ReadSigned(byte* source, int size, int available)
    {
        if (available < WideReadMargin)
            return ReadExactly(source, size);
        int unused = 64 - (size * 8);
        return *(long*)source << unused >> unused;
    }

    private static long ReadExactly(byte* source, int size) => size switch
    {
        1 => *(sbyte*)source,
        2 => *(short*)source,
        4 => *(int*)source,
        _ => *(long*)source,
    };

    private static bool Unfinished(int available, out X86Insn insn)
    {
        insn = default;
        insn.Length = MaxLength;
        insn.Flow = X86Flow.Invalid;
        insn.TooLong = true;
        return available >= MaxLength;
    }
}
