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

    /// <summary>
    /// The core reads ahead without looking: at most 14 prefixes, 4 bytes of EVEX payload, opcode, ModRM, SIB, 4 bytes of displacement, and 8 bytes
    /// from there on. With fewer readable bytes the instruction is copied first.
    /// </summary>
    private const int ReadAhead = 40;

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
        if (available < ReadAhead)
            return DecodeNearEnd(code, available, mode, out insn);
        DecodeUnbounded(code, mode, out insn);
        if (insn.Length > MaxLength)
            MarkTooLong(out insn);
        return true;
    }

    private static bool DecodeNearEnd(byte* code, int available, CpuMode mode, out X86Insn insn)
    {
        byte* copy = stackalloc byte[ReadAhead];
        new Span<byte>(copy, ReadAhead).Clear();
        new ReadOnlySpan<byte>(code, available).CopyTo(new Span<byte>(copy, ReadAhead));
        DecodeUnbounded(copy, mode, out insn);
        if (insn.Length <= Math.Min(available, MaxLength))
            return true;
        MarkTooLong(out insn);
        return available >= MaxLength;
    }

    /// <summary>
    /// Decodes with at least <see cref="ReadAhead"/> readable bytes; a length above 15 comes out as it is. The common path has few branches that depend
    /// on the code: a wrongly predicted one costs as much as everything else.
    /// </summary>
    private static void DecodeUnbounded(byte* code, CpuMode mode, out X86Insn insn)
    {
        insn = default;
        bool is64 = mode == CpuMode.Bits64;
        int row = is64 ? 1 : (int)mode;
        int addressBits = 16 << (int)mode;
        int opcode = code[0];
        int position = is64 & (opcode & 0xF0) == 0x40 ? 1 : 0;
        int rex = opcode & -position;
        opcode = code[position];
        int entry = OpcodeTable.OneByte[(byte)opcode];
        if ((entry & OpcodeTable.Prefix) != 0)
        {
            position = TakePrefixes(code, is64, ref insn);
            rex = insn.Rex;
            if (insn.AddrSize)
                addressBits = mode == CpuMode.Bits32 ? 16 : 32;
            if (insn.OpSize)
                row = is64 ? OpcodeTable.NarrowRow64 : row ^ 1;
            opcode = code[position];
            entry = OpcodeTable.OneByte[(byte)opcode];
        }

        insn.Rex = (byte)rex;
        insn.W = (byte)((rex >> 3) & 1);
        insn.R = (byte)((rex >> 2) & 1);
        insn.X = (byte)((rex >> 1) & 1);
        insn.B = (byte)(rex & 1);
        if ((rex & 8) != 0)
            row = OpcodeTable.WideRow;
        if ((entry & OpcodeTable.Escape) != 0)
        {
            if (opcode == 0x0F)
            {
                insn.Map = 1;
                entry = OpcodeTable.TwoByte[code[++position]];
                if ((entry & OpcodeTable.Escape) != 0)
                {
                    entry = TakeLegacyMap(code[position], ref insn);
                    position += insn.Map == 1 ? 0 : 1;
                }
            }
            else
            {
                entry = TakeEscape(code, position, is64, ref insn);
                position = insn.OpcodeOffset;
                if (insn.Encoding != Encoding.Legacy)
                    row = is64 & insn.W != 0 ? OpcodeTable.WideRow : 1;
            }

            opcode = code[position];
        }

        insn.Opcode = (byte)opcode;
        insn.OpcodeOffset = (byte)position++;
        insn.AddressBits = (byte)addressBits;
        insn.OperandBits = (byte)(OpcodeTable.OperandBitsOfRows >> (row * 8));
        if ((entry & OpcodeTable.ModRm) != 0)
        {
            int modRm = code[position];
            insn.HasModRm = true;
            insn.ModRmOffset = (byte)position++;
            insn.ModRm = (byte)modRm;
            insn.RegField |= (byte)((insn.R << 3) | ((modRm >> 3) & 7));
            if (modRm < 0xC0 && (entry & OpcodeTable.RegisterOnly) == 0)
                position = TakeMemoryOperand(code, position, modRm, is64, ref insn);
        }

        int kind = entry & OpcodeTable.ImmKind;
        insn.Flow = (X86Flow)((entry >> OpcodeTable.FlowShift) & OpcodeTable.FlowMask);
        bool uncommon = (entry & (OpcodeTable.Special | OpcodeTable.Not64)) != 0 | insn.Lock;
        if (uncommon)
            kind = Judge(ref insn, entry, is64);

        if (kind != 0)
        {
            int sizes = OpcodeTable.ImmediateSizes[(byte)((row * 16) | kind)];
            int size = sizes & OpcodeTable.FirstImmediate;
            insn.ImmSize = (byte)size;
            insn.ImmOffset = (byte)position;
            insn.Imm = ReadSigned(code + position, size);
            if (uncommon)
                FinishImmediate(code, entry, kind, ref insn);
            position += size + (sizes >> 4);
        }

        insn.Length = (byte)position;
    }

    /// <summary>Reads SIB and displacement of a memory operand and returns the offset behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TakeMemoryOperand(byte* code, int position, int modRm, bool is64, ref X86Insn insn)
    {
        insn.IsMemory = true;
        int size = modRm < 0x40 ? ((modRm & 7) == 5 ? 4 : 0) : (modRm >> 6) * 3 - 2;
        if (insn.AddressBits == 16)
        {
            size = modRm < 0x40 ? ((modRm & 7) == 6 ? 2 : 0) : modRm >> 6;
        }
        else if ((modRm & 7) == 4)
        {
            int sib = code[position++];
            insn.HasSib = true;
            insn.Sib = (byte)sib;

            // mod 0 with a SIB byte that names base 5 means a 32-bit displacement and no base.
            if (modRm < 0x40 && (sib & 7) == 5)
                size = 4;
        }
        else
        {
            insn.RipRelative = is64 & (modRm & 0xC7) == 5;
        }

        if (size == 0)
            return position;
        insn.DispSize = (byte)size;
        insn.DispOffset = (byte)position;
        insn.Disp = (int)ReadSigned(code + position, size);
        return position + size;
    }

    /// <summary>The value of 1 to 8 little-endian bytes, sign-extended. Always reads 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long ReadSigned(byte* source, int size)
    {
        int unused = 64 - (size * 8);
        return *(long*)source << unused >> unused;
    }

    /// <summary>Reads all prefixes and returns the offset of the byte behind them. A REX prefix counts only directly before that byte.</summary>
    private static int TakePrefixes(byte* code, bool is64, ref X86Insn insn)
    {
        int rex = 0;
        int position = 0;
        while (position < MaxLength)
        {
            int prefix = code[position];
            if ((OpcodeTable.OneByte[(byte)prefix] & OpcodeTable.Prefix) == 0)
                break;
            if ((prefix & 0xF0) != 0x40)
            {
                rex = 0;
                TakePrefix(prefix, position, is64, ref insn);
            }
            else if (is64)
            {
                rex = prefix;
            }
            else
            {
                break;
            }

            position++;
        }

        insn.Rex = (byte)rex;
        insn.PrefixCount = (byte)(rex != 0 ? position - 1 : position);
        insn.RexOffset = (byte)(rex != 0 ? position - 1 : 0);
        return position;
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

    private static void MarkTooLong(out X86Insn insn) =>
        insn = new X86Insn { Length = MaxLength, Flow = X86Flow.Invalid, TooLong = true };
}
