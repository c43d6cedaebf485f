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
    /// The core reads ahead without looking: at most 15 prefixes, 4 bytes of EVEX payload, opcode, ModRM, SIB, 4 bytes of displacement, and 8 bytes
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
        if (DecodeUnbounded(code, mode, out insn) > MaxLength)
            insn = new X86Insn { Length = MaxLength, Flow = X86Flow.Invalid, TooLong = true };
        return true;
    }

    private static bool DecodeNearEnd(byte* code, int available, CpuMode mode, out X86Insn insn)
    {
        byte* copy = stackalloc byte[ReadAhead];
        new Span<byte>(copy, ReadAhead).Clear();
        new ReadOnlySpan<byte>(code, available).CopyTo(new Span<byte>(copy, ReadAhead));
        Decode(copy, ReadAhead, mode, out insn);
        return insn.TooLong ? available >= MaxLength : insn.Length <= available;
    }

    /// <summary>Decodes with at least <see cref="ReadAhead"/> readable bytes; returns the length, which may be above 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int DecodeUnbounded(byte* code, CpuMode mode, out X86Insn insn)
    {
        insn = default;
        bool is64 = mode == CpuMode.Bits64;
        int row = is64 ? 1 : (int)mode;
        int addressBits = 16 << (int)mode;
        int opcode = code[0];
        int position = 0;
        int rex = 0;
        if (is64 && (opcode & 0xF0) == 0x40)
        {
            rex = opcode;
            opcode = code[++position];
        }

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

        if (rex != 0)
        {
            insn.Rex = (byte)rex;
            insn.W = (byte)((rex >> 3) & 1);
            insn.R = (byte)((rex >> 2) & 1);
            insn.X = (byte)((rex >> 1) & 1);
            insn.B = (byte)(rex & 1);
            if ((rex & 8) != 0)
                row = OpcodeTable.WideRow;
        }

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
        return position;
    }

    /// <summary>Reads SIB and displacement of a memory operand and returns the offset behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TakeMemoryOperand(byte* code, int position, int modRm, bool is64, ref X86Insn insn)
    {
        insn.IsMemory = true;

        // A digit for each mod, lowest first: 0, 1 or 4 bytes; the fourth digit for mod 0 with rm 5, a displacement without base.
        int digit = (modRm & 0xC7) == 5 ? 3 : modRm >> 6;
        int size = (0x4410 >> (digit * 4)) & 7;
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
}
