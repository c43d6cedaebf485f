using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>
/// Makes a host thread a guest thread: the state in the thread control block, the memory around it, the alternate stack for signals.
/// <code>
///   block of memory:  vector area | queue of siginfos and the fault slot | resume frame | alternate signal stack
/// </code>
/// </summary>
public sealed unsafe class ThreadBinding : IDisposable
{
    private const int AltStackSize = 64 * 1024, FrameSize = 512, SS_DISABLE = 2;
    private const uint XstateMagic1 = 0x46505853, XstateMagic2 = 0x46505845;

    private readonly byte* _memory;
    private readonly long _size;
    private readonly LowMemory? _low;

    private ThreadBinding(byte* memory, long size, VcpuState* state, LowMemory? low)
    {
        _memory = memory;
        _size = size;
        _low = low;
        State = state;
    }

    /// <summary>The state of this thread; valid on any thread while this one lives.</summary>
    public VcpuState* State { get; }

    /// <summary>Bytes of the vector area: XSAVE image, then the closing magic of a signal frame.</summary>
    public static int VectorBytes { get; } = (HostCpu.XsaveSize + 4 + 63) & ~63;

    private static int QueueBytes => (VcpuState.QueueLength + 1) * VcpuState.SiginfoSize;

    /// <summary>Binds the calling thread to an engine.</summary>
    /// <exception cref="EngineException">The thread control block is not laid out as expected, or memory is short.</exception>
    public static ThreadBinding Bind(Engine engine)
    {
        VcpuState* control = InControlBlock();
        if (sizeof(VcpuState) > VcpuState.TcbRoom || new Span<byte>(control, VcpuState.TcbRoom).ContainsAnyExcept((byte)0))
            throw new EngineException("the C library's thread control block is not laid out as expected (fs:80h..27fh in use); this build needs glibc on x86-64");

        long size = (VectorBytes + QueueBytes + FrameSize + 4095 & ~4095) + AltStackSize;
        long memory = Sys.Call(Nr.mmap, 0, size, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE, -1, 0);
        if (Sys.IsError(memory))
            throw new EngineException($"no memory for a thread (errno {-memory})");

        LowMemory? low = engine.Region.Low;
        VcpuState* state = low is null ? control : BindLow(engine.Stubs, low);
        state->VectorArea = (ulong)memory;
        state->SignalQueue = (ulong)memory + (ulong)VectorBytes;
        CodeRegion region = engine.Region;
        state->StubStart = (ulong)region.Base;
        state->StubSize = CodeRegion.StubSize;
        state->CodeStart = (ulong)region.Code;
        state->CodeSize = (ulong)(region.CodeEnd - region.Code);
        state->Flags = 0x202;
        InitVectors((byte*)memory);
        ulong* stack = stackalloc ulong[3];
        WriteAltStack(state, (byte*)stack);
        Sys.Call(Nr.sigaltstack, (long)stack, 0);
        state->Bound = 1;
        state->Home = (ulong)state;
        control->Home = (ulong)state;
        return new ThreadBinding((byte*)memory, size, state, low);
    }

    // Code in compatibility mode reaches its state through a descriptor of this thread (set_thread_area(2) of the 32-bit table).
    private static VcpuState* BindLow(Stubs stubs, LowMemory low)
    {
        const int set_thread_area = 243, LimitPages = 0xFFFFF;
        const uint Flat32 = 1 | 1 << 4 | 1 << 6; // seg_32bit, limit_in_pages, useable
        byte* block = low.TakeThread();
        uint* descriptor = (uint*)block; // struct user_desc: entry, base, limit, flags
        (descriptor[0], descriptor[1], descriptor[2], descriptor[3]) = (Stubs.StateDescriptor, (uint)block, LimitPages, Flat32);
        long error = stubs.Int80(set_thread_area, (uint)block);
        if (error != 0)
            throw new EngineException($"this kernel does not run 32-bit code (set_thread_area: errno {-error}); it needs CONFIG_IA32_EMULATION, and no ia32_emulation=0 on its command line");
        VcpuState* state = (VcpuState*)(block + VcpuState.TcbOffset);
        state->HostFs = (ulong)HostCpu.ThreadPointer;
        (state->Segments[Stubs.Es], state->Segments[Stubs.Ss], state->Segments[Stubs.Ds]) = (Stubs.Data, Stubs.Data, Stubs.Data);
        state->TrapFs = Stubs.StateSelector;
        return state;
    }

    /// <summary>The state of the calling thread; on a thread that is not bound, a zeroed one.</summary>
    public static VcpuState* Current()
    {
        VcpuState* control = InControlBlock();
        return control->Home != 0 ? (VcpuState*)control->Home : control;
    }

    private static VcpuState* InControlBlock() => (VcpuState*)(HostCpu.ThreadPointer + VcpuState.TcbOffset);

    /// <summary>Unbinds the calling thread. All signals must be blocked by then.</summary>
    public void Dispose()
    {
        ulong* stack = stackalloc ulong[3];
        (stack[0], stack[1], stack[2]) = (0, SS_DISABLE, 0);
        State->Bound = 0;
        Sys.Call(Nr.sigaltstack, (long)stack, 0);
        InControlBlock()->Home = 0;
        if (_low is null)
            new Span<byte>(State, sizeof(VcpuState)).Clear();
        else
            _low.ReturnThread((byte*)State - VcpuState.TcbOffset);
        Sys.Call(Nr.munmap, (long)_memory, _size);
    }

    /// <summary>Puts the architectural start values into a vector area: x87 and MXCSR defaults, all components in their initial state.</summary>
    public static void InitVectors(byte* area)
    {
        new Span<byte>(area, VectorBytes).Clear();
        *(ushort*)area = 0x37F;
        *(uint*)(area + 24) = 0x1F80;
        // The software-reserved bytes of a signal frame (struct _fpx_sw_bytes); XSAVE leaves them alone.
        *(uint*)(area + 464) = XstateMagic1;
        *(uint*)(area + 468) = (uint)HostCpu.XsaveSize + 4;
        *(ulong*)(area + 472) = HostCpu.Xcr0;
        *(uint*)(area + 480) = (uint)HostCpu.XsaveSize;
        *(uint*)(area + HostCpu.XsaveSize) = XstateMagic2;
    }

    internal static byte* ResumeFrame(VcpuState* s) => (byte*)s->SignalQueue + QueueBytes;

    internal static void WriteAltStack(VcpuState* s, byte* stackT)
    {
        ulong* stack = (ulong*)stackT;
        stack[0] = s->VectorArea + (ulong)(VectorBytes + QueueBytes + FrameSize + 4095 & ~4095);
        stack[1] = 0;
        stack[2] = AltStackSize;
    }
}
