using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode.X86;

namespace Suite.Tools.X64;

/// <summary>
/// struct rt_sigframe of x86-64 (arch/x86/include/asm/sigframe.h): return address, ucontext, siginfo, and above it the XSAVE image on a
/// 64-byte boundary.
/// <code>
///   +0 pretcode   +8 uc_flags  +16 uc_link  +24 uc_stack  +48 sigcontext (256 bytes)  +304 uc_sigmask  +312 siginfo
/// </code>
/// </summary>
internal sealed unsafe class X64SignalFrame(ulong xcr0)
{
    private const int FrameSize = 440, UcFlags = 8, UcStack = 24, Registers = 48, RegRip = 16, RegFlags = 17, RegSegments = 18, RegError = 19,
        RegTrap = 20, RegMask = 21, RegCr2 = 22, FpState = Registers + 23 * 8, SigMask = 304, Info = 312, RedZone = 128, Rsp = 4;
    private const ulong UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4;

    private static ReadOnlySpan<byte> ContextOrder => [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4];

    private readonly XsaveFrame _image = new(xcr0);

    /// <summary>Pushes a frame and points the thread at the handler. False when the guest's stack cannot take it.</summary>
    public bool Push(GuestThread t, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask)
    {
        VcpuState* s = t.State;
        if (!action.Has(Linux.SA_RESTORER))
            return false;
        ulong sp = s->Gpr[Rsp] - RedZone;
        AltStack alternate = t.AltStack;
        bool onAlternate = alternate.IsInUse(s->Gpr[Rsp]);
        if (action.Has(Linux.SA_ONSTACK) && alternate.Takes(s->Gpr[Rsp]))
            (sp, onAlternate) = (alternate.Address + alternate.Size, true);
        bool xsave = HostCpu.HasXsave;
        ulong image = (sp - (ulong)_image.Bytes) & ~63UL;
        ulong at = ((image - FrameSize) & ~15UL) - 8;
        if (onAlternate && !alternate.Holds(at))
            return false; // the alternate stack is full

        byte* frame = stackalloc byte[FrameSize];
        new Span<byte>(frame, FrameSize).Clear();
        *(ulong*)frame = action.Restorer;
        *(ulong*)(frame + UcFlags) = (xsave ? UC_FP_XSTATE : 0) | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
        ulong* stack = (ulong*)(frame + UcStack);
        (stack[0], stack[1], stack[2]) = (alternate.Address, (uint)alternate.Flags, alternate.Size);
        ulong* registers = (ulong*)(frame + Registers);
        for (int i = 0; i < ContextOrder.Length; i++)
            registers[i] = s->Gpr[ContextOrder[i]];
        registers[RegRip] = s->Pc;
        registers[RegFlags] = s->Flags;
        registers[RegSegments] = 0x002B_0000_0000_0033;
        (registers[RegError], registers[RegTrap], registers[RegMask], registers[RegCr2]) = (s->FaultError, s->FaultTrap, savedMask, s->FaultAddress);
        *(ulong*)(frame + FpState) = image;
        *(ulong*)(frame + SigMask) = savedMask;
        siginfo.CopyTo(new Span<byte>(frame + Info, 128));

        if (!WriteImage(t, image) || !t.Memory.TryWrite(at, new ReadOnlySpan<byte>(frame, FrameSize)))
            return false;

        t.AltStack = alternate.Entered();
        ThreadBinding.InitVectors((byte*)s->VectorArea); // handlers start with a fresh floating-point state, as fpu__clear_user_states gives it
        s->Gpr[Rsp] = at;
        (s->Gpr[7], s->Gpr[6], s->Gpr[2], s->Gpr[0]) = ((ulong)signal, at + Info, at + UcFlags, 0);
        s->Pc = action.Handler;
        s->Flags &= ~(UserFlags.Direction | UserFlags.Resume | UserFlags.Trap);
        return true;
    }

    /// <summary>rt_sigreturn: rsp points behind the return address.</summary>
    public bool Pop(GuestThread t, out ulong mask)
    {
        VcpuState* s = t.State;
        byte* frame = stackalloc byte[FrameSize];
        mask = 0;
        if (!t.Memory.TryRead(s->Gpr[Rsp] - 8, new Span<byte>(frame, FrameSize)))
            return false;
        ulong* registers = (ulong*)(frame + Registers);
        for (int i = 0; i < ContextOrder.Length; i++)
            s->Gpr[ContextOrder[i]] = registers[i];
        s->Pc = registers[RegRip];
        UserFlags.Restore(s, registers[RegFlags]);
        mask = *(ulong*)(frame + SigMask);
        ulong* stack = (ulong*)(frame + UcStack);
        SignalCalls.RestoreAltStack(t, new AltStack(stack[0], (int)stack[1], stack[2]));
        return _image.Read(t.Memory, *(ulong*)(frame + FpState), (byte*)s->VectorArea, (*(ulong*)(frame + UcFlags) & UC_FP_XSTATE) != 0);
    }

    private bool WriteImage(GuestThread t, ulong address)
    {
        Span<byte> image = stackalloc byte[_image.Bytes];
        _image.Fill((byte*)t.State->VectorArea, image);
        return t.Memory.TryWrite(address, image);
    }
}
