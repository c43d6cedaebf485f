using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>
/// The two signal frames of 32-bit programs on a 64-bit kernel (arch/x86/include/asm/sigframe.h, struct sigframe_ia32 and rt_sigframe_ia32).
/// Above either lies the floating-point state (<see cref="I386FpFrame"/>).
/// <code>
///   without SA_SIGINFO:  +0 return address  +4 signal  +8 sigcontext (88)  +96 unused (624)  +720 upper half of the mask  +724 code
///   with SA_SIGINFO:     +0 return address  +4 signal  +8 pinfo  +12 puc  +16 siginfo (128)  +144 ucontext:
///                        flags, link, stack (12), +164 sigcontext (88), +252 mask (8), +260 code
/// </code>
/// </summary>
internal sealed unsafe class I386SignalFrame(ulong xcr0, I386Vdso vdso)
{
    private const int OldSize = 732, OldContext = 8, ExtraMask = 720, OldCode = 724;
    private const int RtSize = 268, Info = 16, Ucontext = 144, UcStack = Ucontext + 8, RtContext = Ucontext + 20, RtMask = Ucontext + 108, RtCode = 260;
    private const uint UC_FP_XSTATE = 1;
    private const int Eax = 0, Ecx = 1, Edx = 2, Esp = 4;

    // Words of struct sigcontext_32.
    private const int ScGs = 0, ScFs = 1, ScEs = 2, ScDs = 3, ScGpr = 4, ScTrap = 12, ScError = 13, ScIp = 14, ScCs = 15, ScFlags = 16,
        ScSpAtSignal = 17, ScSs = 18, ScFpState = 19, ScOldMask = 20, ScCr2 = 21, ContextBytes = 88;

    private readonly I386FpFrame _fp = new(xcr0);

    // edi esi ebp esp ebx edx ecx eax, by their numbers in instruction encodings.
    private static ReadOnlySpan<byte> ContextOrder => [7, 6, 5, 4, 3, 2, 1, 0];

    /// <summary>Pushes a frame and points the thread at the handler. False when the guest's stack cannot take it.</summary>
    public bool Push(GuestThread t, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask)
    {
        VcpuState* s = t.State;
        bool rt = action.Has(Linux.SA_SIGINFO);
        if (!Place(t, action, rt ? RtSize : OldSize, out uint fpState, out uint at) || !_fp.Write(t, fpState))
            return false;
        byte* frame = stackalloc byte[OldSize];
        new Span<byte>(frame, OldSize).Clear();
        *(uint*)(frame + 4) = (uint)signal;
        if (rt)
            FillRt(t, frame, at, siginfo, action, savedMask, fpState);
        else
            FillOld(t, frame, action, savedMask, fpState);
        if (!t.Memory.TryWrite(at, new ReadOnlySpan<byte>(frame, rt ? RtSize : OldSize)))
            return false;

        t.AltStack = t.AltStack.Entered();
        ThreadBinding.InitVectors((byte*)s->VectorArea); // handlers start with a fresh floating-point state, as fpu__clear_user_states gives it
        s->Gpr[Esp] = at;
        // Arguments are on the stack and, for -mregparm=3, in registers.
        (s->Gpr[Eax], s->Gpr[Edx], s->Gpr[Ecx]) = ((uint)signal, rt ? at + Info : 0, rt ? at + Ucontext : 0);
        s->Pc = (uint)action.Handler;
        s->Flags &= ~(UserFlags.Direction | UserFlags.Resume | UserFlags.Trap);
        I386Segments.Flatten(t);
        return true;
    }

    /// <summary>sigreturn(2): esp is at the signal number's successor; the return address and the number have been popped.</summary>
    public bool PopOld(GuestThread t, out ulong mask)
    {
        mask = 0;
        byte* frame = stackalloc byte[OldSize];
        if (!t.Memory.TryRead((uint)t.State->Gpr[Esp] - 8, new Span<byte>(frame, OldSize)))
            return false;
        uint* context = (uint*)(frame + OldContext);
        mask = context[ScOldMask] | (ulong)*(uint*)(frame + ExtraMask) << 32;
        return Restore(t, context);
    }

    /// <summary>rt_sigreturn(2): esp is behind the return address.</summary>
    public bool PopRt(GuestThread t, out ulong mask)
    {
        mask = 0;
        byte* frame = stackalloc byte[RtSize];
        if (!t.Memory.TryRead((uint)t.State->Gpr[Esp] - 4, new Span<byte>(frame, RtSize)))
            return false;
        mask = *(ulong*)(frame + RtMask);
        if (!Restore(t, (uint*)(frame + RtContext)))
            return false;
        uint* stack = (uint*)(frame + UcStack);
        SignalCalls.RestoreAltStack(t, new AltStack(stack[0], (int)stack[1], stack[2]));
        return true;
    }

    // get_sigframe of arch/x86/kernel/signal.c. False when an alternate stack is too small.
    private bool Place(GuestThread t, in GuestAction action, int size, out uint fpState, out uint at)
    {
        uint sp = (uint)t.State->Gpr[Esp];
        AltStack alternate = t.AltStack;
        bool onAlternate = alternate.IsInUse(sp);
        if (action.Has(Linux.SA_ONSTACK))
        {
            if (alternate.Takes(sp))
                (sp, onAlternate) = ((uint)(alternate.Address + alternate.Size), true);
        }
        else if (!onAlternate && t.State->Segments[Stubs.Ss] != I386Segments.UserData && !action.Has(Linux.SA_RESTORER) && action.Restorer != 0)
        {
            sp = (uint)action.Restorer; // what programs with a stack segment of their own did before there were alternate stacks
        }

        fpState = _fp.Place(sp);
        at = ((fpState - (uint)size + 4) & ~15u) - 4;
        return !onAlternate || alternate.Holds(at);
    }

    private void FillOld(GuestThread t, byte* frame, in GuestAction action, ulong savedMask, uint fpState)
    {
        *(uint*)frame = action.Has(Linux.SA_RESTORER) ? (uint)action.Restorer : (uint)vdso.Sigreturn;
        FillContext(t, (uint*)(frame + OldContext), savedMask, fpState);
        *(uint*)(frame + ExtraMask) = (uint)(savedMask >> 32);
        ((ReadOnlySpan<byte>)[0x58, 0xB8, 0x77, 0, 0, 0, 0xCD, 0x80]).CopyTo(new Span<byte>(frame + OldCode, 8)); // debuggers know it: pop eax; mov eax, 119; int 80h
    }

    private void FillRt(GuestThread t, byte* frame, uint at, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask, uint fpState)
    {
        AltStack alternate = t.AltStack;
        *(uint*)frame = action.Has(Linux.SA_RESTORER) ? (uint)action.Restorer : (uint)vdso.RtSigreturn;
        (*(uint*)(frame + 8), *(uint*)(frame + 12)) = (at + Info, at + Ucontext);
        SiginfoLayout.ToGuest(GuestAbi.I386, siginfo, new Span<byte>(frame + Info, SiginfoLayout.Size));
        *(uint*)(frame + Ucontext) = HostCpu.HasXsave ? UC_FP_XSTATE : 0;
        uint* stack = (uint*)(frame + UcStack);
        (stack[0], stack[1], stack[2]) = ((uint)alternate.Address, (uint)alternate.Flags, (uint)alternate.Size);
        FillContext(t, (uint*)(frame + RtContext), savedMask, fpState);
        *(ulong*)(frame + RtMask) = savedMask;
        ((ReadOnlySpan<byte>)[0xB8, 0xAD, 0, 0, 0, 0xCD, 0x80, 0]).CopyTo(new Span<byte>(frame + RtCode, 8)); // mov eax, 173; int 80h
    }

    private static void FillContext(GuestThread t, uint* sc, ulong savedMask, uint fpState)
    {
        VcpuState* s = t.State;
        (sc[ScGs], sc[ScFs], sc[ScEs], sc[ScDs]) = (s->Segments[Stubs.Gs], s->Segments[Stubs.Fs], s->Segments[Stubs.Es], s->Segments[Stubs.Ds]);
        for (int i = 0; i < ContextOrder.Length; i++)
            sc[ScGpr + i] = (uint)s->Gpr[ContextOrder[i]];
        (sc[ScTrap], sc[ScError], sc[ScCr2]) = ((uint)s->FaultTrap, (uint)s->FaultError, (uint)s->FaultAddress);
        (sc[ScIp], sc[ScCs], sc[ScFlags]) = ((uint)s->Pc - I386Segments.Base(t, Stubs.Cs), s->Segments[Stubs.Cs], (uint)s->Flags);
        (sc[ScSpAtSignal], sc[ScSs]) = ((uint)s->Gpr[Esp], s->Segments[Stubs.Ss]);
        (sc[ScFpState], sc[ScOldMask]) = (fpState, (uint)savedMask);
    }

    // ia32_restore_sigcontext. A code or stack segment that iret would refuse ends the program, as there.
    private bool Restore(GuestThread t, uint* sc)
    {
        VcpuState* s = t.State;
        ushort code = (ushort)(sc[ScCs] | 3), stack = (ushort)(sc[ScSs] | 3);
        if (I386Segments.Code(code) is not { } segment || !I386Segments.IsStack(t, stack))
            return false;
        for (int i = 0; i < ContextOrder.Length; i++)
            s->Gpr[ContextOrder[i]] = sc[ScGpr + i];
        s->Pc = segment.Base + sc[ScIp];
        UserFlags.Restore(s, sc[ScFlags]);
        (s->Segments[Stubs.Cs], s->Segments[Stubs.Ss]) = (code, stack);
        I386Segments.Restore(t, Stubs.Gs, (ushort)sc[ScGs]);
        I386Segments.Restore(t, Stubs.Fs, (ushort)sc[ScFs]);
        I386Segments.Restore(t, Stubs.Ds, (ushort)sc[ScDs]);
        I386Segments.Restore(t, Stubs.Es, (ushort)sc[ScEs]);
        return _fp.Read(t, sc[ScFpState]);
    }
}
