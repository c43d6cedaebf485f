namespace Suite.Tools.I386;

// Call-frame information (DWARF 4, section 6.4; .eh_frame as in the LSB core specification).
internal sealed partial class I386VdsoImage
{
    private const byte AdvanceLoc = 0x40, Offset = 0x80, Restore = 0xC0, CfaRegister = 0x09, DefCfa = 0x0C, DefCfaOffset = 0x0E,
        DefCfaExpression = 0x0F, RegisterExpression = 0x10;
    private const byte Eax = 0, Ecx = 1, Edx = 2, Ebx = 3, Esp = 4, Ebp = 5, Esi = 6, Edi = 7, Eip = 8;
    private const byte PcRelative4 = 0x1B, Unsigned4 = 0x03, DataRelative4 = 0x3B;

    // .eh_frame, then .eh_frame_hdr, whose place is returned.
    private int WriteFrames()
    {
        int frames = _at;
        int plain = BeginRecord(0);
        Put([1, (byte)'z', (byte)'R', 0, 1, 0x7C, Eip, 1, PcRelative4, DefCfa, Esp, 4, Offset | Eip, 1]); // data alignment -4
        EndRecord(plain);
        int signal = BeginRecord(0);
        Put([1, (byte)'z', (byte)'R', (byte)'S', 0, 1, 0x7C, Eip, 1, PcRelative4]);
        EndRecord(signal);

        Span<int> table = stackalloc int[_frames.Count * 2];
        for (int i = 0; i < _frames.Count; i++)
        {
            (int start, int length, FrameKind kind) = _frames[i];
            bool isSignal = kind is FrameKind.Signal or FrameKind.RtSignal;
            if (isSignal)
                (start, length) = (start - 1, length + 1); // unwinders look up a return address minus one
            (table[2 * i], table[2 * i + 1]) = (start, _at);
            int record = BeginRecord(_at + sizeof(int) - (isSignal ? signal : plain));
            Words([start - _at, length]);
            Put([0]);
            WriteRules(kind);
            EndRecord(record);
        }

        Word(0);
        int index = _at;
        Put([1, PcRelative4, Unsigned4, DataRelative4]);
        Words([frames - _at, _frames.Count]);
        foreach (int address in table)
            Word(address - index);
        return index;
    }

    private int BeginRecord(int cie)
    {
        int start = _at;
        Words([0, cie]);
        return start;
    }

    private void EndRecord(int start)
    {
        Align(4);
        int end = _at;
        _at = start;
        Word(end - start - sizeof(int));
        _at = end;
    }

    private void WriteRules(FrameKind kind)
    {
        const int SignalContext = 4, RtSignalContext = 160; // struct sigcontext_32 from esp, once the return address is off the stack
        switch (kind)
        {
            case FrameKind.EbxInEdx:
                Put([AdvanceLoc | 2, CfaRegister, Ebx, Edx, AdvanceLoc | 17, Restore | Ebx]);
                break;
            case FrameKind.Sysenter:
                Put([DefCfaOffset, 16, Offset | Ebp, 4, Offset | Edx, 3, Offset | Ecx, 2]);
                Put([AdvanceLoc | 3, Restore | Ebp, DefCfaOffset, 12, AdvanceLoc | 1, Restore | Edx, DefCfaOffset, 8, AdvanceLoc | 1, Restore | Ecx, DefCfaOffset, 4]);
                break;
            case FrameKind.Signal:
                WriteContext(SignalContext);
                Put([AdvanceLoc | 2]); // behind the pop
                WriteContext(SignalContext - 4);
                break;
            case FrameKind.RtSignal:
                WriteContext(RtSignalContext);
                break;
        }
    }

    // Every register is in the signal context.
    private void WriteContext(int context)
    {
        const byte Deref = 0x06;
        ReadOnlySpan<byte> registers = [Eax, Ecx, Edx, Ebx, Ebp, Esi, Edi, Eip];
        ReadOnlySpan<byte> fields = [44, 40, 36, 32, 24, 20, 16, 56];
        const int EspField = 28;
        Put([DefCfaExpression, (byte)(2 + SignedSize(context + EspField))]);
        EspPlus(context + EspField);
        Put([Deref]);
        for (int i = 0; i < registers.Length; i++)
        {
            Put([RegisterExpression, registers[i], (byte)(1 + SignedSize(context + fields[i]))]);
            EspPlus(context + fields[i]);
        }
    }

    private static int SignedSize(int value) => value < 64 ? 1 : 2;

    // DW_OP_breg4 with a signed LEB128 number below 8192.
    private void EspPlus(int offset)
    {
        const byte Breg4 = 0x74;
        Put([Breg4]);
        if (SignedSize(offset) == 1)
            Put([(byte)offset]);
        else
            Put([(byte)(offset & 0x7F | 0x80), (byte)(offset >> 7)]);
    }
}
