using System.Runtime.InteropServices;

namespace Suite.Jit.Runtime;

/// <summary>Why generated code came back.</summary>
public enum ExitReason : uint
{
    /// <summary>A direct jump whose target was not linked yet; <see cref="VcpuState.ExitArg"/> is the link.</summary>
    LinkMiss,

    /// <summary>An indirect jump or return found no translation; the target is in <see cref="VcpuState.Scratch"/>[2].</summary>
    IndirectMiss,

    /// <summary>A synchronous fault in generated code; the siginfo is in the fault slot of the signal queue.</summary>
    Fault,

    /// <summary>An asynchronous signal arrived, or was waiting when guest code should have been entered.</summary>
    Interrupt,

    /// <summary>A system call that the personality handles. rcx holds the next guest pc.</summary>
    Syscall,

    /// <summary>A system call that the personality handles, of a guest whose instruction leaves registers alone. Pc is behind the instruction.</summary>
    SystemCall,

    /// <summary>A system call made in line returned -EFAULT; its number is in <see cref="VcpuState.Scratch"/>[0].</summary>
    SyscallFault,

    /// <summary>An instruction the front end leaves to managed code; <see cref="VcpuState.Pc"/> names it.</summary>
    Special,

    /// <summary>Code bytes no longer match their translation; <see cref="VcpuState.ExitArg"/> is the block.</summary>
    StaleCode,

    /// <summary>What a block was translated on the assumption of does not hold (<see cref="BlockBuilder.MayAssume"/>); <see cref="VcpuState.ExitArg"/> is the block.</summary>
    WrongAssumption,

    /// <summary>A block has been entered so often that it is worth a better translation; <see cref="VcpuState.ExitArg"/> is the block.</summary>
    HotBlock,

    /// <summary>The one instruction of <see cref="Engine.Step"/> is done; Pc is the next one's.</summary>
    Stepped,

    /// <summary>Pc is a breakpoint (<see cref="Engine.SetBreakpoint"/>); the instruction there has not been executed.</summary>
    Breakpoint,

    /// <summary>The guest pc cannot be executed: not mapped, not executable.</summary>
    FetchFault,
}

/// <summary>Where a thread is, as other threads may ask before they fork or flush the code cache.</summary>
public enum VcpuStage : ulong
{
    Managed,
    Guest,
    Blocked,
}

/// <summary>
/// Per-thread state that generated code reaches with one fs: prefix. It lives in the 512 bytes of glibc's thread control block
/// (fs:[80h]..fs:[27fh]) that are kept for old reasons and unused; <see cref="ThreadBinding"/> asserts that they are.
/// Offsets are taken from this struct (<see cref="Slot"/>), so the emitter and the struct cannot disagree.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuState
{
    /// <summary>Registers of the host's register file at the last exit, in encoding order.</summary>
    public fixed ulong Gpr[16];

    /// <summary>Guest program counter at the last exit.</summary>
    public ulong Pc;

    /// <summary>rflags at the last exit.</summary>
    public ulong Flags;

    /// <summary>Places where generated sequences keep registers they borrow.</summary>
    public fixed ulong Scratch[6];

    /// <summary>Base of the guest segment that has no host segment register (x86-64: gs).</summary>
    public ulong SegmentBase;

    /// <summary>Host stack pointer while guest code runs.</summary>
    public ulong HostSp;

    public ExitReason Reason;
    public uint ExitArg;

    /// <summary>Host address in generated code of the last fault or interrupt.</summary>
    public ulong HostPc;

    /// <summary>64-byte aligned standard-format XSAVE image of the guest's vector and floating-point state.</summary>
    public ulong VectorArea;

    /// <summary>Number of queued siginfos. Written by the signal gate on this thread, cleared by the personality.</summary>
    public ulong Pending;

    /// <summary>Address of <see cref="SignalQueue"/> entries of 128 bytes, then the fault slot.</summary>
    public ulong SignalQueue;

    public VcpuStage Stage;

    /// <summary>Non-zero marks a guest thread; zero makes the signal gate pass signals on.</summary>
    public ulong Bound;

    public ulong CodeStart;
    public ulong CodeSize;
    public ulong StubStart;
    public ulong StubSize;
    public ulong FaultTrap;
    public ulong FaultError;
    public ulong FaultAddress;
    public ulong EnterTarget;

    /// <summary><see cref="CodeRegion.StopWord"/> at the time the code about to be entered was looked up.</summary>
    public uint Epoch;

    /// <summary>
    /// The epoch, plus one, of generated code this thread is in or has come out of without having looked up where it was; 0 for none.
    /// Written by this thread; what it refers to is not thrown away meanwhile (see <see cref="World.AnyHoldsBefore"/>).
    /// </summary>
    public uint Held;

    /// <summary>
    /// Address of the thread's state; 0 on a thread that is not bound. Generated code in compatibility mode has its state in low memory, found
    /// through the descriptor its fs selector names; then the copy of this field in the thread control block leads there.
    /// </summary>
    public ulong Home;

    /// <summary>Compatibility mode: the host's fs base, which the exit stub puts back.</summary>
    public ulong HostFs;

    /// <summary>Compatibility mode: selectors of es cs ss ds fs gs at the last exit, loaded by the next entry. fs is the guest's idea of it.</summary>
    public fixed ushort Segments[6];

    /// <summary>Compatibility mode: the fs selector at the last trap; a guest fs: operand runs with the guest's.</summary>
    public uint TrapFs;

    /// <summary>Distance of this struct from the thread pointer.</summary>
    public const int TcbOffset = 0x80;

    /// <summary>Bytes free in the thread control block.</summary>
    public const int TcbRoom = 0x200;

    /// <summary>How many asynchronous signals may wait; the gate blocks further ones after the first, faults excepted.</summary>
    public const int QueueLength = 8;

    /// <summary>Bytes of a siginfo_t.</summary>
    public const int SiginfoSize = 128;
}

/// <summary>fs: displacements of the fields of <see cref="VcpuState"/>.</summary>
public static unsafe class Slot
{
    public static readonly int Pc, Flags, SegmentBase, HostSp, Reason, ExitArg, HostPc, VectorArea, Pending, SignalQueue, Stage, Bound,
        CodeStart, CodeSize, StubStart, StubSize, FaultTrap, FaultError, FaultAddress, EnterTarget, Epoch, Home, HostFs, TrapFs;

    private static readonly int ScratchBase, SegmentsBase;

    static Slot()
    {
        VcpuState s;
        byte* at0 = (byte*)&s - VcpuState.TcbOffset;
        Pc = (int)((byte*)&s.Pc - at0);
        Flags = (int)((byte*)&s.Flags - at0);
        ScratchBase = (int)((byte*)s.Scratch - at0);
        SegmentBase = (int)((byte*)&s.SegmentBase - at0);
        HostSp = (int)((byte*)&s.HostSp - at0);
        Reason = (int)((byte*)&s.Reason - at0);
        ExitArg = (int)((byte*)&s.ExitArg - at0);
        HostPc = (int)((byte*)&s.HostPc - at0);
        VectorArea = (int)((byte*)&s.VectorArea - at0);
        Pending = (int)((byte*)&s.Pending - at0);
        SignalQueue = (int)((byte*)&s.SignalQueue - at0);
        Stage = (int)((byte*)&s.Stage - at0);
        Bound = (int)((byte*)&s.Bound - at0);
        CodeStart = (int)((byte*)&s.CodeStart - at0);
        CodeSize = (int)((byte*)&s.CodeSize - at0);
        StubStart = (int)((byte*)&s.StubStart - at0);
        StubSize = (int)((byte*)&s.StubSize - at0);
        FaultTrap = (int)((byte*)&s.FaultTrap - at0);
        FaultError = (int)((byte*)&s.FaultError - at0);
        FaultAddress = (int)((byte*)&s.FaultAddress - at0);
        EnterTarget = (int)((byte*)&s.EnterTarget - at0);
        Epoch = (int)((byte*)&s.Epoch - at0);
        Home = (int)((byte*)&s.Home - at0);
        HostFs = (int)((byte*)&s.HostFs - at0);
        TrapFs = (int)((byte*)&s.TrapFs - at0);
        SegmentsBase = (int)((byte*)s.Segments - at0);
    }

    /// <summary>Displacement of a saved general register.</summary>
    public static int Gpr(int register) => VcpuState.TcbOffset + register * 8;

    /// <summary>Displacement of a selector, numbered as in instruction encodings: es cs ss ds fs gs.</summary>
    public static int Segment(int number) => SegmentsBase + number * 2;

    /// <summary>Displacement of a scratch slot.</summary>
    public static int Scratch(int index) => ScratchBase + index * 8;
}
