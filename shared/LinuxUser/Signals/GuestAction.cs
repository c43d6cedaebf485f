using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Proc;

namespace Suite.LinuxUser.Signals;

/// <summary>What a guest asked for with sigaction, in host values.</summary>
public readonly record struct GuestAction(ulong Handler, ulong Flags, ulong Restorer, ulong Mask)
{
    public const ulong Default = 0, Ignore = 1;

    public bool IsDefault => Handler == Default;

    public bool IsIgnored => Handler == Ignore;

    public bool Has(ulong flag) => (Flags & flag) != 0;
}

/// <summary>
/// The guest's signal dispositions and their mirror in the host kernel. A signal with a guest handler has the signal gate as its host
/// handler; default and ignore are left to the kernel, except for the signals processors raise, which the engine always sees, and for a default
/// action that dumps core: the core would be the emulator's, not the guest's.
/// </summary>
public sealed unsafe class SignalActions(Stubs stubs)
{
    private readonly GuestAction[] _actions = new GuestAction[65];
    private readonly bool[] _known = new bool[65];
    private readonly bool[] _caught = new bool[65];
    private ulong _watched, _watchedDefaults;
    private PublishedProcess* _published;

    /// <summary>The guest's disposition.</summary>
    public GuestAction this[int signal]
    {
        get
        {
            if (!_known[signal])
                LearnInherited(signal);
            return _actions[signal];
        }
    }

    /// <summary>Installs the gate for the signals the engine itself needs and notes what stood there before.</summary>
    public void InstallGate(CodeRegion region, bool pipeIgnored)
    {
        _published = PublishedProcess.In(region);
        _published->KnownSignals = SignalMasks.Faults | SignalMasks.Of(SignalMasks.Runtime) | SignalMasks.Of(SignalMasks.Kick);
        for (int signal = 1; signal <= 31; signal++)
        {
            if ((SignalMasks.Faults & SignalMasks.Of(signal)) == 0)
                continue;
            KernelAction old = default;
            KernelAction gate = Gate(0);
            Sys.Call(Nr.rt_sigaction, signal, (long)&gate, (long)&old, 8);
            region.OldHandlers[signal] = old.Handler;
            _known[signal] = true;
        }

        // The runtime's own interruption signal: the gate tells its uses apart.
        KernelAction before = default, runtime = Gate(Linux.SA_RESTART);
        Sys.Call(Nr.rt_sigaction, SignalMasks.Runtime, (long)&runtime, (long)&before, 8);
        region.OldHandlers[SignalMasks.Runtime] = before.Handler;
        _known[SignalMasks.Runtime] = true;
        KernelAction kick = Gate(Linux.SA_RESTART);
        Sys.Call(Nr.rt_sigaction, SignalMasks.Kick, (long)&kick, 0, 8);
        _known[SignalMasks.Kick] = true;

        // For the first process of a namespace the kernel drops signals without a handler.
        if (Sys.Call(Nr.getpid) != 1)
            foreach (int signal in CoreSignals)
                CatchDefault(signal);

        // The runtime ignores SIGPIPE for itself; guests start with what the tool was started with.
        KernelAction pipe = default;
        pipe.Handler = pipeIgnored ? GuestAction.Ignore : GuestAction.Default;
        Sys.Call(Nr.rt_sigaction, Linux.SIGPIPE, (long)&pipe, 0, 8);
    }

    /// <summary>
    /// From now on a signal that would end the process comes through the gate too, so that somebody can say so before it ends. What the tool
    /// was started with ignored stays ignored.
    /// </summary>
    public void WatchDeath()
    {
        if (Sys.Call(Nr.getpid) == 1)
            return; // for the first process of a namespace the kernel drops signals without a handler
        for (int signal = 1; signal <= 64; signal++)
            if (Kills(signal) && !HasGateAlways(signal) && !_caught[signal])
                CatchDefault(signal);
    }

    /// <summary>Sets a disposition; the result is 0 or -errno of the host.</summary>
    public long Set(int signal, in GuestAction action)
    {
        _ = this[signal];
        if (!HasGateAlways(signal))
        {
            KernelAction host = (action.IsDefault || action.IsIgnored) && !IsWatched(signal, action)
                ? new KernelAction { Handler = action.Handler, Flags = (action.Flags & Passed) | Linux.SA_RESTORER, Restorer = (ulong)stubs.Restorer }
                : Gate(CaughtFlags(signal, action));
            long error = Sys.Call(Nr.rt_sigaction, signal, (long)&host, 0, 8);
            if (error != 0)
                return error;
        }
        else if (signal is SignalMasks.Runtime)
        {
            KernelAction host = Gate(action.Flags & Passed);
            Sys.Call(Nr.rt_sigaction, signal, (long)&host, 0, 8);
        }

        _actions[signal] = action;
        Publish(signal);
        return 0;
    }

    // A process of its own with the same memory (Copy) leaves alone what is said about the one it came from.
    private void Publish(int signal)
    {
        if (_published == null)
            return;
        ulong bit = SignalMasks.Of(signal);
        GuestAction action = _actions[signal];
        _published->KnownSignals |= bit;
        _published->IgnoredSignals = action.IsIgnored ? _published->IgnoredSignals | bit : _published->IgnoredSignals & ~bit;
        _published->CaughtSignals = !action.IsIgnored && !action.IsDefault ? _published->CaughtSignals | bit : _published->CaughtSignals & ~bit;
    }

    /// <summary>
    /// Lets a tracer see signals on which the kernel would act unseen; bit n-1 for signal n. Those it wants no longer are left to the kernel again.
    /// </summary>
    /// <param name="always">Signals it wants to see also when the guest ignores them.</param>
    /// <param name="defaults">Signals it wants to see when the guest has the default action.</param>
    public void Watch(ulong always, ulong defaults = 0)
    {
        (ulong changed, _watched, _watchedDefaults) = ((always ^ _watched) | (defaults ^ _watchedDefaults), always, defaults);
        for (int signal = 1; signal <= 64; signal++)
            if ((changed & SignalMasks.Of(signal)) != 0 && IsWatchable(signal) && (this[signal].IsDefault || this[signal].IsIgnored || signal == Linux.SIGCHLD))
                Set(signal, _actions[signal]);
    }

    /// <summary>The default action of a signal that stops, taken here because the signal is watched; returns when the process goes on.</summary>
    public void StopByDefault(int signal)
    {
        RestoreHostDefault(signal);
        ulong open = SignalMasks.Of(signal), old;
        Sys.Call(Nr.tgkill, Sys.Call(Nr.getpid), Sys.Call(Nr.gettid), signal);
        Sys.Blocking(Nr.rt_sigprocmask, Linux.SIG_UNBLOCK, (long)&open, (long)&old, 8);
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&old, 0, 8);
        Set(signal, this[signal]);
    }

    /// <summary>
    /// What the guest ignores stays ignored across exec, handlers of the host do not: they make way for the time of the call.
    /// </summary>
    public void UncoverIgnored(bool forExec)
    {
        ulong watched = _watched;
        if (watched == 0)
            return;
        if (forExec)
            _watched = 0;
        for (int signal = 1; signal <= 64; signal++)
            if (_known[signal] && _actions[signal].IsIgnored)
                Set(signal, _actions[signal]);
        _watched = watched;
    }

    // Of a SIGCHLD that is watched: ignoring it still means that children leave no zombies, and stops are announced whatever the guest wants.
    private ulong CaughtFlags(int signal, in GuestAction action)
    {
        ulong flags = (action.Flags & Passed) | (action.IsDefault || action.IsIgnored ? Linux.SA_RESTART : 0);
        if (signal != Linux.SIGCHLD || (_watched & SignalMasks.Of(signal)) == 0)
            return flags;
        return (flags & ~Linux.SA_NOCLDSTOP) | (action.IsIgnored ? Linux.SA_NOCLDWAIT : 0);
    }

    private bool IsWatched(int signal, in GuestAction action) =>
        IsWatchable(signal) && ((_watched & SignalMasks.Of(signal)) != 0 || (action.IsDefault && (_caught[signal] || (_watchedDefaults & SignalMasks.Of(signal)) != 0)));

    // What cannot be caught, and what the engine has for itself.
    private static bool IsWatchable(int signal) => signal is not (Linux.SIGKILL or Linux.SIGSTOP) && !HasGateAlways(signal);

    /// <summary>Forgets a handler that is to run once (SA_RESETHAND).</summary>
    public void Reset(int signal) => Set(signal, _actions[signal] with { Handler = GuestAction.Default, Flags = _actions[signal].Flags });

    /// <summary>Puts the host's default action in force, for a guest that dies of the signal.</summary>
    public static void RestoreHostDefault(int signal)
    {
        KernelAction none = default;
        Sys.Call(Nr.rt_sigaction, signal, (long)&none, 0, 8);
    }

    /// <summary>The same dispositions, for a process of its own.</summary>
    public SignalActions Copy()
    {
        SignalActions copy = new(stubs);
        _actions.CopyTo(copy._actions, 0);
        _known.CopyTo(copy._known, 0);
        _caught.CopyTo(copy._caught, 0);
        (copy._watched, copy._watchedDefaults) = (_watched, _watchedDefaults);
        return copy;
    }

    /// <summary>Copy of all dispositions, to be put back after a vfork child changed them.</summary>
    public GuestAction[] Save() => (GuestAction[])_actions.Clone();

    /// <summary>Puts a copy back, without touching the host: parent and child have their own there.</summary>
    public void Restore(GuestAction[] saved, ulong watched)
    {
        saved.CopyTo(_actions, 0);
        _watched = watched;
        for (int signal = 1; signal <= 64; signal++)
            if (_known[signal])
                Publish(signal);
    }

    /// <summary>What <see cref="Watch"/> was given.</summary>
    public ulong Watched => _watched;

    /// <summary>CLONE_CLEAR_SIGHAND: every handler goes, what was ignored stays so.</summary>
    public void ClearHandlers()
    {
        for (int signal = 1; signal <= 64; signal++)
            if (_known[signal] && !_actions[signal].IsDefault && !_actions[signal].IsIgnored)
                Set(signal, default);
    }

    private static bool Kills(int signal) => signal is not (Linux.SIGKILL or Linux.SIGSTOP or Linux.SIGCHLD or Linux.SIGCONT or Linux.SIGURG
        or Linux.SIGWINCH or Linux.SIGTSTP or Linux.SIGTTIN or Linux.SIGTTOU);

    private static bool HasGateAlways(int signal) => (SignalMasks.Faults & SignalMasks.Of(signal)) != 0 || signal is SignalMasks.Runtime or SignalMasks.Kick;

    private const ulong Passed = Linux.SA_RESTART | Linux.SA_NOCLDSTOP | Linux.SA_NOCLDWAIT;

    private KernelAction Gate(ulong flags) => new()
    {
        Handler = (ulong)stubs.SignalGate,
        Flags = flags | Linux.SA_SIGINFO | Linux.SA_ONSTACK | Linux.SA_RESTORER,
        Restorer = (ulong)stubs.Restorer,
        Mask = ulong.MaxValue,
    };

    // Signals whose default action dumps core, besides those processors raise (signal(7)).
    private static ReadOnlySpan<byte> CoreSignals => [Linux.SIGQUIT, Linux.SIGABRT, Linux.SIGXCPU, Linux.SIGXFSZ, Linux.SIGSYS];

    private void CatchDefault(int signal)
    {
        KernelAction old = default, gate = Gate(Linux.SA_RESTART);
        Sys.Call(Nr.rt_sigaction, signal, (long)&gate, (long)&old, 8);
        (_known[signal], _caught[signal]) = (true, true);
        _actions[signal] = old.Handler == GuestAction.Ignore ? new GuestAction(GuestAction.Ignore, 0, 0, 0) : _actions[signal];
        Publish(signal);
        if (old.Handler != GuestAction.Ignore)
            return;
        Sys.Call(Nr.rt_sigaction, signal, (long)&old, 0, 8);
    }

    private void LearnInherited(int signal)
    {
        _known[signal] = true;
        KernelAction host = default;
        Sys.Call(Nr.rt_sigaction, signal, 0, (long)&host, 8);
        _actions[signal] = new GuestAction(host.Handler == GuestAction.Ignore ? GuestAction.Ignore : GuestAction.Default, 0, 0, 0);
    }

    /// <summary>struct kernel_sigaction of x86-64.</summary>
    private struct KernelAction
    {
        public ulong Handler, Flags, Restorer, Mask;
    }
}
