namespace Suite.Guest.X86.Decode;

/// <summary>The bytes that lead to other opcode maps: 0F 38, 0F 3A, 0F 0F, C4 and C5 (VEX), 62 (EVEX), 8F (XOP).</summary>
public static unsafe partial class X86Decoder
{
    /// <summary>
    /// Follows the escape at <paramref name="position"/> (all but 0F), or finds that it is an ordinary opcode.
    /// Sets the offset of the opcode byte and returns its entry.
    /// </summary>
    private static int TakeEscape(byte* code, int position, bool is64, ref X86Insn insn)
    {
        int first = code[position];
        int payload = code[position + 1];
        insn.OpcodeOffset = (byte)position;
        switch (first)
        {
            case 0x8F:
                if ((payload & 0x1F) >= 8)
                    return TakeVex(code, position, is64, Encoding.Xop, ref insn);
                return OpcodeTable.ModRm;
            default:
                // Outside 64-bit mode C4, C5 and 62 are les, lds and bound unless the next byte would name a register.
                if (!is64 && payload < 0xC0)
                    return OpcodeTable.ModRm;
                Encoding encoding = first == 0x62 ? Encoding.Evex : first == 0xC4 ? Encoding.Vex3 : Encoding.Vex2;
                return TakeVex(code, position, is64, encoding, ref insn);
        }
    }

    /// <summary>Entry for what follows 0F 38, 0F 3A and 0F 0F. In the first two, which set the map, the opcode is the next byte.</summary>
    private static int TakeLegacyMap(int second, ref X86Insn insn)
    {
        switch (second)
        {
            case 0x0F:
                insn.Encoding = Encoding.ThreeDNow;
                return OpcodeTable.ModRm | OpcodeTable.Ib;
            case 0x38:
                insn.Map = 2;
                return OpcodeTable.ModRm;
            default:
                insn.Map = 3;
                return OpcodeTable.ModRm | OpcodeTable.Ib;
        }
    }

    /// <summary>Reads the payload of a VEX, EVEX or XOP prefix (Intel SDM volume 2, chapter 2; AMD APM volume 3, chapter 1).</summary>
    private static int TakeVex(byte* code, int position, bool is64, Encoding encoding, ref X86Insn insn)
    {
        int size = encoding switch
        {
            Encoding.Vex2 => 2,
            Encoding.Evex => 4,
            _ => 3,
        };
        byte* prefix = code + position;
        bool legacyPrefix = insn.OpSize || insn.Lock || insn.RepPrefix != 0 || insn.Rex != 0;
        insn.Encoding = encoding;
        insn.VexOffset = (byte)position;
        insn.OpcodeOffset = (byte)(position + size);

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
        int opcode = prefix[size];
        int entry;
        if (encoding == Encoding.Xop)
            entry = XopEntry(insn.Map);
        else if (encoding == Encoding.Evex && insn.Map == 4)
            entry = PromotedEntry(opcode, narrow: insn.W == 0 && (fields & 3) == 1);
        else
            entry = VexEntry(insn.Map, opcode, encoding);
        return legacyPrefix ? entry | OpcodeTable.Invalid : entry;
    }

    private static int XopEntry(int map) => map switch
    {
        8 => OpcodeTable.ModRm | OpcodeTable.Ib,
        10 => OpcodeTable.ModRm | OpcodeTable.Id,
        9 => OpcodeTable.ModRm,
        _ => OpcodeTable.ModRm | OpcodeTable.Invalid,
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
                return OpcodeTable.ModRm | OpcodeTable.Id;
            default:
                return OpcodeTable.ModRm | OpcodeTable.Invalid;
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
                return OpcodeTable.ModRm | (narrow ? OpcodeTable.Iw : OpcodeTable.Id);
            case 0xF6:
                return OpcodeTable.ModRm | OpcodeTable.Special | OpcodeTable.Ib;
            case 0xF7:
                return OpcodeTable.ModRm | OpcodeTable.Special | (narrow ? OpcodeTable.Iw : OpcodeTable.Id);
            default:
                return OpcodeTable.ModRm;
        }
    }
}
