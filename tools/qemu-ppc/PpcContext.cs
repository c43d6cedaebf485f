using System.Buffers.Binary;
using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
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
    /// <param name="context"><see cref="SignalFrame.ContextSize"/> zeroed bytes.</param>
    public void Save(VcpuState* s, Span<byte> context)
    {
        PpcState r = new(layout, s);
        void Word(Span<byte> to, int index, uint value) => GuestOrder.Put(to, index * 4, value);
        for (int n = 0; n < 32; n++)
            Word(context, n, r.Gpr(n));
        Word(context, SignalFrame.Nip, (uint)s->Pc);
        Word(context, SignalFrame.Msr, MsrUser | (_float ? MsrFloat : 0) | (_altivec || _spe ? MsrVector : 0));
        Word(context, SignalFrame.OriginalR3, ThreadBlock.OriginalR3(s, layout));
        Word(context, SignalFrame.Ctr, r.Slot<uint>(PpcSlot.Ctr));
        Word(context, SignalFrame.Lr, r.Slot<uint>(PpcSlot.Lr));
        Word(context, SignalFrame.Xer, r.Xer);
        Word(context, SignalFrame.Cr, r.Cr);
        Word(context, SignalFrame.Mq, r.Slot<uint>(PpcSlot.Mq));
        (uint trap, uint dar, uint dsisr) = Cause(s);
        Word(context, SignalFrame.Trap, trap);
        Word(context, SignalFrame.Dar, dar);
        Word(context, SignalFrame.Dsisr, dsisr);
        Word(context, SignalFrame.Result, trap == SystemCall ? r.Gpr(3) : 0);

        for (int n = 0; n < 32; n++)
            BinaryPrimitives.WriteUInt64BigEndian(context[(SignalFrame.FprOffset + n * 8)..], r.Slot<ulong>(PpcSlot.Fpr(n)));
        GuestOrder.Put(context, SignalFrame.FpscrOffset + 4, FpscrState.Materialize(layout, s));
        if (_altivec)
        {
            for (int n = 0; n < 32; n++)
                GuestOrder.PutVector(context, SignalFrame.VectorOffset + n * GuestOrder.VectorSize, r, n);
            GuestOrder.Put(context, SignalFrame.VrSaveOffset, r.Slot<uint>(PpcSlot.VrSave));
            GuestOrder.Put(context, SignalFrame.VscrOffset, AltivecState.ReadVscr(layout, s));
        }
        else if (_spe)
        {
            for (int n = 0; n < 32; n++)
                GuestOrder.Put(context, SignalFrame.SpeUpperOffset + n * 4, r.Slot<uint>(PpcSlot.GprHigh(n)));
            BinaryPrimitives.WriteUInt64BigEndian(context[SignalFrame.SpeAccumulatorOffset..], r.Slot<ulong>(PpcSlot.Acc));
            GuestOrder.Put(context, SignalFrame.SpefscrOffset, r.Slot<uint>(PpcSlot.Spefscr));
        }
    }

    /// <summary>Takes the registers back. MSR stays as it is.</summary>
    /// <param name="s">The thread.</param>
    /// <param name="context">What <see cref="Save"/> wrote, perhaps changed since.</param>
    /// <param name="keepThreadPointer">r2 stays: a context may be another thread's (swapcontext).</param>
    public void Restore(VcpuState* s, ReadOnlySpan<byte> context, bool keepThreadPointer)
    {
        PpcState r = new(layout, s);
        const int ThreadPointer = 2;
        for (int n = 0; n < 32; n++)
            if (n != ThreadPointer || !keepThreadPointer)
                r.SetGpr(n, GuestOrder.Take(context, n * 4));
        s->Pc = GuestOrder.Take(context, SignalFrame.Nip * 4) & ~3u;
        r.Slot<uint>(PpcSlot.Ctr) = GuestOrder.Take(context, SignalFrame.Ctr * 4);
        r.Slot<uint>(PpcSlot.Lr) = GuestOrder.Take(context, SignalFrame.Lr * 4);
        r.Xer = GuestOrder.Take(context, SignalFrame.Xer * 4);
        r.Cr = GuestOrder.Take(context, SignalFrame.Cr * 4);
        r.Slot<uint>(PpcSlot.Mq) = GuestOrder.Take(context, SignalFrame.Mq * 4);
        for (int n = 0; n < 32; n++)
            r.Slot<ulong>(PpcSlot.Fpr(n)) = BinaryPrimitives.ReadUInt64BigEndian(context[(SignalFrame.FprOffset + n * 8)..]);
        FpscrState.Apply(layout, s, GuestOrder.Take(context, SignalFrame.FpscrOffset + 4));

        // Without the flag the context has no vectors, and they become zero.
        bool valid = (GuestOrder.Take(context, SignalFrame.Msr * 4) & MsrVector) != 0;
        if (_altivec)
            RestoreVectors(s, context, valid);
        else if (_spe)
            RestoreSpe(r, context, valid);
        VectorImage.MarkInUse(s);
    }

    /// <summary>Sets what r3 was when the last system call was made: a debugger may.</summary>
    public void SetOriginalR3(VcpuState* s, uint value) => ThreadBlock.OriginalR3(s, layout) = value;

    /// <summary>The register sets of the model.</summary>
    public IEnumerable<PpcRegset> Regsets()
    {
        yield return PpcRegset.General(this);
        yield return PpcRegset.Float(this);
        if (_altivec)
            yield return PpcRegset.Altivec(this);
        else if (_spe)
            yield return PpcRegset.Spe(this);
    }

    private void RestoreVectors(VcpuState* s, ReadOnlySpan<byte> context, bool valid)
    {
        PpcState r = new(layout, s);
        ReadOnlySpan<byte> vectors = valid ? context[SignalFrame.VectorOffset..] : new byte[32 * GuestOrder.VectorSize];
        for (int n = 0; n < 32; n++)
            GuestOrder.TakeVector(vectors, n * GuestOrder.VectorSize, r, n);
        if (valid)
            AltivecState.WriteVscr(layout, s, GuestOrder.Take(context, SignalFrame.VscrOffset));
        r.Slot<uint>(PpcSlot.VrSave) = GuestOrder.Take(context, SignalFrame.VrSaveOffset);
    }

    private static void RestoreSpe(PpcState r, ReadOnlySpan<byte> context, bool valid)
    {
        for (int n = 0; n < 32; n++)
            r.Slot<uint>(PpcSlot.GprHigh(n)) = valid ? GuestOrder.Take(context, SignalFrame.SpeUpperOffset + n * 4) : 0;
        r.Slot<ulong>(PpcSlot.Acc) = valid ? BinaryPrimitives.ReadUInt64BigEndian(context[SignalFrame.SpeAccumulatorOffset..]) : 0;
        r.Slot<uint>(PpcSlot.Spefscr) = GuestOrder.Take(context, SignalFrame.SpefscrOffset);
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
