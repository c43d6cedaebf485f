using System.Buffers.Binary;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Tracing;

/// <summary>What the emulator of a tracer asks of a thread it traces.</summary>
public enum TraceRequest
{
    /// <summary>PTRACE_ATTACH: stop as if SIGSTOP had come.</summary>
    Attach = 1,

    /// <summary>PTRACE_SEIZE: be traced, and go on.</summary>
    Seize,

    /// <summary>PTRACE_INTERRUPT.</summary>
    Interrupt,

    /// <summary>A SIGSTOP came, at a moment when the guest's registers were not in order: stop now.</summary>
    Stop,

    /// <summary>A data breakpoint of a debug register was hit.</summary>
    Watchpoint,
}

/// <summary>Carries a <see cref="TraceRequest"/>: the engine's own signal, queued with a value that programs do not use.</summary>
internal static unsafe class TraceSignal
{
    private const ulong Magic = 0x7E5A_91C3;
    private const int CodeOffset = 8, PidOffset = 16, UidOffset = 20, ValueOffset = 24, SI_QUEUE = -1;

    /// <summary>Sends a request to a thread; the result is 0 or -errno.</summary>
    /// <param name="process">Process of the thread.</param>
    /// <param name="tid">The thread.</param>
    /// <param name="request">What to do.</param>
    /// <param name="sender">Who stopped it, for <see cref="TraceRequest.Stop"/>.</param>
    /// <param name="user">That process' user.</param>
    /// <param name="code">How: si_code.</param>
    public static long Send(int process, int tid, TraceRequest request, int sender, int user, int code = 0)
    {
        byte* info = stackalloc byte[VcpuState.SiginfoSize];
        new Span<byte>(info, VcpuState.SiginfoSize).Clear();
        (*(int*)info, *(int*)(info + CodeOffset)) = (SignalMasks.Kick, SI_QUEUE);
        (*(int*)(info + PidOffset), *(int*)(info + UidOffset)) = (sender, user);
        *(ulong*)(info + ValueOffset) = Magic << 32 | (uint)(byte)code << 8 | (uint)request;
        return Sys.Call(Nr.rt_tgsigqueueinfo, process, tid, SignalMasks.Kick, (long)info);
    }

    /// <summary>What <see cref="Send"/> was given as the code.</summary>
    public static int CodeOf(ReadOnlySpan<byte> siginfo) => (sbyte)siginfo[ValueOffset + 1];

    /// <summary>True when a signal is such a request, which <paramref name="request"/> tells.</summary>
    public static bool Is(ReadOnlySpan<byte> siginfo, out TraceRequest request)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(siginfo[ValueOffset..]);
        request = (TraceRequest)(byte)value;
        return BinaryPrimitives.ReadInt32LittleEndian(siginfo) == SignalMasks.Kick && BinaryPrimitives.ReadInt32LittleEndian(siginfo[CodeOffset..]) == SI_QUEUE
            && value >> 32 == Magic;
    }
}
