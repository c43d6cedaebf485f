using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.Jit;

// From a host pc in generated code to the guest's exact state.
public sealed unsafe partial class Engine
{
    private enum Precision
    {
        Exact,
        Step,
    }

    private const int SIGTRAP = Linux.SIGTRAP, SiAddr = 16, SiCode = 8, TRAP_TRACE = 2;

    // Sets Pc for a fault or an interrupt; Step when an interrupt came between two instruction boundaries.
    private Precision MakePrecise(VcpuState* s)
    {
        if (s->HostPc == 0)
            return Precision.Exact; // Enter gave up before it started
        using (_gate.Hold())
        {
            bool singleStep = s->Reason == ExitReason.Fault && IsTraceTrap(s);
            byte* host = (byte*)s->HostPc;
            Generation generation = _generations[1] is { } second && second.Holds(host) ? second : _generations[0];
            uint offset = (uint)(host - _region.Base);
            int index = generation.BlockAt(offset);
            if (index < 0)
                return AtBlockEnd(s, generation, offset) ? Precision.Exact : Between(s, singleStep);

            ref Block b = ref generation.Blocks[index];
            (ulong pc, uint at) = (b.GuestStart, b.HostStart);
            for (int r = 0; r < b.InsnCount; r++)
            {
                InsnRecord record = generation.Records[b.FirstRecord + r];
                if (offset < at + record.HostBytes)
                {
                    InsnKind before = singleStep && offset == at && r > 0 ? generation.Records[b.FirstRecord + r - 1].Kind : InsnKind.Copy;
                    // The kernel returns from a system call with TF in a way that traps only behind the next instruction.
                    bool behindCall = before == InsnKind.Syscall && s->Gpr[1] == pc;
                    // A check is no instruction of the guest's.
                    Precision precision = behindCall || before == InsnKind.Check ? Precision.Step : Within(s, record, pc, offset - at, singleStep);
                    if (precision == Precision.Exact)
                        Recover(s, generation, b, offset);
                    return precision;
                }

                pc = record.Next(pc, b.GuestStart);
                at += record.HostBytes;
            }

            return Between(s, singleStep);
        }
    }

    /// <summary>Value of <see cref="VcpuState.HostPc"/> once a thread that left generated code by a fault or a signal has its exact state.</summary>
    public const ulong PreciseAlready = 1;

    /// <summary>
    /// For a look at a thread that has been stopped in generated code and will go on there: its pc, and the registers of that instruction's
    /// beginning as far as they can be had. The state must be put back before the thread goes on.
    /// </summary>
    public void Approximate(VcpuState* s)
    {
        if (s->HostPc > PreciseAlready && s->Reason is (ExitReason.Interrupt or ExitReason.Fault) && MakePrecise(s) != Precision.Exact)
            GuessInsn(s);
        s->Pc = AddressOf(s->Pc);
    }

    private void GuessInsn(VcpuState* s)
    {
        using (_gate.Hold())
        {
            byte* host = (byte*)s->HostPc;
            Generation generation = _generations[1] is { } second && second.Holds(host) ? second : _generations[0];
            uint offset = (uint)(host - _region.Base);
            int index = generation.BlockAt(offset);
            if (index < 0)
            {
                s->Pc = s->Scratch[2]; // looking up where an indirect branch leads
                return;
            }

            ref Block b = ref generation.Blocks[index];
            (ulong pc, uint at) = (b.GuestStart, b.HostStart);
            for (int r = 0; r < b.InsnCount; r++)
            {
                InsnRecord record = generation.Records[b.FirstRecord + r];
                if (offset < at + record.HostBytes)
                {
                    if (offset != at)
                        _translator.Unborrow(ref *s, record.Kind);
                    break;
                }

                pc = record.Next(pc, b.GuestStart);
                at += record.HostBytes;
            }

            s->Pc = pc;
        }
    }

    private Precision Within(VcpuState* s, InsnRecord record, ulong pc, uint into, bool singleStep)
    {
        if (record.Kind == InsnKind.Syscall && into > SyscallShape.CallOffset)
        {
            // The call has been made; what is left only sets rcx as the instruction would.
            if (singleStep || (into > SyscallShape.CallOffset + 2 && s->Reason == ExitReason.Interrupt))
                return Precision.Step;
            s->Pc = s->Gpr[1] = pc + record.GuestLength;
            return Precision.Exact;
        }

        bool boundary = (into == 0 && (record.Kind != InsnKind.Open || s->Reason == ExitReason.Fault)) || (record.Kind == InsnKind.Syscall && !singleStep);
        if (boundary)
        {
            s->Pc = pc;
            return Precision.Exact;
        }

        if (s->Reason == ExitReason.Interrupt || singleStep)
            return Between(s, singleStep);
        _translator.Unborrow(ref *s, record.Kind);
        s->Pc = pc;
        return Precision.Exact;
    }

    // int3, int 4 and icebp are traps: they report the address behind themselves, which may be the end of a block.
    private bool AtBlockEnd(VcpuState* s, Generation generation, uint offset)
    {
        const int Debug = 1, Breakpoint = 3, Overflow = 4;
        if (s->Reason != ExitReason.Fault || s->FaultTrap is not (Debug or Breakpoint or Overflow) || IsTraceTrap(s))
            return false;
        int index = generation.BlockAt(offset - 1);
        if (index < 0)
            return false;
        s->Pc = generation.Blocks[index].GuestEnd;
        return true;
    }

    private Precision Between(VcpuState* s, bool singleStep)
    {
        if (s->Reason == ExitReason.Interrupt || singleStep)
            return Precision.Step;
        // A thunk reads the return address a second time: it can be gone by then, or reach past the end of a mapping. The guest gets its
        // fault; where the return was is not known any more.
        _translator.Unborrow(ref *s, InsnKind.BorrowsRcx);
        return Precision.Exact;
    }

    // The trap of TF, as opposed to int3 and icebp.
    private static bool IsTraceTrap(VcpuState* s) => FaultSignal(s) == SIGTRAP && *(int*)(FaultInfo(s) + SiCode) == TRAP_TRACE;

    private static int FaultSignal(VcpuState* s) => *(int*)FaultInfo(s);

    private static byte* FaultInfo(VcpuState* s) => (byte*)s->SignalQueue + VcpuState.QueueLength * VcpuState.SiginfoSize;

    private void EnterTraced(VcpuState* s, byte* host)
    {
        if (s->Pending != 0)
        {
            s->Reason = ExitReason.Interrupt;
            s->HostPc = 0;
            return;
        }

        s->TrapFs = Stubs.StateSelector;
        ResumeAt(s, host);
    }

    // One host instruction, at the exact host state, with the signals blocked that are blocked now; then the trap brings the thread back.
    private void ResumeAt(VcpuState* s, byte* host)
    {
        byte* frame = (byte*)ThreadBinding.ResumeFrame(s);
        new Span<byte>(frame, HostContext.Bytes).Clear();
        *(ulong*)frame = (HostCpu.HasXsave ? HostContext.FpXstate : 0) | HostContext.SigcontextSs | HostContext.StrictRestoreSs;
        ThreadBinding.WriteAltStack(s, frame + HostContext.AltStack);
        ulong* registers = (ulong*)(frame + HostContext.Registers);
        for (int i = 0; i < HostContext.Order.Length; i++)
            registers[i] = s->Gpr[HostContext.Order[i]];
        *(ulong*)(frame + HostContext.Rip) = (ulong)host;
        *(ulong*)(frame + HostContext.Flags) = s->Flags | TrapFlag;
        *(ulong*)(frame + HostContext.Segments) = _traits.IsCompatibilityMode ? (ulong)s->Segments[Stubs.Ss] << 48 | Stubs.Code32 : (ulong)Stubs.Data << 48 | Stubs.Code64; // ss, fs, gs, cs
        *(ulong*)(frame + HostContext.FpState) = s->VectorArea;
        ulong mask;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_BLOCK, 0, (long)&mask, 8);
        *(ulong*)(frame + HostContext.Mask) = mask;
        bool traced = (s->Flags & TrapFlag) != 0;
        _stubs.Resume(frame);
        if (!traced)
            s->Flags &= ~TrapFlag;
        else if (s->Reason is not (ExitReason.Fault or ExitReason.Interrupt))
            s->Flags |= TrapFlag; // the gate took it away in the stub
        if (s->Reason == ExitReason.Fault && FaultSignal(s) == SIGTRAP && s->Pending != 0 && !traced)
            s->Reason = ExitReason.Interrupt; // the step is done; what is delivered is the signal that waits
    }

    // The guest runs with its own TF and a branch left generated code: its trap is due at the target.
    private static ExitReason CompleteTrace(VcpuState* s)
    {
        s->Flags |= TrapFlag;
        byte* info = FaultInfo(s);
        new Span<byte>(info, VcpuState.SiginfoSize).Clear();
        *(int*)info = SIGTRAP;
        *(int*)(info + SiCode) = TRAP_TRACE;
        *(ulong*)(info + SiAddr) = s->Pc;
        s->FaultTrap = 1;
        return s->Reason = ExitReason.Fault;
    }
}
