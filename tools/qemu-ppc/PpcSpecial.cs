using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
using Suite.Host;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.Ppc;

/// <summary>What compiled code leaves to managed code: instructions to be interpreted, and the exceptions that become signals (arch/powerpc/kernel/traps.c).</summary>
internal sealed unsafe class PpcSpecial(StateLayout layout, PpcModel model)
{
    private const int ILL_ILLOPC = 1, ILL_PRVOPC = 5, TRAP_BRKPT = 1, BUS_ADRALN = 1, BUS_ADRERR = 2, SEGV_MAPERR = 1, SEGV_ACCERR = 2;
    private const int PageFault = 14;
    private const ulong Present = 1, WriteAccess = 2;

    private readonly PpcDecoder _decoder = new(model);
    private readonly IrHelpers _helpers = PpcHelpers.Create();

    /// <summary>Serves an <see cref="ExitReason.Special"/> exit.</summary>
    public void Execute(GuestThread t) => Act(t, t.State->ExitArg);

    /// <summary>Interprets the instruction at the thread's pc, whatever comes of it.</summary>
    public void Interpret(GuestThread t)
    {
        VcpuState* s = t.State;
        IrOutcome outcome = InterpreterOf(t).ExecuteOne(s);
        switch (outcome.End)
        {
            case IrEnd.Fault:
                MemoryFault(t, outcome);
                break;
            case IrEnd.Trap when outcome.Reason == ExitReason.SystemCall:
                s->Reason = ExitReason.SystemCall;
                Dispatcher.Serve(t);
                break;
            case IrEnd.Trap when outcome is { Reason: ExitReason.Special, Argument: not PpcTrap.Interpret }:
                Act(t, outcome.Argument);
                break;
            case IrEnd.Trap:
                throw new InvalidOperationException($"the instruction at {outcome.Pc:x} cannot be interpreted: {outcome.Reason} {outcome.Argument}");
        }
    }

    private void Act(GuestThread t, uint trap)
    {
        ulong pc = t.State->Pc;
        switch (trap)
        {
            case PpcTrap.Interpret:
                Interpret(t);
                break;
            case PpcTrap.Illegal or PpcTrap.Unavailable:
                SignalDelivery.Raise(t, Linux.SIGILL, ILL_ILLOPC, pc);
                break;
            case PpcTrap.Privileged:
                SignalDelivery.Raise(t, Linux.SIGILL, ILL_PRVOPC, pc);
                break;
            case PpcTrap.Trap:
                SignalDelivery.Raise(t, Linux.SIGTRAP, TRAP_BRKPT, pc);
                break;
            case PpcTrap.Alignment:
                t.State->FaultAddress = EffectiveAddress(t);
                SignalDelivery.Raise(t, Linux.SIGBUS, BUS_ADRALN, t.State->FaultAddress);
                break;
            case PpcTrap.FloatException:
                SignalDelivery.Raise(t, Linux.SIGFPE, FloatCode(FpscrState.Materialize(layout, t.State)), pc);
                break;
            default:
                throw new InvalidOperationException($"unknown trap {trap} at {pc:x}");
        }
    }

    private PpcInterpreter InterpreterOf(GuestThread t)
    {
        if (t.TargetData is not PpcInterpreter interpreter)
            t.TargetData = interpreter = new PpcInterpreter(layout, model, _decoder, _helpers, new PpcMemory(t.Memory));
        return interpreter;
    }

    private static void MemoryFault(GuestThread t, in IrOutcome outcome)
    {
        VcpuState* s = t.State;
        ulong address = outcome.FaultAddress;
        var vma = t.Memory.Find(address);
        bool allowed = vma is not null && (outcome.IsWrite ? vma.IsWritable : (vma.Protection & (Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC)) != 0);
        (s->Reason, s->FaultTrap, s->FaultAddress) = (ExitReason.Fault, PageFault, address);
        s->FaultError = (vma is null ? 0 : Present) | (outcome.IsWrite ? WriteAccess : 0);
        if (allowed)
            SignalDelivery.Raise(t, Linux.SIGBUS, BUS_ADRERR, address); // a file that ends before its mapping
        else
            SignalDelivery.Raise(t, Linux.SIGSEGV, vma is null ? SEGV_MAPERR : SEGV_ACCERR, address);
    }

    // __parse_fpscr of the kernel: the first enabled exception in this order.
    private static int FloatCode(uint fpscr)
    {
        const int FPE_FLTDIV = 3, FPE_FLTOVF = 4, FPE_FLTUND = 5, FPE_FLTRES = 6, FPE_FLTINV = 7, FPE_FLTUNK = 14;
        bool Is(uint enable, uint status) => (fpscr & enable) != 0 && (fpscr & status) != 0;
        return Is(Fpscr.Ve, Fpscr.Vx) ? FPE_FLTINV
            : Is(Fpscr.Oe, Fpscr.Ox) ? FPE_FLTOVF
            : Is(Fpscr.Ue, Fpscr.Ux) ? FPE_FLTUND
            : Is(Fpscr.Ze, Fpscr.Zx) ? FPE_FLTDIV
            : Is(Fpscr.Xe, Fpscr.Xx) ? FPE_FLTRES : FPE_FLTUNK;
    }

    // Of lwarx, stwcx. and their kind (X form) and of lmw and stmw (D form).
    private ulong EffectiveAddress(GuestThread t)
    {
        PpcState r = new(layout, t.State);
        if (!t.Memory.TryRead(t.State->Pc, out uint raw))
            return 0;
        uint word = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(raw);
        int ra = (int)(word >> 16 & 31), rb = (int)(word >> 11 & 31);
        uint first = ra == 0 ? 0 : r.Gpr(ra);
        const uint ExtendedOpcode = 31;
        return word >> 26 == ExtendedOpcode ? first + r.Gpr(rb) : first + (uint)(short)word;
    }
}
