using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.Tools.Ppc;

/// <summary>A register set of 32-bit PowerPC (arch/powerpc/kernel/ptrace): a part of what signal frames hold (<see cref="PpcContext"/>), with small shifts.</summary>
internal sealed unsafe class PpcRegset : Regset
{
    private const int GeneralWords = 48, VectorSets = 34, SpeWords = 35;

    private readonly PpcContext _context;
    private readonly (int At, int Context, int Bytes)[] _parts;

    private PpcRegset(uint type, int size, PpcContext context, params (int At, int Context, int Bytes)[] parts)
        : base(type, size) => (_context, _parts) = (context, parts);

    /// <summary>struct pt_regs.</summary>
    public static PpcRegset General(PpcContext context) => new(NT_PRSTATUS, GeneralWords * 4, context, (0, 0, (SignalFrame.Result + 1) * 4));

    /// <summary>32 doubles and FPSCR, which is the second word of its double.</summary>
    public static PpcRegset Float(PpcContext context) => new(NT_PRFPREG, 33 * 8, context, (0, SignalFrame.FprOffset, 33 * 8));

    /// <summary>32 vectors, VSCR in the last word of the next, VRSAVE in the first word of the one behind.</summary>
    public static PpcRegset Altivec(PpcContext context) => new(NT_PPC_VMX, VectorSets * GuestOrder.VectorSize, context,
        (0, SignalFrame.VectorOffset, 32 * GuestOrder.VectorSize),
        (SignalFrame.VscrOffset - SignalFrame.VectorOffset, SignalFrame.VscrOffset, 4),
        (33 * GuestOrder.VectorSize, SignalFrame.VrSaveOffset, 4));

    /// <summary>32 upper halves, the accumulator, SPEFSCR.</summary>
    public static PpcRegset Spe(PpcContext context) => new(NT_PPC_SPE, SpeWords * 4, context, (0, SignalFrame.SpeUpperOffset, SpeWords * 4));

    public override void Read(GuestThread thread, Span<byte> to)
    {
        Span<byte> context = stackalloc byte[SignalFrame.ContextSize];
        context.Clear();
        _context.Save(thread.State, context);
        to.Clear();
        foreach ((int at, int from, int bytes) in _parts)
            context.Slice(from, bytes).CopyTo(to[at..]);
    }

    public override bool Write(GuestThread thread, ReadOnlySpan<byte> from)
    {
        Span<byte> context = stackalloc byte[SignalFrame.ContextSize];
        context.Clear();
        _context.Save(thread.State, context);
        foreach ((int at, int to, int bytes) in _parts)
            from.Slice(at, bytes).CopyTo(context[to..]);
        _context.Restore(thread.State, context, keepThreadPointer: false);
        _context.SetOriginalR3(thread.State, GuestOrder.Take(context, SignalFrame.OriginalR3 * 4));
        return true;
    }
}
