using Suite.Guest.X86.Reencoder;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Tests.Jit;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// An engine with the re-encoder inside the test process: guest memory at fixed places, a thread bound to the engine, the signal gate in place.
/// The tests that use it run alone (see <see cref="ReencodeCollection"/>), because signal handlers are the process's.
/// </summary>
internal sealed unsafe class ReencodeHost : ICodeSource, IDisposable
{
    /// <summary>Bytes of each area.</summary>
    public const int AreaBytes = 0x10000;

    /// <summary>Below 2 GiB: operands and return addresses fit in 32 bits. Far addresses are the near ones plus 20 GiB, so that 67h leads from there to here.</summary>
    public const ulong NearCode = 0x2600_0000, NearData = 0x2680_0000, NearStack = 0x2700_0000;

    /// <summary>Between 2 and 4 GiB: return addresses do not fit in a sign-extended 32 bits, operands are in reach of the code cache.</summary>
    public const ulong MiddleCode = 0x9600_0000, MiddleData = 0x9680_0000;

    public const ulong FarCode = 0x5_2600_0000, FarData = 0x5_2680_0000, FarStack = 0x5_2700_0000;

    /// <summary>An instruction that does not exist in 64-bit mode (push es): ends a run natively and translated.</summary>
    public const byte Stop = 0x06;

    private const int FaultSlot = VcpuState.QueueLength * VcpuState.SiginfoSize;
    private const ulong AreaMargin = 0x10_0000;

    private static ReadOnlySpan<ulong> Areas => [NearCode, NearData, NearStack, MiddleCode, MiddleData, FarCode, FarData, FarStack];

    private readonly GateFixture _gate;
    private VcpuState* _state;

    public ReencodeHost(EngineOptions? options = null, ReencoderOptions? reencoder = null)
    {
        foreach (ulong area in Areas)
            Map(area, AreaBytes);
        Engine = new Engine(options ?? new EngineOptions { CodeBytes = 32 << 20 }, new X86Reencoder(reencoder ?? new ReencoderOptions { InlineSyscalls = false }), this);
        _gate = new GateFixture(Engine);
        foreach (ulong area in (ReadOnlySpan<ulong>)[NearCode, MiddleCode, FarCode])
            new Span<byte>((byte*)area, AreaBytes).Fill(Stop);
    }

    public Engine Engine { get; }

    /// <summary>The state of the guest thread; only in the body of <see cref="Run"/>.</summary>
    public VcpuState* State => _state;

    /// <summary>Called with the page before code is fetched from it, when protection is allowed.</summary>
    public Action<ulong>? OnFetch { get; init; }

    /// <summary>What <see cref="ICodeSource.Fetch"/> answers: may pages be protected?</summary>
    public bool CanProtect { get; set; } = true;

    /// <summary>What the guest thread is bound with; only in the body of <see cref="Run"/>.</summary>
    public ThreadBinding Binding { get; private set; } = null!;

    /// <summary>Kernel id of the guest thread.</summary>
    public int Tid { get; private set; }

    /// <summary>Runs the body on a new thread that is bound to the engine, the gate installed meanwhile.</summary>
    public void Run(Action body)
    {
        GateFixture.OnThread(() => RunBound(body));
    }

    /// <summary>Starts one more guest thread while <see cref="Run"/> is at work; its body gets its state. Join it before the body of Run ends.</summary>
    public Thread Start(GuestBody body, Action<Exception> failed)
    {
        Thread thread = new(() =>
        {
            try
            {
                using ThreadBinding binding = Bind();
                Engine.World.Add(binding.State, (int)Sys.Call(Nr.gettid));
                body(binding.State);
                Leave(binding.State);
            }
            catch (Exception e)
            {
                failed(e);
            }
        });
        thread.Start();
        return thread;
    }

    /// <summary>What a guest thread does.</summary>
    public delegate void GuestBody(VcpuState* state);

    /// <summary>Runs on over interruptions; only the engine's own kicks are expected.</summary>
    public ExitReason RunOverKicks(VcpuState* s)
    {
        ExitReason reason;
        while ((reason = Engine.Run(s)) == ExitReason.Interrupt)
        {
            s->Pending = 0;
            ulong none = 0;
            Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&none, 0, 8);
        }

        return reason;
    }

    private ThreadBinding Bind()
    {
        try
        {
            return ThreadBinding.Bind(Engine);
        }
        catch (EngineException e)
        {
            throw new InvalidOperationException("THE RE-ENCODER CANNOT BE TESTED IN PROCESS ON THIS HOST: " + e.Message, e);
        }
    }

    // Blocks all signals, as unbinding demands.
    private void Leave(VcpuState* state)
    {
        ulong all = ulong.MaxValue;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_BLOCK, (long)&all, 0, 8);
        Engine.World.Remove(state);
    }

    private void RunBound(Action body)
    {
        ulong mask;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_BLOCK, 0, (long)&mask, 8);
        ulong gsBase = GetHostGs();
        ThreadBinding binding = Bind();
        _state = binding.State;
        Binding = binding;
        Tid = (int)Sys.Call(Nr.gettid);
        Engine.World.Add(_state, Tid);
        _gate.CatchFaults();
        _gate.Catch(SignalMasks.Kick);
        try
        {
            body();
        }
        finally
        {
            Leave(_state);
            binding.Dispose();
            _gate.Release();
            SetHostGs(gsBase);
            Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&mask, 0, 8);
        }
    }

    /// <summary>Lets the gate handle one more signal, until the body ends.</summary>
    public void Catch(int signal) => _gate.Catch(signal);

    /// <summary>Runs the code at an address natively until it faults. The registers are the guest thread's before and after; the result is the faulting pc.</summary>
    public ulong RunNatively(ulong pc)
    {
        VcpuState* s = _state;
        (ulong start, ulong size) = (s->CodeStart, s->CodeSize);
        (s->CodeStart, s->CodeSize) = (0, ulong.MaxValue); // for the gate, everything is generated code now
        s->Epoch = *Engine.Region.StopWord & ~1u;
        Engine.Stubs.Enter((byte*)pc);
        (s->CodeStart, s->CodeSize) = (start, size);
        if (s->Reason != ExitReason.Fault)
            throw new InvalidOperationException($"native run ended with {s->Reason}");
        return s->HostPc;
    }

    /// <summary>Number of the signal of the last fault.</summary>
    public static int FaultSignal(VcpuState* s) => *(int*)((byte*)s->SignalQueue + FaultSlot);

    /// <summary>The host's gs base, which is the guest's fs base.</summary>
    public static void SetHostGs(ulong value)
    {
        if (Sys.Call(Nr.arch_prctl, Linux.ARCH_SET_GS, (long)value) != 0)
            throw new ArgumentOutOfRangeException(nameof(value), $"the kernel refuses {value:x} as a segment base");
    }

    public static ulong GetHostGs()
    {
        ulong value;
        Sys.Call(Nr.arch_prctl, Linux.ARCH_GET_GS, (long)&value);
        return value;
    }

    public static void Protect(ulong page, int protection)
    {
        long error = Sys.Call(Nr.mprotect, (long)page, 4096, protection);
        if (error != 0)
            throw new InvalidOperationException($"mprotect {page:x}: errno {-error}");
    }

    /// <inheritdoc/>
    bool ICodeSource.IsExecutable(ulong pc) => true;

    int ICodeSource.Fetch(ulong pc, byte* into, int max, bool allowProtect, out bool canProtect)
    {
        canProtect = CanProtect;
        foreach (ulong area in (ReadOnlySpan<ulong>)[NearCode, MiddleCode, FarCode])
        {
            if (pc < area || pc >= area + AreaBytes)
                continue;
            int length = (int)Math.Min((ulong)max, area + AreaBytes - pc);
            if (allowProtect)
                OnFetch?.Invoke(pc & ~0xFFFUL);
            new Span<byte>((byte*)pc, length).CopyTo(new Span<byte>(into, length));
            return length;
        }

        return 0;
    }

    public void Dispose()
    {
        foreach (ulong area in Areas)
            Sys.Call(Nr.munmap, (long)(area - AreaMargin), (long)(AreaBytes + 2 * AreaMargin));
        Sys.Call(Nr.munmap, (long)Engine.Region.Base, Engine.Region.Size);
    }

    // Nothing lies around an area, so that an address that is off by some pages faults.
    private static void Map(ulong at, int bytes)
    {
        const int Everything = Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC;
        const int Flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE;
        long around = Sys.Call(Nr.mmap, (long)(at - AreaMargin), (long)((ulong)bytes + 2 * AreaMargin), Linux.PROT_NONE, Flags | Linux.MAP_FIXED_NOREPLACE, -1, 0);
        if (around != (long)(at - AreaMargin) || Sys.Call(Nr.mmap, (long)at, bytes, Everything, Flags | Linux.MAP_FIXED, -1, 0) != (long)at)
            throw new InvalidOperationException($"guest memory at {at:x} is taken (errno {-around})");
    }
}

/// <summary>Tests that own the process's fault handlers, one after the other and beside no other test.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ReencodeCollection
{
    public const string Name = "re-encoder in process";
}
