using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
using Suite.Host;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.Ppc;

/// <summary>Pushes and pops the signal frames of 32-bit PowerPC (<see cref="SignalFrame"/>), and serves swapcontext(2).</summary>
/// <param name="layout">Where registers are.</param>
/// <param name="context">Reads and writes them.</param>
/// <param name="sigtramp">Address of the trampoline of old frames.</param>
/// <param name="rtSigtramp">Address of the trampoline of rt frames.</param>
internal sealed unsafe class PpcSignalFrame(StateLayout layout, PpcContext context, uint sigtramp, uint rtSigtramp)
{
    private const int StackPointer = 1;

    /// <summary>Reads and writes registers as frames hold them.</summary>
    public PpcContext Context { get; } = context;

    /// <summary>Pushes a frame and points the thread at the handler. False when the guest's stack cannot take it.</summary>
    public bool Push(GuestThread t, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask)
    {
        PpcState r = new(layout, t.State);
        bool rt = action.Has(Linux.SA_SIGINFO);
        int gap = rt ? SignalFrame.RtGap : SignalFrame.OldGap, size = gap + (rt ? SignalFrame.RtSize : SignalFrame.OldSize);
        uint top = Top(t, r.Gpr(StackPointer), action);
        uint sp = ((top - (uint)(size - gap)) & ~15u) - (uint)gap;
        byte[] frame = new byte[size];
        GuestOrder.Put(frame, 0, r.Gpr(StackPointer));
        if (rt)
            FillRt(t, frame, sp, siginfo, savedMask);
        else
            FillOld(t, frame, sp, signal, action, savedMask);
        if (!t.Memory.TryWrite(sp, frame))
            return false;

        t.AltStack = t.AltStack.Entered();
        FpscrState.Apply(layout, t.State, 0); // all exceptions off, as the kernel has it
        r.SetGpr(StackPointer, sp);
        r.SetGpr(3, (uint)signal);
        r.SetGpr(4, sp + (uint)(rt ? SignalFrame.RtInfo : SignalFrame.OldGap));
        if (rt)
        {
            r.SetGpr(5, sp + SignalFrame.RtUcontext);
            r.SetGpr(6, sp + SignalFrame.RtInfo);
        }

        r.Slot<uint>(PpcSlot.Lr) = rt ? rtSigtramp : sigtramp;
        t.State->Pc = action.Handler & ~3u;
        return true;
    }

    /// <summary>rt_sigreturn(2): r1 is what it was when the handler began.</summary>
    public bool PopRt(GuestThread t, out ulong mask)
    {
        uint sp = new PpcState(layout, t.State).Gpr(StackPointer), at = sp + SignalFrame.RtUcontext;
        Span<byte> head = stackalloc byte[SignalFrame.UcSigmask + 8];
        mask = 0;
        if (!t.Memory.TryRead(at, head) || !SetContext(t, head, out mask, keepThreadPointer: false))
            return false;
        (uint address, int flags, uint size) = (GuestOrder.Take(head, SignalFrame.UcStack), (int)GuestOrder.Take(head, SignalFrame.UcStack + 4), GuestOrder.Take(head, SignalFrame.UcStack + 8));
        SignalCalls.RestoreAltStack(t, new AltStack(address, flags, size));
        return true;
    }

    /// <summary>sigreturn(2).</summary>
    public bool PopOld(GuestThread t, out ulong mask)
    {
        uint sp = new PpcState(layout, t.State).Gpr(StackPointer);
        Span<byte> registers = stackalloc byte[SignalFrame.ContextSize];
        Span<byte> head = stackalloc byte[SignalFrame.OldContext];
        mask = 0;
        if (!t.Memory.TryRead(sp, head) || !t.Memory.TryRead(sp + SignalFrame.OldContext, registers))
            return false;
        mask = GuestOrder.Take(head, SignalFrame.OldMask) | (ulong)GuestOrder.Take(head, SignalFrame.OldMaskHigh) << 32;
        Context.Restore(t.State, registers, keepThreadPointer: false);
        return true;
    }

    /// <summary>swapcontext(2): saves the thread as it is behind the call, and goes on with another context where one is given.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="old">Where to save; 0 for nowhere.</param>
    /// <param name="next">What to go on with; 0 for what is there.</param>
    /// <param name="size">sizeof(struct ucontext) as the program knows it.</param>
    /// <param name="mask">The signal mask to set when <paramref name="next"/> was taken.</param>
    /// <returns>0 or -errno; null when the registers are another context's now.</returns>
    public long? Swap(GuestThread t, uint old, uint next, uint size, out ulong mask)
    {
        mask = t.SignalMask;
        if (size < SignalFrame.UcSize)
            return -Errno.EINVAL;
        if (old != 0)
        {
            // A context that is not aligned has its registers below the place they should have.
            uint at = (old + SignalFrame.UcContext) & ~15u;
            byte[] registers = new byte[SignalFrame.ContextSize];
            Context.Save(t.State, registers);
            Span<byte> tail = stackalloc byte[12];
            GuestOrder.Put(tail, 0, at);
            GuestOrder.PutMask(tail, 4, mask);
            if (!t.Memory.TryWrite(at, registers) || !t.Memory.TryWrite(old + SignalFrame.UcRegs, tail))
                return -Errno.EFAULT;
        }

        if (next == 0)
            return 0;
        Span<byte> head = stackalloc byte[SignalFrame.UcSigmask + 8];
        if (!t.Memory.TryRead(next, head) || !t.Memory.TryRead(next + size - 1, out byte _))
            return -Errno.EFAULT;
        if (!SetContext(t, head, out mask, keepThreadPointer: true))
            SignalDelivery.Die(t, Linux.SIGSEGV);
        return null;
    }

    private bool SetContext(GuestThread t, ReadOnlySpan<byte> ucontext, out ulong mask, bool keepThreadPointer)
    {
        Span<byte> registers = stackalloc byte[SignalFrame.ContextSize];
        mask = GuestOrder.TakeMask(ucontext, SignalFrame.UcSigmask);
        if (!t.Memory.TryRead(GuestOrder.Take(ucontext, SignalFrame.UcRegs), registers))
            return false;
        Context.Restore(t.State, registers, keepThreadPointer);
        return true;
    }

    private static uint Top(GuestThread t, uint sp, in GuestAction action) =>
        action.Has(Linux.SA_ONSTACK) && t.AltStack.Takes(sp) ? (uint)(t.AltStack.Address + t.AltStack.Size) : sp;

    private void FillRt(GuestThread t, Span<byte> frame, uint sp, ReadOnlySpan<byte> siginfo, ulong mask)
    {
        SiginfoLayout.ToGuest(GuestAbi.Ppc, siginfo, frame[SignalFrame.RtInfo..]);
        Span<byte> uc = frame[SignalFrame.RtUcontext..];
        GuestOrder.Put(uc, SignalFrame.UcStack, (uint)t.AltStack.Address);
        GuestOrder.Put(uc, SignalFrame.UcStack + 4, (uint)t.AltStack.Flags);
        GuestOrder.Put(uc, SignalFrame.UcStack + 8, (uint)t.AltStack.Size);
        GuestOrder.Put(uc, SignalFrame.UcRegs, sp + SignalFrame.RtUcontext + SignalFrame.UcContext);
        GuestOrder.PutMask(uc, SignalFrame.UcSigmask, mask);
        Context.Save(t.State, uc[SignalFrame.UcContext..]);
    }

    private void FillOld(GuestThread t, Span<byte> frame, uint sp, int signal, in GuestAction action, ulong mask)
    {
        GuestOrder.Put(frame, SignalFrame.OldSignal, (uint)signal);
        GuestOrder.Put(frame, SignalFrame.OldHandler, (uint)action.Handler);
        GuestOrder.Put(frame, SignalFrame.OldMask, (uint)mask);
        GuestOrder.Put(frame, SignalFrame.OldMaskHigh, (uint)(mask >> 32));
        GuestOrder.Put(frame, SignalFrame.RegistersPointer, sp + SignalFrame.OldContext);
        Context.Save(t.State, frame[SignalFrame.OldContext..]);
    }
}
