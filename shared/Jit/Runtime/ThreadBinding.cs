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

    private ThreadBinding(byte* memory, long size, VcpuState* state)
    {
        _memory = memory;
        _size = size;
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
        VcpuState* state = Current();
        if (sizeof(VcpuState) > VcpuState.TcbRoom || new Span<byte>(state, VcpuState.TcbRoom).ContainsAnyExcept((byte)0))
            throw new EngineException("the C library's thread control block is not laid out as expected (fs:80h..27fh in use); this build needs glibc on x86-64");

        long size = (VectorBytes + QueueBytes + FrameSize + 4095 & ~4095) + AltStackSize;
        long memory = Sys.Call(Nr.mmap, 0, size, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE, -1, 0);
        if (Sys.IsError(memory))
            throw new EngineException($"no memory for a thread (errno {-memory})");

        state->VectorArea = (ulong)memory;
        state->SignalQueue = (ulong)memory + (ulong)VectorBytes;
        CodeRegion region = engine.Region;
        state->StubStart = (ulong)region.Base;
        state->StubSize = CodeRegion.StubSize;
        state->CodeStart = (ulong)region.Code;
        state->CodeSize = (ulong)(region.Size - CodeRegion.CodeOffset);
        state->Flags = 0x202;
        InitVectors((byte*)memory);
        ulong* stack = stackalloc ulong[3];
        WriteAltStack(state, (byte*)stack);
        Sys.Call(Nr.sigaltstack, (long)stack, 0);
        state->Bound = 1;
        return new ThreadBinding((byte*)memory, size, state);
    }

    /// <summary>Where the state of the calling thread is, bound or not.</summary>
    public static VcpuState* Current() => (VcpuState*)(HostCpu.ThreadPointer + VcpuState.TcbOffset);

    /// <summary>Unbinds the calling thread. All signals must be blocked by then.</summary>
    public void Dispose()
    {
        ulong* stack = stackalloc ulong[3];
        (stack[0], stack[1], stack[2]) = (0, SS_DISABLE, 0);
        State->Bound = 0;
        Sys.Call(Nr.sigaltstack, (long)stack, 0);
        new Span<byte>(State, sizeof(VcpuState)).Clear();
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
