namespace Suite.Guest.X86.Decode;

/// <summary>The bytes that lead to other opcode maps: 0F, C4 and C5 (VEX), 62 (EVEX), 8F (XOP).</summary>
public static unsafe partial class X86Decoder
{
    /// <summary>
    /// Follows the escape at <paramref name="position"/> and leaves the position at the opcode byte.
    /// Returns false if bytes are missing.
    /// </summary>
    private static bool TakeEscape(byte* code, int limit, bool is64, ref int position, ref int entry, ref X86Insn insn)
    {
        if (position + 1 >= limit)
            return false;
        int first = code[position];
        int payload = code[position + 1];
        switch (first)
        {
            case 0x0F:
                return TakeLegacyMap(code, limit, ref position, ref entry, ref insn);
            case 0x8F:
                if ((payload & 0x1F) >= 8)
                    return TakeVex(code, limit, is64, Encoding.Xop, ref position, ref entry, ref insn);
                entry = OpcodeTable.ModRm;
                return true;
            default:
                // Outside 64-bit mode C4, C5 and 62 are les, lds and bound unless the next byte would name a register.
                if (!is64 && payload < 0xC0)
                {
                    entry = OpcodeTable.ModRm;
                    return true;
                }

                Encoding encoding = first == 0x62 ? Encoding.Evex : first == 0xC4 ? Encoding.Vex3 : Encoding.Vex2;
                return TakeVex(code, limit, is64, encoding, ref position, ref entry, ref insn);
        }
    }

    private static bool TakeLegacyMap(byte* code, int limit, ref int position, ref int entry, ref X86Insn insn)
    {
        int opcode = code[++position];
        insn.Map = 1;
        entry = OpcodeTable.TwoByte[(byte)opcode];
        if ((entry & OpcodeTable.Escape) == 0)
            return true;
        if (opcode == 0x0F)
        {
            insn.Encoding = Encoding.ThreeDNow;
            entry = OpcodeTable.ModRm | OpcodeTable.Ib;
            return true;
        }

        bool is3A = opcode == 0x3A;
        insn.Map = (byte)(is3A ? 3 : 2);
        entry = is3A ? OpcodeTable.ModRm | OpcodeTable.Ib : OpcodeTable.ModRm;
        return ++position < limit;
    }

    /// <summary>Reads the payload of a VEX, EVEX or XOP prefix (Intel SDM volume 2, chapter 2; AMD APM volume 3, chapter 1).</summary>
    private static bool TakeVex(byte* code, int limit, bool is64, Encoding encoding, ref int position, ref int entry, ref X86Insn insn)
    {
        int size = encoding switch
        {
            Encoding.Vex2 => 2,
            Encoding.Evex => 4,
            _ => 3,
        };
        if (position + size >= limit)
            return false;
        byte* prefix = code + position;
        bool legacyPrefix = insn.OpSize || insn.Lock || insn.RepPrefix != 0 || insn.Rex != 0;
        insn.Encoding = encoding;
        insn.VexOffset = (byte)position;
        position += size;

        // The extension bits and vvvv are stored inverted; the two-byte form is the three-byte form with X, B and W clear and map 1.
        int extensions = ~prefix[1];
        int fields = encoding == Encoding.Vex2 ? prefix[1] & 0x7F : prefix[2];
        insn.Map = (byte)(encoding == Encoding.Vex2 ? 1 : prefix[1] & (encoding == Encoding.Evex ? 7 : 0x1F));
        insn.W = (byte)(fields >> 7);
        int vvvv = (~fields >> 3) & 15;
        if (is64)
        {
            insn.R = (byte)((extensions >> 7) & 1);
            if (encoding != Encoding.Vex2)
            {
                insn.X = (byte)((extensions >> 6) & 1);
                insn.B = (byte)((extensions >> 5) & 1);
            }

            if (encoding == Encoding.Evex)
            {
                insn.RegField = (byte)(extensions & 0x10);
                vvvv |= (~prefix[3] << 1) & 0x10;
            }
        }
        else
        {
            vvvv &= 7;
        }

        insn.Vvvv = (byte)vvvv;
        int opcode = code[position];
        if (encoding == Encoding.Xop)
            entry = XopEntry(insn.Map);
        else if (encoding == Encoding.Evex && insn.Map == 4)
            entry = PromotedEntry(opcode, narrow: insn.W == 0 && (fields & 3) == 1);
        else
            entry = VexEntry(insn.Map, opcode, encoding);
        if (legacyPrefix)
            insn.Flow = X86Flow.Invalid;
        return true;
    }

    private static int XopEntry(int map) => map switch
    {
        8 => OpcodeTable.ModRm | OpcodeTable.Ib,
        10 => OpcodeTable.ModRm | OpcodeTable.Iz,
        9 => OpcodeTable.ModRm,
        _ => OpcodeTable.ModRm | ((int)X86Flow.Invalid << OpcodeTable.FlowShift),
    };

    /// <summary>Layout in the maps of VEX and EVEX. All but vzeroupper and vzeroall have ModRM, and none is special.</summary>
    private static int VexEntry(int map, int opcode, Encoding encoding)
    {
        switch (map)
        {
            case 1:
                if (opcode == 0x77 && encoding != Encoding.Evex)
                    return 0;
                bool hasImmediate = opcode is (>= 0x70 and <= 0x73) or 0xC2 or (>= 0xC4 and <= 0xC6);
                return hasImmediate ? OpcodeTable.ModRm | OpcodeTable.Ib : OpcodeTable.ModRm;
            case 2:
            case 5:
            case 6:
                return OpcodeTable.ModRm;
            case 3:
                return OpcodeTable.ModRm | OpcodeTable.Ib;
            case 7:
                return OpcodeTable.ModRm | OpcodeTable.Iz;
            default:
                return OpcodeTable.ModRm | ((int)X86Flow.Invalid << OpcodeTable.FlowShift);
        }
    }

    /// <summary>EVEX map 4: legacy instructions promoted by APX; the pp field selects 16-bit operands and immediates.</summary>
    private static int PromotedEntry(int opcode, bool narrow)
    {
        switch (opcode)
        {
            case 0x24 or 0x2C or 0x6B or 0x80 or 0x83 or 0xC0 or 0xC1 or 0xD4:
                return OpcodeTable.ModRm | OpcodeTable.Ib;
            case 0x69 or 0x81:
                return OpcodeTable.ModRm | (narrow ? OpcodeTable.Iw : OpcodeTable.Iz);
            case 0xF6:
                return OpcodeTable.ModRm | OpcodeTable.Special | OpcodeTable.Ib;
            case 0xF7:
                return OpcodeTable.ModRm | OpcodeTable.Special | (narrow ? OpcodeTable.Iw : OpcodeTable.Iz);
            default:
                return OpcodeTable.ModRm;
        }
    }
}
