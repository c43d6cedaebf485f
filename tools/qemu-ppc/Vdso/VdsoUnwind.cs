namespace Suite.Tools.Ppc.Vdso;

/// <summary>
/// The unwind tables of the signal trampolines: where each register of the interrupted code lies, found through the pointer to the
/// register block that the frame holds, so that exceptions and cancellation pass through signal frames and debuggers see them.
/// Register numbers are GCC's for .eh_frame: 0-31 general, 32-63 floating point, 65 LR, 67 the interrupted pc, 70 CR, 77-108 vectors, 109 VRSAVE.
/// </summary>
internal static class VdsoUnwind
{
    private const int Lr = 65, Nip = 67, Cr = 70, Vector0 = 77, VrSave = 109, Fpr0 = 32, StackPointer = 1;
    private const int DW_CFA_expression = 0x10, DW_CFA_def_cfa = 0x0C, DW_CFA_def_cfa_expression = 0x0F;
    private const int DW_OP_deref = 0x06, DW_OP_plus_uconst = 0x23, DW_OP_breg1 = 0x71, PcRelativeSigned4 = 0x1B;

    // Room for each expression's length byte is one byte: all are shorter than 128.
    private const int ExpressionLimit = 128;

    /// <summary>Writes .eh_frame_hdr and .eh_frame; both addresses are of the word before the trampoline's first.</summary>
    /// <param name="w">Where to; the image's address 0 is its offset 0.</param>
    /// <param name="sigtramp">Offset of the old trampoline.</param>
    /// <param name="rtSigtramp">Offset of the rt trampoline, behind the old one.</param>
    /// <returns>Offset and size of .eh_frame_hdr.</returns>
    public static (int Offset, int Size) Write(BigEndianWriter w, int sigtramp, int rtSigtramp)
    {
        const int Before = 4, Length = 12, HeaderSize = 12 + 2 * 8;
        int header = w.At, table = header + HeaderSize;
        w.At = table;
        int cie = WriteCie(w);
        int first = WriteFde(w, cie, sigtramp - Before, Length, SignalFrame.RegistersPointer);
        int second = WriteFde(w, cie, rtSigtramp - Before, Length, SignalFrame.RtRegistersPointer);
        w.Word(0); // no more entries
        int end = w.At;

        // Version 1; pointer to the frames: pc-relative; count: 4 bytes; table: relative to this header.
        w.At = header;
        w.Bytes([1, PcRelativeSigned4, 0x03, 0x3B]);
        w.Word(table - w.At);
        w.Word(2);
        w.Word(sigtramp - Before - header);
        w.Word(first - header);
        w.Word(rtSigtramp - Before - header);
        w.Word(second - header);
        w.At = end;
        return (header, HeaderSize);
    }

    private static int WriteCie(BigEndianWriter w)
    {
        int start = w.At;
        w.Word(0);
        w.Word(0);
        w.Byte(1);
        w.Bytes("zRS\0"u8); // S: a signal frame, the pc is not behind a call
        w.Bytes([4, 0x7C, Nip, 1, PcRelativeSigned4]); // alignment of code 4, of data -4; return column; pointer encoding
        w.Bytes([DW_CFA_def_cfa, StackPointer, 0]);
        Close(w, start);
        return start;
    }

    private static int WriteFde(BigEndianWriter w, int cie, int code, int length, int pointer)
    {
        int start = w.At;
        w.Word(0);
        w.Word(w.At - cie);
        w.Word(code - w.At);
        w.Word(length);
        w.Byte(0);

        w.Byte(DW_CFA_def_cfa_expression);
        int cfa = BeginExpression(w, pointer);
        w.Bytes([DW_OP_plus_uconst, StackPointer * 4, DW_OP_deref]);
        EndExpression(w, cfa);
        for (int n = 0; n < 32; n++)
            if (n != StackPointer)
                Saved(w, n, pointer, n * 4);
        Saved(w, Nip, pointer, SignalFrame.Nip * 4);
        Saved(w, Lr, pointer, SignalFrame.Lr * 4);
        Saved(w, Cr, pointer, SignalFrame.Cr * 4);
        for (int n = 0; n < 32; n++)
            Saved(w, Fpr0 + n, pointer, SignalFrame.FprOffset + n * 8);
        for (int n = 0; n < 32; n++)
            Saved(w, Vector0 + n, pointer, SignalFrame.VectorOffset + n * 16);
        Saved(w, VrSave, pointer, SignalFrame.VrSaveOffset);
        Close(w, start);
        return start;
    }

    // The register lies at an offset from what the pointer at r1 + pointer points to.
    private static void Saved(BigEndianWriter w, int register, int pointer, int offset)
    {
        w.Byte(DW_CFA_expression);
        w.Uleb((uint)register);
        int at = BeginExpression(w, pointer);
        w.Byte(DW_OP_plus_uconst);
        w.Uleb((uint)offset);
        EndExpression(w, at);
    }

    private static int BeginExpression(BigEndianWriter w, int pointer)
    {
        int length = w.At++;
        w.Byte(DW_OP_breg1);
        w.SlebOffset((uint)pointer);
        w.Byte(DW_OP_deref);
        return length;
    }

    private static void EndExpression(BigEndianWriter w, int length)
    {
        int end = w.At;
        System.Diagnostics.Debug.Assert(end - length - 1 < ExpressionLimit);
        w.At = length;
        w.Byte(end - length - 1);
        w.At = end;
    }

    // Padding is DW_CFA_nop, which is zero.
    private static void Close(BigEndianWriter w, int start)
    {
        w.Align(4);
        w.Patch(start, w.At - start - 4);
    }
}
