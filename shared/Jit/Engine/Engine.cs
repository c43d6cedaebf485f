using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.Jit;

/// <summary>
/// The translation engine of one process: code cache, block map, links, invalidation, precise exits. Threads call <see cref="Run"/>;
/// what it returns is for the personality to act on. Everything hangs off this instance; translating is under one lock, running is not.
/// </summary>
public sealed unsafe partial class Engine
{
    private const ulong TrapFlag = 0x100;

    private readonly GuestLock _gate;
    private readonly CodeRegion _region;
    private readonly Stubs _stubs;
    private readonly BlockMap _map;
    private readonly BlockBuilder _builder;
    private readonly ITranslator _translator;
    private readonly TranslatorTraits _traits;
    private readonly ICodeSource _source;
    private readonly EngineOptions _options;
    private readonly byte* _middle;

    // The second one comes with the first flush; most processes never need it.
    private readonly Generation[] _generations = new Generation[2];
    private readonly Dictionary<ulong, CodePage> _pages = [];
    private readonly bool _countsEntries;
    private Generation _current;

    // The first tier, if there is one.
    private readonly IColdRunner? _coldRunner;
    private readonly ColdCode? _cold;

    public Engine(EngineOptions options, ITranslator translator, ICodeSource source)
    {
        _options = options;
        _translator = translator;
        _source = source;
        _traits = translator.Traits;
        _region = CodeRegion.Reserve(options.CodeBytes, _traits.IsCompatibilityMode);
        _gate = new GuestLock(_region);
        _stubs = new Stubs(_region, _traits);
        ClearTables(isFresh: true);
        _map = new BlockMap(_region);
        _builder = new BlockBuilder(_stubs, _region, options, this);
        _middle = _stubs.CodeStart + (((_region.CodeEnd - _stubs.CodeStart) / 2) & ~15L);
        _current = _generations[0] = new Generation(_stubs.CodeStart, _middle, 0);
        World = new World(_region);
        _countsEntries = _traits.FollowsJumps && !options.NoChain && !options.OneInsnPerBlock;
        _coldRunner = options.IsObserved || options.ColdEntries == 0 ? null : translator.CreateColdRunner(_stubs);
        if (_coldRunner is not null)
            _cold = new ColdCode(options.ColdEntries, source);
    }

    /// <summary>The one lock of the process: translating, invalidating, and the address space they depend on. Taken around a fork.</summary>
    public GuestLock Gate => _gate;

    public CodeRegion Region => _region;

    public Stubs Stubs => _stubs;

    /// <summary>Stops and starts the other threads, for fork and for a flush.</summary>
    public World World { get; }

    /// <summary>Guest blocks translated so far, for statistics.</summary>
    public long Translations { get; private set; }

    /// <summary>
    /// Runs guest code from <see cref="VcpuState.Pc"/> until the personality is needed. On return Pc is exact, and every register is the guest's.
    /// A signal that is queued for the thread always ends the run (<see cref="ExitReason.Interrupt"/>).
    /// </summary>
    public ExitReason Run(VcpuState* s)
    {
        s->Pc |= SegmentOf(s);
        ExitReason reason = RunCode(s);
        s->Pc = AddressOf(s->Pc);
        return reason;
    }

    private ExitReason RunCode(VcpuState* s)
    {
        while (true)
        {
            if (_cold is not null && _breakpoints is null && _cold.MayEnter(s, s->Pc) && RunCold(s))
                return s->Reason = ExitReason.SystemCall;
            s->Epoch = Volatile.Read(ref *_region.StopWord) & ~1u;
            byte* host = FindOrTranslate(s->Pc);
            if (host == null)
                return ExitReason.FetchFault;
            ExitReason? reason = RunFrom(s, host);
            s->Held = 0;
            if (reason is { } known)
                return known;
        }
    }

    // True behind a system call; else Pc is at code that needs a translation, or at least a closer look.
    private bool RunCold(VcpuState* s)
    {
        ColdEnd end = _coldRunner!.Run(s, _cold!);
        if (end == ColdEnd.NeedsCode)
            _cold!.MakeHot(s->Pc);
        return end == ColdEnd.SystemCall;
    }

    // Code without a translation that has not earned one yet. The first tier does not look for breakpoints.
    private bool IsCold(ulong pc) => _cold is not null && _breakpoints is null && _cold.IsCold(pc);

    private byte* FindOrTranslate(ulong pc)
    {
        using (_gate.Hold())
        {
            byte* host = Find(pc);
            return host != null ? host : TranslateNoted(pc);
        }
    }

    private byte* TranslateNoted(ulong pc)
    {
        if (pc == AddressOf(pc)) // descriptors are each process's own
            _notes?.Write(pc, ThunkKind.None);
        return Translate(pc, ThunkKind.None);
    }

    // Runs until an exit that cannot be answered here; null means: look up Pc and go on.
    private ExitReason? RunFrom(VcpuState* s, byte* host)
    {
        while (true)
        {
            if (_options.NoChain)
                _options.Listener?.Executing(s->Pc, host);
            s->Held = s->Epoch | 1;
            bool traced = (s->Flags & TrapFlag) != 0;
            if (traced)
                EnterTraced(s, host);
            else
                _stubs.Enter(host);

            while (s->Reason is ExitReason.Fault or ExitReason.Interrupt)
            {
                if (s->HostPc == 0 && s->Pending == 0)
                    return null; // Enter gave up for a stopped world: look the code up again
                if (MakePrecise(s) == Precision.Exact)
                {
                    if (s->HostPc != 0)
                        s->HostPc = PreciseAlready;
                    return s->Reason;
                }

                ResumeAt(s, (byte*)s->HostPc);
            }

            traced |= (s->Flags & TrapFlag) != 0; // popf may have set it on the way
            switch (s->Reason)
            {
                case ExitReason.LinkMiss:
                    host = ResolveLink(s);
                    break;
                case ExitReason.IndirectMiss:
                    host = ResolveIndirect(s);
                    break;
                case ExitReason.StaleCode or ExitReason.WrongAssumption:
                    DropBlock(s);
                    return null;
                case ExitReason.HotBlock:
                    host = TranslateHot(s);
                    break;
                case ExitReason.Syscall or ExitReason.SyscallFault:
                    s->Pc = s->Gpr[1];
                    return s->Reason;
                default:
                    return s->Reason;
            }

            if (traced)
                return CompleteTrace(s);
            if (host == null)
                return null; // cold or not to be fetched: another thread may have changed either, so it is Run that decides
            if (s->Pending != 0)
                return s->Reason = ExitReason.Interrupt;
        }
    }

    private byte* ResolveLink(VcpuState* s)
    {
        using (_gate.Hold())
        {
            Generation generation = _generations[s->ExitArg & 1];
            ref Link link = ref generation.Links[(int)(s->ExitArg >> 1)];
            s->Pc = link.Target;
            s->Held = 0;
            uint epoch = *_region.StopWord;
            byte* host = Find(s->Pc);
            if (host == null && !IsCold(s->Pc))
                host = TranslateNoted(s->Pc);
            if (host != null && generation == _current && epoch == *_region.StopWord && !link.Linked)
                Connect(ref link, (int)(s->ExitArg >> 1), host);
            return host;
        }
    }

    private byte* ResolveIndirect(VcpuState* s)
    {
        ulong target = s->Pc = s->Scratch[2];
        s->Held = 0;
        using (_gate.Hold())
        {
            byte* host = Find(target);
            if (host == null && IsCold(target))
                return null;
            ThunkKind kind = s->ExitArg == 1 ? ThunkKind.Return : ThunkKind.Jump;
            _notes?.Write(target, kind);
            return OpenTo(target, kind, host);
        }
    }

    // For indirect branches; translates what has no host code yet.
    private byte* OpenTo(ulong target, ThunkKind kind, byte* host)
    {
        if (_traits.ComparesTargets)
            return PublishTarget(target, host != null ? host : Translate(target, ThunkKind.None));
        if (_options.NoChain)
            kind = ThunkKind.None;
        if (host == null)
            return Translate(target, kind);
        if (kind != ThunkKind.None)
            AddThunk(target, kind, host);
        return host;
    }
}
