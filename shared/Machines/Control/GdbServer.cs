using Suite.Devices.Char;
using Suite.Gdb;

namespace Suite.Machines.Control;

/// <summary>
/// Serves gdb's remote protocol for the whole machine: threads are processors, memory is what the stopped processor sees. Everything is done on the thread of
/// <see cref="Machine.Run"/>.
/// </summary>
public sealed class GdbServer : ICharReceiver, IGdbTarget
{
    private const int Process = 1, SigInt = 2, Accepted = 4096;

    private readonly MachineControl _control;
    private readonly IGdbRegisters _registers;
    private readonly IChardev _line;
    private readonly HashSet<ulong> _breakpoints = [];
    private readonly List<(GdbPoint Kind, ulong Address, int Length)> _watches = [];
    private GdbSession? _session;
    private int _cpu;
    private bool _wasRunning, _resumed;

    /// <summary>A server; the machine stops when a debugger connects.</summary>
    public GdbServer(MachineControl control, IGdbRegisters registers, IChardev line)
    {
        (_control, _registers, _line) = (control, registers, line);
        control.Machine.DebugStopped += vcpu => Tell(vcpu.Index);
        control.Machine.Ending += End;
        line.Receiver = this;
    }

    /// <inheritdoc/>
    public int Room => Accepted;

    /// <inheritdoc/>
    public GdbDescription Description => _registers.Description;

    /// <inheritdoc/>
    public IReadOnlyList<GdbThreadId> Threads => [.. Machine.Vcpus.Select(v => Id(v.Index))];

    /// <inheritdoc/>
    public GdbEvents Events { get; set; }

    /// <inheritdoc/>
    public IGdbFiles? Files => null;

    private Machine Machine => _control.Machine;

    /// <inheritdoc/>
    public void Opened() => Machine.Post(Begin);

    /// <inheritdoc/>
    public void Closed() => Machine.Post(LetGo);

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        Machine.Post(() =>
        {
            if (_session is null)
                Begin();
            _session?.Receive(copy);
            if (_session is { IsOver: true })
                LetGo();
        });
    }

    /// <inheritdoc/>
    public string? ThreadName(GdbThreadId thread) => TryCpu(thread, out int cpu) ? $"CPU#{cpu} [{(_control.Inspector.IsHalted(cpu) ? "halted" : "running")}]" : null;

    /// <inheritdoc/>
    public bool ReadRegisters(GdbThreadId thread, Span<byte> all)
    {
        if (!TryCpu(thread, out int cpu))
            return false;
        _cpu = cpu;
        lock (Machine.Lock)
            _registers.Read(cpu, all);
        return true;
    }

    /// <inheritdoc/>
    public bool WriteRegisters(GdbThreadId thread, ReadOnlySpan<byte> all)
    {
        if (!TryCpu(thread, out int cpu))
            return false;
        lock (Machine.Lock)
            _registers.Write(cpu, all);
        return true;
    }

    /// <inheritdoc/>
    public int ReadMemory(int process, ulong address, Span<byte> into)
    {
        const int Page = 4096;
        int done = 0;
        lock (Machine.Lock)
        {
            while (done < into.Length)
            {
                int part = (int)Math.Min((ulong)(into.Length - done), Page - (address + (ulong)done) % Page);
                if (!_control.TryRead(_cpu, address + (ulong)done, isPhysical: false, into.Slice(done, part)))
                    break;
                done += part;
            }
        }

        return done;
    }

    /// <inheritdoc/>
    public bool WriteMemory(int process, ulong address, ReadOnlySpan<byte> data)
    {
        lock (Machine.Lock)
            return _control.TryWrite(_cpu, address, data);
    }

    /// <inheritdoc/>
    public bool Offers(GdbPoint kind) => kind != GdbPoint.Read;

    /// <inheritdoc/>
    public bool InsertPoint(int process, GdbPoint kind, ulong address, int length)
    {
        if (kind is GdbPoint.Software or GdbPoint.Hardware)
        {
            if (!_breakpoints.Add(address) || Apply())
                return true;
            _breakpoints.Remove(address);
            return Apply() && false;
        }

        if (length is not (1 or 2 or 4 or 8))
            return false;
        _watches.Add((kind, address, length));
        if (Apply())
            return true;
        _watches.RemoveAt(_watches.Count - 1);
        return Apply() && false;
    }

    /// <inheritdoc/>
    public bool RemovePoint(int process, GdbPoint kind, ulong address, int length)
    {
        if (kind is GdbPoint.Software or GdbPoint.Hardware)
            _breakpoints.Remove(address);
        else
            _watches.Remove((kind, address, length));
        return Apply();
    }

    /// <inheritdoc/>
    public void Resume(IReadOnlyList<GdbResume> actions)
    {
        int stepping = -1;
        HashSet<int> going = [];
        foreach (GdbResume action in actions)
        {
            if (action.Kind == GdbResumeKind.Stay || !TryCpu(action.Thread, out int cpu))
                continue;
            going.Add(cpu);
            if (action.Kind is GdbResumeKind.Step or GdbResumeKind.RangeStep)
                stepping = cpu;
        }

        if (Machine.State is RunState.Shutdown or RunState.GuestPanicked or RunState.InternalError)
        {
            _session?.Stopped(new GdbStop(GdbStopKind.Signal, Id(_cpu)) { Signal = SigInt });
            return;
        }

        foreach (IVcpu vcpu in Machine.Vcpus)
            Machine.Hold(vcpu.Index, stepping >= 0 ? vcpu.Index != stepping : !going.Contains(vcpu.Index));
        Apply(stepping);
        _resumed = true;
        Machine.Continue();
    }

    /// <inheritdoc/>
    public void Interrupt()
    {
        if (!_resumed)
            return;
        Machine.Stop(RunState.Debug);
        _resumed = false;
        _session?.Stopped(new GdbStop(GdbStopKind.Signal, Id(_cpu)) { Signal = SigInt });
    }

    /// <inheritdoc/>
    public void Kill(int process) => Machine.RequestShutdown(StopCause.HostQmpQuit);

    /// <inheritdoc/>
    public bool MayDetach(int process) => false;

    /// <inheritdoc/>
    public bool Detach(int process)
    {
        _wasRunning = true;
        return process == Process;
    }

    /// <inheritdoc/>
    public byte[]? ReadObject(string name, string annex, GdbThreadId thread) => null;

    /// <inheritdoc/>
    public bool WriteObject(string name, int offset, ReadOnlySpan<byte> data, GdbThreadId thread) => false;

    /// <inheritdoc/>
    public void SetPassedSignals(IReadOnlyList<int> signals)
    {
    }

    /// <inheritdoc/>
    public void SetCaughtCalls(IReadOnlyList<int>? numbers)
    {
    }

    /// <inheritdoc/>
    public string Monitor(string command) => MonitorCommands.Execute(new MonitorContext(_control) { Cpu = _cpu }, command);

    private static GdbThreadId Id(int cpu) => new(Process, cpu + 1);

    private bool TryCpu(GdbThreadId thread, out int cpu)
    {
        cpu = (int)thread.Thread - 1;
        return cpu >= 0 && cpu < Machine.Vcpus.Count;
    }

    private void Begin()
    {
        if (_session is not null)
            return;
        _wasRunning = Machine.State == RunState.Running || Machine.State == RunState.Prelaunch;
        if (Machine.State == RunState.Running)
            Machine.Stop(RunState.Debug);
        _resumed = false;
        _session = new GdbSession(this, SendToDebugger);
        _session.Begin(new GdbStop(GdbStopKind.Signal, Id(0)));
    }

    private void SendToDebugger(ReadOnlySpan<byte> bytes)
    {
        lock (Machine.Lock)
            _line.Write(bytes);
    }

    private void Tell(int cpu)
    {
        if (_session is null || !_resumed)
            return;
        (_resumed, _cpu) = (false, cpu);
        GdbStop stop;
        lock (Machine.Lock)
        {
            ulong pc = _registers.ProgramCounter(cpu);
            ulong? hit = _registers.WatchHit(cpu);
            stop = hit is { } at ? new GdbStop(_watches.Exists(w => w.Address == at && w.Kind == GdbPoint.Access) ? GdbStopKind.AccessWatch : GdbStopKind.WriteWatch, Id(cpu)) { Value = at }
                : new GdbStop(_breakpoints.Contains(pc) ? GdbStopKind.Breakpoint : GdbStopKind.Signal, Id(cpu));
        }

        _session.Stopped(stop);
    }

    private void End(int status)
    {
        if (_session is { } session && _resumed)
            session.Stopped(new GdbStop(GdbStopKind.Exited, Id(0)) { Value = (ulong)status });
    }

    private void LetGo()
    {
        if (_session is null)
            return;
        _session = null;
        _breakpoints.Clear();
        _watches.Clear();
        Apply();
        foreach (IVcpu vcpu in Machine.Vcpus)
            Machine.Hold(vcpu.Index, false);
        if (_wasRunning && !_resumed && Machine.State == RunState.Debug)
            Machine.Continue();
    }

    private bool Apply(int stepping = -1)
    {
        bool done = false;
        Machine.WhileParked(() => done = _registers.TrySetDebug(stepping, [.. _breakpoints], [.. _watches.Select(w => (w.Address, w.Length, w.Kind == GdbPoint.Access))]));
        return done;
    }
}
