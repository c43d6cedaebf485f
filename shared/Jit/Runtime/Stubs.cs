using Suite.Host;
using Suite.Jit.X64;

namespace Suite.Jit.Runtime;

/// <summary>
/// The emitted routines between managed and generated code. Each has its contract at its method. They fill the stub part of a
/// <see cref="CodeRegion"/>; the look-up routines lie in the code part, because there a signal is delivered by stepping on to the next
/// guest instruction, while in the stub part it only gets queued.
/// </summary>
public sealed unsafe class Stubs
{
    private static ReadOnlySpan<Reg> CalleeSaved => [Reg.Rbx, Reg.Rbp, Reg.R12, Reg.R13, Reg.R14, Reg.R15];

    private readonly CodeRegion _region;
    private readonly bool _compat;
    private readonly uint _xcr0Low, _xcr0High;
    private readonly bool _xsave, _xsaveopt;
    private X64Asm _a;

    public Stubs(CodeRegion region, TranslatorTraits traits)
    {
        _region = region;
        _compat = traits.IsCompatibilityMode;
        ulong components = HostCpu.Xcr0 & traits.VectorComponents;
        (_xcr0Low, _xcr0High) = ((uint)components, (uint)(components >> 32));
        _xsave = HostCpu.HasXsave;
        _xsaveopt = HostCpu.HasXsaveopt && traits.VectorComponents == ulong.MaxValue;
        _a = new X64Asm(region.Base);

        EmitExit();
        EmitEnter();
        EmitResume();
        EmitSafeCopy();
        EmitSafeSyscall();
        EmitVfork();
        EmitTraceStop();
        if (_compat)
            EmitDescriptorCalls();
        Restorer = _a.Position;
        _a.MovImm(Reg.Rax, Nr.rt_sigreturn);
        _a.Syscall();
        SignalGate = _a.Position;
        new SignalGateEmitter(region, this, _compat).Emit(ref _a);
        if (_a.Position > region.Base + CodeRegion.StubSize)
            throw new InvalidOperationException("stubs outgrew their room");

        _a = NewAsm(region.Code);
        if (traits.ComparesTargets)
            EmitCompareMiss();
        else
            EmitLookups();
        CodeStart = Align(_a.Position);
        *region.DefaultMxcsr = 0x1F80;
        *region.StateSelector = StateSelector;
    }

    /// <summary>The fs selector of code in compatibility mode: the last of the three thread-local descriptors (asm/segment.h, GDT_ENTRY_TLS).</summary>
    public const int StateSelector = StateDescriptor << 3 | 3;

    /// <summary>Number of that descriptor.</summary>
    public const int StateDescriptor = 14;

    /// <summary>User code selectors of 64-bit Linux.</summary>
    internal const ushort Code64 = 0x33, Code32 = 0x23, Data = 0x2B;

    /// <summary>Numbers of segment registers in instruction encodings.</summary>
    public const int Es = 0, Cs = 1, Ss = 2, Ds = 3, Fs = 4, Gs = 5;

    /// <summary>An assembler for generated code.</summary>
    public X64Asm NewAsm(byte* at) => new(at, _compat);

    /// <summary>An operand in the engine's memory: in compatibility mode ds may be any segment of the guest's, cs is flat.</summary>
    public Mem Own(Mem m) => _compat ? m with { Segment = CsPrefix } : m;

    /// <summary>First byte free for blocks.</summary>
    public byte* CodeStart { get; }

    /// <summary>
    /// Where generated code leaves with every guest register live. The reason is stored there and not by generated code, because a thread that
    /// is stepped through generated code has its reason overwritten by each trap.
    /// </summary>
    public byte* ExitFor(ExitReason reason) => (byte*)_exits[(int)reason];

    /// <summary>The signal gate resumes here after it stored the registers itself.</summary>
    public byte* SignalExit { get; private set; }

    /// <summary>A jump-table entry that was never set leads here: no thunk for this address yet. scratch[1] = rcx, scratch[2] = target.</summary>
    public byte* JumpEmpty { get; private set; }

    /// <summary>A return-table entry that was never set leads here. scratch[1] = rcx; the target is on top of the guest stack.</summary>
    public byte* ReturnEmpty { get; private set; }

    /// <summary>A jump thunk found another target than its own.</summary>
    public byte* JumpMiss { get; private set; }

    /// <summary>The target table has another entry: looks the target (in rcx) up in the block map. For <see cref="TranslatorTraits.ComparesTargets"/>.</summary>
    public byte* CompareMiss { get; private set; }

    /// <summary>A return thunk found another target than its own.</summary>
    public byte* ReturnMiss { get; private set; }

    public byte* SignalGate { get; }

    /// <summary>Where the gate returns to: rt_sigreturn(2).</summary>
    public byte* Restorer { get; }

    internal byte* EnterCheck { get; private set; }
    internal byte* EnterEnd { get; private set; }
    internal byte* EnterAbort { get; private set; }
    internal byte* SafeCopyStart { get; private set; }
    internal byte* SafeCopyEnd { get; private set; }
    internal byte* SafeCopyFault { get; private set; }
    internal byte* SafeCheck { get; private set; }
    internal byte* SafeInsn { get; private set; }
    internal byte* SafeInterrupted { get; private set; }

    internal const byte CsPrefix = 0x2E;

    private readonly nint[] _exits = new nint[(int)ExitReason.FetchFault];
    private readonly nint[] _guarded = new nint[6];
    private byte* _guardedExchange;
    private byte* _enter, _resume, _safeSyscall, _vfork, _traceStop, _exitFinish, _int80, _rights;

    /// <summary>Runs generated code at <paramref name="hostPc"/> with the guest state of this thread until it exits.</summary>
    public void Enter(byte* hostPc) => ((delegate* unmanaged<byte*, void>)_enter)(hostPc);

    /// <summary>Resumes at an exact host state, given as a ucontext on which rt_sigreturn(2) is called; used to step with TF.</summary>
    public void Resume(byte* ucontext) => ((delegate* unmanaged<byte*, void>)_resume)(ucontext);

    /// <summary>Copies memory of which either side may be a bad guest address. False when it faulted part way.</summary>
    public bool TryCopy(void* to, void* from, nuint bytes) =>
        ((delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, long>)SafeCopyStart)(to, from, bytes) == 0;

    /// <summary>What <see cref="Load"/> and <see cref="Store"/> yield when they fault.</summary>
    public const ulong NotThere = ulong.MaxValue;

    /// <summary>A big-endian number of 1, 2 or 4 bytes (as its logarithm says) at a guest address, or <see cref="NotThere"/>.</summary>
    public ulong Load(ulong address, int log2) => ((delegate* unmanaged[SuppressGCTransition]<ulong, ulong>)_guarded[log2])(address);

    /// <summary>Stores such a number; false when the address cannot be written, or may only seem so because its page holds translated code.</summary>
    public bool Store(ulong address, uint value, int log2) =>
        ((delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong>)_guarded[3 + log2])(address, value) != NotThere;

    /// <summary>Replaces a big-endian word by another if it is what is expected, in one step: 1 when it was, 0 when not, or <see cref="NotThere"/>.</summary>
    public ulong CompareExchange(ulong address, uint expected, uint replacement) =>
        ((delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong, ulong>)_guardedExchange)(address, expected, replacement);

    /// <summary>
    /// A system call that may block. args = number, a1..a6. The result is rax, or <see cref="Interrupted"/> when a signal for the guest
    /// arrived before the kernel took the call, or when the kernel wants it restarted: no wake-up is lost in between.
    /// </summary>
    public long BlockingCall(long* args) => ((delegate* unmanaged<long*, long>)_safeSyscall)(args);

    /// <summary>
    /// clone(2) with CLONE_VM|CLONE_VFORK on the caller's stack. Returns twice; the child must never return from the method that called this.
    /// </summary>
    public long Vfork(ulong flags, ulong parentTid, ulong childTid, ulong tls) =>
        ((delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong, ulong, long>)_vfork)(flags, parentTid, childTid, tls);

    /// <summary>
    /// Stops the calling thread for the process that traces it (ptrace(2)), outside managed code; who traces finds the block's address in rdi and the
    /// mark in rax. Returns at once when nobody does: the signal gate steps over the trap.
    /// </summary>
    public void TraceStop(void* block, ulong mark) => ((delegate* unmanaged<void*, ulong, void>)_traceStop)(block, mark);

    /// <summary>A system call by the 32-bit table (int 80h): pointers must lie below 4 GiB. Only with a translator for compatibility mode.</summary>
    public long Int80(int number, uint a1, uint a2 = 0, uint a3 = 0) =>
        (int)((delegate* unmanaged[SuppressGCTransition]<int, uint, uint, uint, long>)_int80)(number, a1, a2, a3);

    /// <summary>Access rights of a selector as lar gives them, or 0 when it names no descriptor that user code may see. Only as above.</summary>
    public uint AccessRights(ushort selector) => ((delegate* unmanaged[SuppressGCTransition]<uint, uint>)_rights)(selector);

    /// <summary>-ERESTARTSYS, which the kernel never shows to programs.</summary>
    public const long Interrupted = -512;

    // Of the XSAVE header: which components the image holds.
    private const int XstateBv = 512;

    private static byte* Align(byte* p) => (byte*)(((ulong)p + 15) & ~15UL);

    private void EmitVectorSave()
    {
        _a.Mov(Reg.Rbx, Mem.Fs(Slot.VectorArea));
        if (_xsave)
        {
            _a.MovImm(Reg.Rax, _xcr0Low);
            _a.MovImm(Reg.Rdx, _xcr0High);
            if (_xsaveopt)
            {
                _a.Xsaveopt64(Mem.At(Reg.Rbx));
            }
            else
            {
                // Written whole, and declared so: managed code may change any of it (AMD64 manual volume 2, 11.5.4).
                _a.Xsave64(Mem.At(Reg.Rbx));
                _a.Or(Mem.At(Reg.Rbx, XstateBv), (int)_xcr0Low);
            }
        }
        else
        {
            _a.Fxsave64(Mem.At(Reg.Rbx));
        }
    }

    private void EmitVectorReset()
    {
        if ((_xcr0Low & 4) != 0)
            _a.Vzeroupper();
        _a.Ldmxcsr(Mem.Abs((int)_region.DefaultMxcsr));
    }

    private void EmitVectorRestore()
    {
        _a.Mov(Reg.Rbx, Mem.Fs(Slot.VectorArea));
        if (_xsave)
        {
            _a.MovImm(Reg.Rax, _xcr0Low);
            _a.MovImm(Reg.Rdx, _xcr0High);
            _a.Xrstor64(Mem.At(Reg.Rbx));
        }
        else
        {
            _a.Fxrstor64(Mem.At(Reg.Rbx));
        }
    }

    // Saves the guest state, gives managed code the machine state it expects (flags, MXCSR, upper vector halves), parks if asked, returns from Enter.
    private void EmitExit()
    {
        byte* common = _a.Position;
        for (int i = 0; i < 8; i++)
        {
            if (_compat)
                _a.Mov32(Mem.Fs(Slot.Gpr(i)), (Reg)i); // the upper halves mean nothing after a change of mode
            else
                _a.Mov(Mem.Fs(Slot.Gpr(i)), (Reg)i);
        }

        for (int i = 8; i < 16 && !_compat; i++)
            _a.Mov(Mem.Fs(Slot.Gpr(i)), (Reg)i);
        _a.Mov(Reg.Rsp, Mem.Fs(Slot.HostSp));
        _a.Pushfq();
        _a.Pop(Mem.Fs(Slot.Flags));
        byte* saved = _a.Position;
        _a.PushImm(0x202); // DF, AC and TF belong to the guest
        _a.Popfq();
        if (_compat)
            foreach (int segment in GuestSegments)
                _a.MovFromSegment(Mem.Fs(Slot.Segment(segment)), segment);
        EmitVectorSave();
        EmitVectorReset();
        _exitFinish = _a.Position;
        _a.Mov(Reg.Rbp, Mem.Fs(Slot.Home));
        if (_compat)
            EmitHostFs();
        EmitLeaveStage();
        for (int i = CalleeSaved.Length - 1; i >= 0; i--)
            _a.Pop(CalleeSaved[i]);
        _a.Ret();

        SignalExit = _a.Position;
        _a.Mov(Reg.Rsp, Mem.Fs(Slot.HostSp));
        _a.Jmp(saved);
        foreach (ExitReason reason in (ReadOnlySpan<ExitReason>)[ExitReason.LinkMiss, ExitReason.IndirectMiss, ExitReason.Syscall, ExitReason.SystemCall, ExitReason.SyscallFault, ExitReason.Special, ExitReason.StaleCode, ExitReason.WrongAssumption, ExitReason.HotBlock, ExitReason.Stepped, ExitReason.Breakpoint])
        {
            _exits[(int)reason] = (nint)_a.Position;
            _a.Mov32(Mem.Fs(Slot.Reason), (int)reason);
            if (_compat)
                _a.JmpFar(Code64, common);
            else
                _a.Jmp(common);
        }
    }

    // Segment registers that hold the guest's selectors while its code runs.
    private static ReadOnlySpan<byte> GuestSegments => [Es, Ss, Ds, Gs];

    private static Mem OfHome(int slot) => Mem.At(Reg.Rbp, slot - VcpuState.TcbOffset);

    // The runtime's fs base again, in one instruction, so that the signal gate never meets an fs that leads nowhere. rbp = the state.
    private void EmitHostFs()
    {
        if (HostCpu.HasFsGsBase)
        {
            _a.Mov(Reg.Rcx, OfHome(Slot.HostFs));
            _a.Wrfsbase(Reg.Rcx);
            return;
        }

        _a.MovImm(Reg.Rdi, Linux.ARCH_SET_FS);
        _a.Mov(Reg.Rsi, OfHome(Slot.HostFs));
        _a.MovImm(Reg.Rax, Nr.arch_prctl);
        _a.Syscall();
    }

    // Stage = Managed, but not while another thread has stopped the world: then wait here, outside managed code, where a fork
    // or a flush may happen (docs/adr/004). rbp = the state. Preserves rax; clobbers rbx and the argument registers.
    private void EmitLeaveStage()
    {
        byte* again = _a.Position;
        _a.Mov(OfHome(Slot.Stage), (int)VcpuStage.Managed);
        _a.Mov32(Reg.Rdx, Mem.Abs((int)_region.StopWord));
        _a.Bytes([0xF6, 0xC2, 0x01]); // test dl, 1
        byte* go = _a.JccForward(Cond.E);
        _a.Mov(OfHome(Slot.Stage), (int)VcpuStage.Blocked);
        _a.Mov(Reg.Rbx, Reg.Rax);
        _a.MovImm(Reg.Rdi, (ulong)_region.StopWord);
        _a.MovImm(Reg.Rsi, Linux.FUTEX_WAIT | Linux.FUTEX_PRIVATE_FLAG);
        _a.Xor32(Reg.R10, Reg.R10);
        _a.MovImm(Reg.Rax, Nr.futex);
        _a.Syscall();
        _a.Mov(Reg.Rax, Reg.Rbx);
        _a.Jmp(again);
        _a.Here(go);
    }

    // Enter(rdi = host pc). From EnterCheck to EnterEnd nothing of the thread's state is changed, so the signal gate may send the
    // thread to EnterAbort at any instruction of it: a signal is never missed between the check and the guest code.
    private void EmitEnter()
    {
        _enter = _a.Position = Align(_a.Position);
        foreach (Reg r in CalleeSaved)
            _a.Push(r);
        if (_compat)
        {
            _a.MovImm(Reg.Rax, StateSelector);
            _a.MovToSegment(Fs, Reg.Rax);
        }

        _a.Mov(Mem.Fs(Slot.HostSp), Reg.Rsp);
        _a.Mov(Mem.Fs(Slot.EnterTarget), Reg.Rdi);
        if (_compat)
            _a.Mov32(Mem.Fs(Slot.EnterTarget + 4), Code32);
        _a.Mov(Mem.Fs(Slot.Stage), (int)VcpuStage.Guest);
        EnterCheck = _a.Position;
        _a.Cmp(Mem.Fs(Slot.Pending), 0);
        byte* abort1 = _a.JccForward(Cond.NE);
        _a.Mov32(Reg.Rax, Mem.Abs((int)_region.StopWord));
        _a.Cmp32(Reg.Rax, Mem.Fs(Slot.Epoch));
        byte* abort2 = _a.JccForward(Cond.NE);
        EmitVectorRestore();
        if (_compat)
            EmitLoadSegments();
        _a.Push(Mem.Fs(Slot.Flags));
        _a.Popfq();
        for (int i = 0; i < (_compat ? 8 : 16); i++)
            if (i != (int)Reg.Rsp)
                _a.Mov((Reg)i, Mem.Fs(Slot.Gpr(i)));
        _a.Mov(Reg.Rsp, Mem.Fs(Slot.Gpr((int)Reg.Rsp)));
        if (_compat)
            _a.JmpFar(Mem.Fs(Slot.EnterTarget));
        else
            _a.Jmp(Mem.Fs(Slot.EnterTarget));
        EnterEnd = _a.Position;
        EnterAbort = _a.Position;
        _a.Here(abort1);
        _a.Here(abort2);
        _a.Mov(Reg.Rsp, Mem.Fs(Slot.HostSp));
        _a.Mov32(Mem.Fs(Slot.Reason), (int)ExitReason.Interrupt);
        _a.Mov(Mem.Fs(Slot.HostPc), 0); // no place in generated code: Pc is the truth
        EmitVectorReset();
        _a.Jmp(_exitFinish);
    }

    // Loading a selector is slow: only those that are not there yet.
    private void EmitLoadSegments()
    {
        foreach (int segment in GuestSegments)
        {
            _a.MovFromSegment(Reg.Rax, segment);
            _a.CmpWord(Reg.Rax, Mem.Fs(Slot.Segment(segment)));
            byte* same = _a.JccForward(Cond.E);
            _a.MovToSegment(segment, Mem.Fs(Slot.Segment(segment)));
            _a.Here(same);
        }
    }

    // Resume(rdi = ucontext): rt_sigreturn(2) expects rsp at the ucontext. Nothing is pushed once fs may be the guest's.
    private void EmitResume()
    {
        _resume = _a.Position = Align(_a.Position);
        foreach (Reg r in CalleeSaved)
            _a.Push(r);
        _a.Mov(Reg.Rbp, Mem.Fs(Slot.Home));
        _a.Mov(OfHome(Slot.HostSp), Reg.Rsp);
        _a.Mov(OfHome(Slot.Stage), (int)VcpuStage.Guest);
        if (_compat)
        {
            _a.MovImm(Reg.Rax, StateSelector);
            _a.MovToSegment(Fs, Reg.Rax);
            EmitLoadSegments();
            _a.MovToSegment(Fs, OfHome(Slot.TrapFs));
        }

        _a.Mov(Reg.Rsp, Reg.Rdi);
        _a.MovImm(Reg.Rax, Nr.rt_sigreturn);
        _a.Syscall();
        _a.Ud2();
    }

    // long f(rdi = to, rsi = from, rdx = bytes): 0, or 1 when a byte of either side is not there.
    private void EmitSafeCopy()
    {
        SafeCopyStart = _a.Position = Align(_a.Position);
        _a.Mov(Reg.Rcx, Reg.Rdx);
        _a.Xor32(Reg.Rax, Reg.Rax);
        _a.RepMovsb();
        _a.Ret();
        for (int i = 0; i < _guarded.Length; i++)
        {
            _guarded[i] = (nint)_a.Position;
            EmitGuarded(bytes: 1 << i % 3, isStore: i >= 3);
            _a.Ret();
        }

        _guardedExchange = _a.Position;
        EmitGuardedExchange();
        SafeCopyEnd = _a.Position;
        SafeCopyFault = _a.Position;
        _a.MovImm(Reg.Rax, NotThere);
        _a.Ret();
    }

    // ulong f(rdi = address): a big-endian number. ulong f(rdi = address, rsi = value): 0. Both NotThere when a byte is not there.
    private void EmitGuarded(int bytes, bool isStore)
    {
        Mem m = Mem.At(Reg.Rdi);
        if (isStore)
            _a.Xor32(Reg.Rax, Reg.Rax);
        switch (bytes, isStore)
        {
            case (1, false):
                _a.MovzxByte(Reg.Rax, m);
                break;
            case (2, false):
                _a.MovzxWord(Reg.Rax, m);
                _a.SwapWord(Reg.Rax);
                break;
            case (4, false):
                _a.Mov32(Reg.Rax, m);
                _a.Bswap(Reg.Rax, wide: false);
                break;
            case (1, true):
                _a.MovByte(m, Reg.Rsi);
                break;
            case (2, true):
                _a.SwapWord(Reg.Rsi);
                _a.MovWord(m, Reg.Rsi);
                break;
            default:
                _a.Bswap(Reg.Rsi, wide: false);
                _a.Mov32(m, Reg.Rsi);
                break;
        }
    }

    // ulong f(rdi = address, rsi = expected, rdx = replacement), numbers big-endian in memory: 1 when exchanged, else 0, or NotThere.
    private void EmitGuardedExchange()
    {
        _a.Bswap(Reg.Rsi, wide: false);
        _a.Bswap(Reg.Rdx, wide: false);
        _a.Mov32(Reg.Rax, Reg.Rsi);
        _a.LockCmpxchg32(Mem.At(Reg.Rdi), Reg.Rdx);
        _a.Setcc(Cond.E, Reg.Rax);
        _a.MovzxByte(Reg.Rax, Reg.Rax);
        _a.Ret();
    }

    // long f(rdi = long[7]). From SafeCheck up to and with the syscall instruction the signal gate redirects to SafeInterrupted.
    private void EmitSafeSyscall()
    {
        _safeSyscall = _a.Position = Align(_a.Position);
        _a.Push(Reg.Rbx);
        _a.Push(Reg.Rbp);
        _a.Mov(Reg.Rbx, Reg.Rdi);
        _a.Mov(Reg.Rbp, Mem.Fs(Slot.Home));
        _a.Mov(OfHome(Slot.Stage), (int)VcpuStage.Blocked);
        SafeCheck = _a.Position;
        _a.Cmp(OfHome(Slot.Pending), 0);
        byte* interrupted = _a.JccForward(Cond.NE);
        _a.Mov(Reg.Rax, Mem.At(Reg.Rbx));
        _a.Mov(Reg.Rdi, Mem.At(Reg.Rbx, 8));
        _a.Mov(Reg.Rsi, Mem.At(Reg.Rbx, 16));
        _a.Mov(Reg.Rdx, Mem.At(Reg.Rbx, 24));
        _a.Mov(Reg.R10, Mem.At(Reg.Rbx, 32));
        _a.Mov(Reg.R8, Mem.At(Reg.Rbx, 40));
        _a.Mov(Reg.R9, Mem.At(Reg.Rbx, 48));
        SafeInsn = _a.Position;
        _a.Syscall();
        byte* finish = _a.Position;
        EmitLeaveStage();
        _a.Pop(Reg.Rbp);
        _a.Pop(Reg.Rbx);
        _a.Ret();
        SafeInterrupted = _a.Position;
        _a.Here(interrupted);
        _a.MovImm(Reg.Rax, unchecked((ulong)Interrupted));
        _a.Jmp(finish);
    }

    // long f(rdi = flags, rsi = ptid, rdx = ctid, rcx = tls). The child runs on this very stack and overwrites the return address, so it
    // travels in a register, of which parent and child have one each.
    private void EmitVfork()
    {
        _vfork = _a.Position = Align(_a.Position);
        _a.Pop(Reg.R9);
        _a.Mov(Reg.R8, Reg.Rcx);
        _a.Mov(Reg.R10, Reg.Rdx);
        _a.Mov(Reg.Rdx, Reg.Rsi);
        _a.Xor32(Reg.Rsi, Reg.Rsi);
        _a.MovImm(Reg.Rax, Nr.clone);
        _a.Syscall();
        _a.Push(Reg.R9);
        _a.Ret();
    }

    // void f(rdi = block, rsi = mark).
    private void EmitTraceStop()
    {
        _traceStop = _a.Position = Align(_a.Position);
        _a.Push(Reg.Rbx);
        _a.Push(Reg.Rbp);
        _a.Mov(Reg.Rbp, Mem.Fs(Slot.Home));
        _a.Mov(OfHome(Slot.Stage), (int)VcpuStage.Blocked);
        _a.Mov(Reg.Rax, Reg.Rsi);
        _a.Byte(0xCC); // int3
        EmitLeaveStage();
        _a.Pop(Reg.Rbp);
        _a.Pop(Reg.Rbx);
        _a.Ret();
    }

    // long f(edi = number, esi, edx, ecx): int 80h clears r8 to r11 and keeps the rest. And u32 f(edi = selector).
    private void EmitDescriptorCalls()
    {
        _int80 = _a.Position = Align(_a.Position);
        _a.Push(Reg.Rbx);
        _a.Mov32(Reg.Rax, Reg.Rdi);
        _a.Mov32(Reg.Rbx, Reg.Rsi);
        _a.Mov32(Reg.R8, Reg.Rcx);
        _a.Mov32(Reg.Rcx, Reg.Rdx);
        _a.Mov32(Reg.Rdx, Reg.R8);
        _a.Bytes([0xCD, 0x80]);
        _a.Pop(Reg.Rbx);
        _a.Ret();
        _rights = _a.Position = Align(_a.Position);
        _a.Xor32(Reg.Rax, Reg.Rax);
        _a.Bytes([0x0F, 0x02, 0xC7]); // lar eax, edi
        _a.Ret();
    }

    // rcx = target. Flags and rax, rdx are free in code that compares targets. What the block map knows goes into the table, target and host address
    // in one entry: a block that was not translated for this kind of jump is not there yet.
    private void EmitCompareMiss()
    {
        const int IndexBits = (CodeRegion.TableEntries - 1) << 2;
        CompareMiss = _a.Position;
        EmitProbe(out byte* hit, out byte* miss);
        _a.Here(hit);
        _a.Mov(Reg.Rdx, Mem.At(Reg.Rax, 8));
        _a.Mov32(Reg.Rax, Reg.Rcx);
        _a.And32(Reg.Rax, IndexBits);
        _a.Shl(Reg.Rdx, 32);
        _a.Lea(Reg.Rdx, Mem.At(Reg.Rdx, Reg.Rcx));
        _a.Mov(Mem.Table(Reg.Rax, 1, (int)_region.TargetTable), Reg.Rdx);
        _a.Bytes([0x48, 0xC1, 0xEA, 0x20]); // shr rdx, 32
        _a.Jmp(Reg.Rdx);
        _a.Here(miss);
        _a.Mov(Mem.Fs(Slot.Scratch(2)), Reg.Rcx);
        _a.Mov32(Mem.Fs(Slot.ExitArg), 0);
        _a.Jmp(ExitFor(ExitReason.IndirectMiss));
    }

    // Looks rcx up in the block map; at hit, rax is its entry. Clobbers rax, rdx, flags.
    private void EmitProbe(out byte* hit, out byte* miss)
    {
        _a.Mov(Reg.Rdx, Own(Mem.Abs((int)_region.BlockMap)));
        _a.Mov(Reg.Rax, Own(Mem.At(Reg.Rdx, -8)));
        _a.And(Reg.Rax, Reg.Rcx);
        _a.Shl(Reg.Rax, 4);
        _a.Add(Reg.Rax, Reg.Rdx);
        byte* next = _a.Position;
        _a.Cmp(Own(Mem.At(Reg.Rax)), 0); // first: address 0 is no entry's
        miss = _a.JccForward(Cond.E);
        _a.Cmp(Reg.Rcx, Own(Mem.At(Reg.Rax)));
        hit = _a.JccForward(Cond.E);
        _a.Add(Reg.Rax, 16);
        _a.Jmp(next);
    }

    // The second level of indirect branches: a probe of the whole block map in generated code, then managed code. Flags are kept with
    // lahf/seto, because a branch changes none (guest flags are host flags all the time).
    private void EmitLookups()
    {
        ReturnMiss = _a.Position;
        EmitPopReturn();
        byte* probe = _a.JmpForward();
        JumpMiss = _a.Position;
        _a.Mov32(Mem.Fs(Slot.ExitArg), 0);
        _a.Here(probe);
        _a.Mov(Mem.Fs(Slot.Scratch(0)), Reg.Rax);
        _a.Lahf();
        _a.SetoAl();
        _a.Mov(Mem.Fs(Slot.Scratch(3)), Reg.Rax);
        _a.Mov(Mem.Fs(Slot.Scratch(4)), Reg.Rdx);
        _a.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(2)));
        EmitProbe(out byte* hit, out byte* miss);
        _a.Here(hit);
        _a.Mov(Reg.Rcx, Own(Mem.At(Reg.Rax, 8)));
        _a.Mov(Mem.Fs(Slot.Scratch(2)), Reg.Rcx);
        EmitRestoreAfterProbe();
        _a.Jmp(Mem.Fs(Slot.Scratch(2)));
        _a.Here(miss);
        EmitRestoreAfterProbe();
        byte* toManaged = ExitFor(ExitReason.IndirectMiss);
        _a.Jmp(toManaged);

        ReturnEmpty = _a.Position = Align(_a.Position);
        EmitPopReturn();
        _a.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(1)));
        _a.Jmp(toManaged);
        JumpEmpty = _a.Position = Align(_a.Position);
        _a.Mov32(Mem.Fs(Slot.ExitArg), 0);
        _a.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(1)));
        _a.Jmp(toManaged);
    }

    /// <summary>Whether generated code runs in compatibility mode.</summary>
    public bool IsCompatibilityMode => _compat;

    /// <summary>Bytes a return takes off the guest's stack.</summary>
    public int ReturnAddressBytes => _compat ? 4 : 8;

    // ExitArg 1 tells managed code that a return thunk is wanted.
    private void EmitPopReturn()
    {
        _a.Mov(Reg.Rcx, Mem.At(Reg.Rsp));
        _a.Mov(Mem.Fs(Slot.Scratch(2)), Reg.Rcx);
        _a.Lea(Reg.Rsp, Mem.At(Reg.Rsp, ReturnAddressBytes));
        _a.Mov32(Mem.Fs(Slot.ExitArg), 1);
    }

    private void EmitRestoreAfterProbe()
    {
        _a.Mov(Reg.Rdx, Mem.Fs(Slot.Scratch(4)));
        _a.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(3)));
        _a.AddAl7F();
        _a.Sahf();
        _a.Mov(Reg.Rax, Mem.Fs(Slot.Scratch(0)));
        _a.Mov(Reg.Rcx, Mem.Fs(Slot.Scratch(1)));
    }
}
