using Suite.Host;
using Suite.Jit.X64;

namespace Suite.Jit.Runtime;

/// <summary>
/// Emits the one host signal handler of the suite: machine code that runs on the alternate stack and never enters managed code.
/// <list type="bullet">
/// <item>In generated code: store the registers, make the thread leave through <see cref="Stubs.SignalExit"/>.</item>
/// <item>In the stubs: queue the signal and, at the places where it would be missed, make the stub give up.</item>
/// <item>In managed code: queue the signal; a fault of managed code itself goes to the runtime's own handler.</item>
/// <item>On a thread that is not a guest's (the runtime's): block everything there and send the signal to the process again.</item>
/// </list>
/// After one asynchronous signal all further ones stay blocked until the personality sets the mask, so they wait in the kernel's queue with the kernel's rules.
/// </summary>
internal sealed unsafe class SignalGateEmitter(CodeRegion region, Stubs stubs, bool compat)
{
    private const int SiCode = 8, SiValue = 24, SiTkill = -6;

    /// <summary>Signals the processor raises; never blocked on the host, because the engine itself needs them.</summary>
    private const uint FaultSignals = 1u << Linux.SIGILL | 1u << Linux.SIGTRAP | 1u << Linux.SIGBUS | 1u << Linux.SIGFPE | 1u << Linux.SIGSEGV;

    private byte* _enqueue, _isFault;

    /// <summary>void gate(rdi = signal, rsi = siginfo, rdx = ucontext).</summary>
    public void Emit(ref X64Asm a)
    {
        if (compat)
            EmitStateSegment(ref a);
        a.Mov(Reg.R10, Mem.Fs(Slot.Home));
        a.Test(Reg.R10, Reg.R10);
        byte* unbound = a.JccForward(Cond.E);
        a.Cmp(OfState(Slot.Bound), 0);
        byte* foreign = a.JccForward(Cond.E);
        a.Mov(Reg.Rax, Mem.At(Reg.Rdx, HostContext.Rip));
        a.Mov(Reg.Rcx, Reg.Rax);
        a.Sub(Reg.Rcx, OfState(Slot.CodeStart));
        a.Cmp(Reg.Rcx, OfState(Slot.CodeSize));
        byte* inCode = a.JccForward(Cond.B);
        a.Mov(Reg.Rcx, Reg.Rax);
        a.Sub(Reg.Rcx, OfState(Slot.StubStart));
        a.Cmp(Reg.Rcx, OfState(Slot.StubSize));
        byte* inStubs = a.JccForward(Cond.B);

        byte* callFault1 = CallForward(ref a);
        byte* chain1 = a.JccForward(Cond.B);
        byte* enqueue1 = a.JmpForward();

        a.Here(inCode);
        EmitInCode(ref a, out byte* callFault2, out byte* callEnqueue1);
        a.Here(inStubs);
        EmitInStubs(ref a, out byte* callFault3, out byte* chain2, out byte* callEnqueue2);
        a.Here(unbound);
        a.Here(foreign);
        EmitForeign(ref a, out byte* callFault4, out byte* chain3, out byte* chain4);

        a.Here(chain1);
        a.Here(chain2);
        a.Here(chain3);
        a.Here(chain4);
        EmitChain(ref a);

        _isFault = a.Position;
        EmitIsFault(ref a);
        _enqueue = a.Position;
        EmitEnqueue(ref a);
        Land(callFault1, _isFault);
        Land(callFault2, _isFault);
        Land(callFault3, _isFault);
        Land(callFault4, _isFault);
        Land(enqueue1, _enqueue);
        Land(callEnqueue1, _enqueue);
        Land(callEnqueue2, _enqueue);
    }

    // The thread's state is in r10 throughout.
    private static Mem OfState(int slot) => Mem.At(Reg.R10, slot - VcpuState.TcbOffset);

    // Through fs the state is found in managed code (thread control block) and in generated code (the state itself) alike. Only a guest's
    // fs: operand in compatibility mode runs with another selector.
    private static void EmitStateSegment(ref X64Asm a)
    {
        a.CmpWord(Mem.At(Reg.Rdx, HostContext.Segments), (sbyte)Stubs.Code32);
        byte* ours = a.JccForward(Cond.NE);
        a.MovFromSegment(Reg.Rax, Stubs.Fs);
        a.MovImm(Reg.Rcx, Stubs.StateSelector);
        a.MovToSegment(Stubs.Fs, Reg.Rcx);
        a.Mov32(Mem.Fs(Slot.TrapFs), Reg.Rax);
        a.Here(ours);
    }

    private static byte* CallForward(ref X64Asm a)
    {
        a.Byte(0xE8);
        a.Int32(0);
        return a.Position - 4;
    }

    private static void Land(byte* rel32, byte* target) => *(int*)rel32 = (int)(target - (rel32 + 4));

    private void EmitInCode(ref X64Asm a, out byte* callFault, out byte* callEnqueue)
    {
        for (int i = 0; i < HostContext.Order.Length; i++)
        {
            a.Mov(Reg.Rax, Mem.At(Reg.Rdx, HostContext.Registers + i * 8));
            a.Mov(OfState(Slot.Gpr(HostContext.Order[i])), Reg.Rax);
        }

        ReadOnlySpan<int> from = [HostContext.Rip, HostContext.Flags, HostContext.Error, HostContext.Trap, HostContext.Cr2];
        ReadOnlySpan<int> to = [Slot.HostPc, Slot.Flags, Slot.FaultError, Slot.FaultTrap, Slot.FaultAddress];
        for (int i = 0; i < from.Length; i++)
        {
            a.Mov(Reg.Rax, Mem.At(Reg.Rdx, from[i]));
            a.Mov(OfState(to[i]), Reg.Rax);
        }

        a.MovImm(Reg.Rax, (ulong)stubs.SignalExit);
        a.Mov(Mem.At(Reg.Rdx, HostContext.Rip), Reg.Rax);
        if (compat)
        {
            a.MovImm(Reg.Rax, Stubs.Code64);
            a.Bytes([0x66]);
            a.Mov32(Mem.At(Reg.Rdx, HostContext.Segments), Reg.Rax);
        }

        a.Mov(Mem.At(Reg.Rdx, HostContext.Flags), 0x202);
        callFault = CallForward(ref a);
        byte* fault = a.JccForward(Cond.B);
        a.Mov32(OfState(Slot.Reason), (int)ExitReason.Interrupt);
        callEnqueue = CallForward(ref a);
        a.Ret();
        a.Here(fault);
        a.Mov32(OfState(Slot.Reason), (int)ExitReason.Fault);
        a.Mov(Reg.Rdi, OfState(Slot.SignalQueue));
        a.Add(Reg.Rdi, VcpuState.QueueLength * VcpuState.SiginfoSize);
        EmitCopySiginfo(ref a);
        a.Ret();
    }

    private void EmitInStubs(ref X64Asm a, out byte* callFault, out byte* chain, out byte* callEnqueue)
    {
        callFault = CallForward(ref a);
        byte* async = a.JccForward(Cond.AE);

        // A bad guest address in TryCopy.
        byte* notCopy = JumpUnlessWithin(ref a, stubs.SafeCopyStart, stubs.SafeCopyEnd);
        a.MovImm(Reg.Rax, (ulong)stubs.SafeCopyFault);
        a.Mov(Mem.At(Reg.Rdx, HostContext.Rip), Reg.Rax);
        a.Ret();
        a.Here(notCopy);

        // Single-stepping ran on into an exit: the step is over.
        a.Cmp32(Reg.Rdi, Linux.SIGTRAP);
        chain = a.JccForward(Cond.NE);
        a.And32(Mem.At(Reg.Rdx, HostContext.Flags), ~0x100);
        a.Ret();

        a.Here(async);
        callEnqueue = CallForward(ref a);
        a.Mov(Reg.Rax, Mem.At(Reg.Rdx, HostContext.Rip));
        byte* notEnter = JumpUnlessWithin(ref a, stubs.EnterCheck, stubs.EnterEnd);
        a.MovImm(Reg.Rax, (ulong)stubs.EnterAbort);
        byte* redirect = a.JmpForward();
        a.Here(notEnter);
        byte* notCall = JumpUnlessWithin(ref a, stubs.SafeCheck, stubs.SafeInsn + 1);
        a.MovImm(Reg.Rax, (ulong)stubs.SafeInterrupted);
        a.Here(redirect);
        a.Mov(Mem.At(Reg.Rdx, HostContext.Rip), Reg.Rax);
        a.Mov(Mem.At(Reg.Rdx, HostContext.Flags), 0x202);
        a.Here(notCall);
        a.Ret();
    }

    private void EmitForeign(ref X64Asm a, out byte* callFault, out byte* chainFault, out byte* chainRuntime)
    {
        callFault = CallForward(ref a);
        chainFault = a.JccForward(Cond.B);
        a.Cmp32(Reg.Rdi, SignalMasks.Runtime);
        byte* notRuntime = a.JccForward(Cond.NE);
        a.Cmp32(Mem.At(Reg.Rsi, SiCode), SiTkill);
        chainRuntime = a.JccForward(Cond.E); // sent to this very thread: the runtime's own; the same signal sent to the process is a guest's
        a.Here(notRuntime);
        a.Mov(Mem.At(Reg.Rdx, HostContext.Mask), -1);
        a.Cmp(Mem.At(Reg.Rsi, SiValue), (int)region.Silenced);
        byte* resend = a.JccForward(Cond.NE);
        a.Mov32(Mem.Abs((int)region.Silenced), 1); // sent by World.SilenceRuntimeThread, only for the mask
        a.Ret();
        a.Here(resend);
        a.Mov(Reg.R8, Reg.Rdi);
        a.Mov(Reg.R9, Reg.Rsi);
        a.MovImm(Reg.Rax, Nr.getpid);
        a.Syscall();
        a.Mov(Reg.Rdi, Reg.Rax);
        a.Mov(Reg.Rsi, Reg.R8);
        a.Mov(Reg.Rdx, Reg.R9);
        a.MovImm(Reg.Rax, Nr.rt_sigqueueinfo);
        a.Syscall();
        a.Ret();
    }

    // To the handler that stood before (the runtime's: null references become exceptions there), or the default action.
    private void EmitChain(ref X64Asm a)
    {
        a.Mov(Reg.Rax, Mem.Table(Reg.Rdi, 3, (int)region.OldHandlers));
        a.Cmp(Reg.Rax, 1);
        byte* none = a.JccForward(Cond.BE);
        a.Jmp(Reg.Rax);
        a.Here(none);
        a.Xor32(Reg.Rax, Reg.Rax);
        for (int i = 0; i < 4; i++)
            a.Push(Reg.Rax);
        a.Mov(Reg.Rsi, Reg.Rsp);
        a.Xor32(Reg.Rdx, Reg.Rdx);
        a.MovImm(Reg.R10, 8);
        a.MovImm(Reg.Rax, Nr.rt_sigaction);
        a.Syscall();
        a.Add(Reg.Rsp, 32);
        a.Ret();
    }

    // CF = 1 when the signal was raised by an instruction (positive si_code) and not sent. Clobbers ecx only.
    private static void EmitIsFault(ref X64Asm a)
    {
        a.Mov32(Reg.Rcx, Mem.At(Reg.Rsi, SiCode));
        a.Cmp32(Reg.Rcx, 0);
        byte* sent = a.JccForward(Cond.LE);
        a.Cmp32(Reg.Rdi, 31);
        byte* realTime = a.JccForward(Cond.A);
        a.MovImm(Reg.Rcx, FaultSignals);
        a.Bytes([0x0F, 0xA3, 0xF9]); // bt ecx, edi
        a.Ret();
        a.Here(sent);
        a.Here(realTime);
        a.Byte(0xF8); // clc
        a.Ret();
    }

    // Appends the siginfo to the thread's queue and blocks what can be blocked. Keeps rdx.
    private static void EmitEnqueue(ref X64Asm a)
    {
        a.Mov(Reg.Rcx, OfState(Slot.Pending));
        a.Cmp(Reg.Rcx, VcpuState.QueueLength);
        byte* full = a.JccForward(Cond.AE);
        a.Shl(Reg.Rcx, 7);
        a.Mov(Reg.Rdi, OfState(Slot.SignalQueue));
        a.Add(Reg.Rdi, Reg.Rcx);
        EmitCopySiginfo(ref a);
        a.Add(OfState(Slot.Pending), 1);
        // SIGABRT stays as open as it was: abort(3) of the runtime itself must end the process, although its first signal got queued here.
        a.MovImm(Reg.Rax, SignalMasks.AllButFaults & ~SignalMasks.Of(Linux.SIGABRT));
        a.Mov(Reg.Rcx, Mem.At(Reg.Rdx, HostContext.Mask));
        a.And32(Reg.Rcx, 1 << (Linux.SIGABRT - 1));
        a.Add(Reg.Rax, Reg.Rcx);
        a.Mov(Mem.At(Reg.Rdx, HostContext.Mask), Reg.Rax);
        a.Here(full);
        a.Ret();
    }

    private static void EmitCopySiginfo(ref X64Asm a)
    {
        a.MovImm(Reg.Rcx, VcpuState.SiginfoSize);
        a.RepMovsb();
    }

    // rax in [from, end)?
    private static byte* JumpUnlessWithin(ref X64Asm a, byte* from, byte* end)
    {
        a.Mov(Reg.Rcx, Reg.Rax);
        a.Sub(Reg.Rcx, (int)from);
        a.Cmp(Reg.Rcx, (int)(end - from));
        return a.JccForward(Cond.AE);
    }
}
