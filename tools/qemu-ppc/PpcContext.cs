using System.Buffers.Binary;
using Suite.Guest.Ppc;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tools.Ppc;

/// <summary>struct mcontext: all registers of a thread as signal frames and swapcontext(2) keep them (<see cref="SignalFrame"/>).</summary>
internal sealed unsafe class PpcContext(StateLayout layout, PpcModel model)
{
    // User mode of the classic processors: EE PR ME IR DR RI, and FP with FE0 FE1 once floating point was used; bit 25 is VEC or SPE.
    private const uint MsrUser = 0xD032, MsrFloat = 0x2900, MsrVector = 0x02000000;

    // What "trap" says: offsets of the exception vectors.
    private const uint DataAccess = 0x300, InstructionAccess = 0x400, ProgramCheck = 0x700, Decrementer = 0x900, SystemCall = 0xC00;

    // DSISR of a data access: no translation, protection, store.
    private const uint DsisrNoTranslation = 0x40000000, DsisrProtection = 0x08000000, DsisrStore = 0x02000000;

    private readonly bool _altivec = model.Has(PpcFeature.Altivec), _spe = model.Has(PpcFeature.Spe), _float = model.Has(PpcFeature.Float);

    /// <summary>Writes the registers in guest memory order.</summary>
    /// <param name="s">The thread.</param>
    /// <param name="originalR3">r3 as it was when the last system call was made.</param>
    /// <param name="context"><see cref="SignalFrame.ContextSize"/> zeroed bytes.</param>
    public void Save(VcpuState* s, uint originalR3, Span<byte> context)
    {
        PpcRegisters r = new(s, layout);
        void Word(Span<byte> to, int index, uint value) => PpcRegisters.Put(to, index * 4, value);
        for (int n = 0; n < 32; n++)
            Word(context, n, r.Gpr(n));
        Word(context, SignalFrame.Nip, (uint)s->Pc);
        Word(context, SignalFrame.Msr, MsrUser | (_float ? MsrFloat : 0) | (_altivec || _spe ? MsrVector : 0));
        Word(context, SignalFrame.OriginalR3, originalR3);
        Word(context, SignalFrame.Ctr, r[PpcSlot.Ctr]);
        Word(context, SignalFrame.Lr, r[PpcSlot.Lr]);
        Word(context, SignalFrame.Xer, r.Xer);
        Word(context, SignalFrame.Cr, r.Cr);
        Word(context, SignalFrame.Mq, r[PpcSlot.Mq]);
        (uint trap, uint dar, uint dsisr) = Cause(s);
        Word(context, SignalFrame.Trap, trap);
        Word(context, SignalFrame.Dar, dar);
        Word(context, SignalFrame.Dsisr, dsisr);
        Word(context, SignalFrame.Result, trap == SystemCall ? r.Gpr(3) : 0);

        for (int n = 0; n < 32; n++)
            BinaryPrimitives.WriteUInt64BigEndian(context[(SignalFrame.FprOffset + n * 8)..], r.Fpr(n));
        PpcRegisters.Put(context, SignalFrame.FpscrOffset + 4, PpcFloatState.ReadFpscr(s, layout));
        if (_altivec)
        {
            for (int n = 0; n < 32; n++)
                r.ReadVector(n, context[(SignalFrame.VectorOffset + n * 16)..]);
            PpcRegisters.Put(context, SignalFrame.VrSaveOffset, r[PpcSlot.VrSave]);
            PpcRegisters.Put(context, SignalFrame.VscrOffset, PpcFloatState.ReadVscr(s, layout));
        }
        else if (_spe)
        {
            for (int n = 0; n < 32; n++)
                PpcRegisters.Put(context, SignalFrame.SpeUpperOffset + n * 4, r[PpcSlot.GprHigh(n)]);
            BinaryPrimitives.WriteUInt64BigEndian(context[SignalFrame.SpeAccumulatorOffset..], r.Accumulator);
            PpcRegisters.Put(context, SignalFrame.SpefscrOffset, r[PpcSlot.Spefscr]);
        }
    }

    /// <summary>Takes the registers back. MSR stays as it is.</summary>
    /// <param name="s">The thread.</param>
    /// <param name="context">What <see cref="Save"/> wrote, perhaps changed since.</param>
    /// <param name="keepThreadPointer">r2 stays: a context may be another thread's (swapcontext).</param>
    public void Restore(VcpuState* s, ReadOnlySpan<byte> context, bool keepThreadPointer)
    {
        PpcRegisters r = new(s, layout);
        const int ThreadPointer = 2;
        for (int n = 0; n < 32; n++)
            if (n != ThreadPointer || !keepThreadPointer)
                r.SetGpr(n, PpcRegisters.Take(context, n * 4));
        s->Pc = PpcRegisters.Take(context, SignalFrame.Nip * 4) & ~3u;
        r[PpcSlot.Ctr] = PpcRegisters.Take(context, SignalFrame.Ctr * 4);
        r[PpcSlot.Lr] = PpcRegisters.Take(context, SignalFrame.Lr * 4);
        r.Xer = PpcRegisters.Take(context, SignalFrame.Xer * 4);
        r.Cr = PpcRegisters.Take(context, SignalFrame.Cr * 4);
        r[PpcSlot.Mq] = PpcRegisters.Take(context, SignalFrame.Mq * 4);
        for (int n = 0; n < 32; n++)
            r.Fpr(n) = BinaryPrimitives.ReadUInt64BigEndian(context[(SignalFrame.FprOffset + n * 8)..]);
        PpcFloatState.WriteFpscr(s, layout, PpcRegisters.Take(context, SignalFrame.FpscrOffset + 4));

        // Without the flag the context has no vectors, and they become zero.
        bool valid = (PpcRegisters.Take(context, SignalFrame.Msr * 4) & MsrVector) != 0;
        if (_altivec)
            RestoreVectors(s, context, valid);
        else if (_spe)
            RestoreSpe(r, context, valid);
        VectorImage.MarkInUse(s);
    }

    private void RestoreVectors(VcpuState* s, ReadOnlySpan<byte> context, bool valid)
    {
        PpcRegisters r = new(s, layout);
        Span<byte> zero = stackalloc byte[16];
        zero.Clear();
        for (int n = 0; n < 32; n++)
            r.WriteVector(n, valid ? context[(SignalFrame.VectorOffset + n * 16)..] : zero);
        if (valid)
            PpcFloatState.WriteVscr(s, layout, PpcRegisters.Take(context, SignalFrame.VscrOffset));
        r[PpcSlot.VrSave] = PpcRegisters.Take(context, SignalFrame.VrSaveOffset);
    }

    private static void RestoreSpe(PpcRegisters r, ReadOnlySpan<byte> context, bool valid)
    {
        for (int n = 0; n < 32; n++)
            r[PpcSlot.GprHigh(n)] = valid ? PpcRegisters.Take(context, SignalFrame.SpeUpperOffset + n * 4) : 0;
        r.Accumulator = valid ? BinaryPrimitives.ReadUInt64BigEndian(context[SignalFrame.SpeAccumulatorOffset..]) : 0;
        r[PpcSlot.Spefscr] = PpcRegisters.Take(context, SignalFrame.SpefscrOffset);
    }

    // What brought the thread into the kernel last, as far as the engine knows it.
    private static (uint Trap, uint Dar, uint Dsisr) Cause(VcpuState* s)
    {
        const int WriteAccess = 2, Present = 1;
        return s->Reason switch
        {
            ExitReason.SystemCall => (SystemCall, 0, 0),
            ExitReason.Fault => (DataAccess, (uint)s->FaultAddress,
                ((s->FaultError & Present) != 0 ? DsisrProtection : DsisrNoTranslation) | ((s->FaultError & WriteAccess) != 0 ? DsisrStore : 0)),
            ExitReason.FetchFault => (InstructionAccess, 0, DsisrNoTranslation),
            ExitReason.Special => (ProgramCheck, 0, 0),
            _ => (Decrementer, 0, 0),
        };
    }
}
