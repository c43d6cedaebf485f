using System.Diagnostics;
using Suite.Devices.Core;
using Suite.Host;
using Suite.Jit.Memory;

namespace Suite.Machines;

/// <summary>
/// A machine as its parts share it: one lock, time, address spaces, devices, vCPU threads, and its life cycle. What a machine consists of is its
/// board's business. The thread that calls <see cref="Run"/> drives the clock and does what others have posted.
/// </summary>
public sealed partial class Machine : IDisposable
{
    private const int VcpuStack = 1 << 20;
    private const long Millisecond = 1_000_000;
    private const int NoVcpu = -1;

    private readonly List<VcpuThread> _vcpus = [];
    private readonly List<Device> _devices = [];
    private readonly List<RamBlock> _ram = [];
    private readonly Queue<Action> _posted = [];
    private readonly WakeEvent _wake = new(), _parked = new();
    private readonly InstructionTime? _time;
    private readonly ThreadLocal<int> _vcpuOfThread = new(static () => NoVcpu);
    private int _pauses;
    private bool _isRunning, _isEnding;
    private int? _exitStatus;

    /// <summary>An empty machine, not running.</summary>
    /// <param name="time">The guest's time is its processor's instructions; null for the host's clock.</param>
    public Machine(InstructionTime? time = null)
    {
        Lock = new Lock();
        _time = time;
        Clock = time is null
            ? new VirtualClock(static () => Stopwatch.GetTimestamp() * (VirtualClock.Second / Stopwatch.Frequency)) { Hurry = _wake.Set }
            : new VirtualClock(() => time.Nanoseconds) { Hurry = () => time.LimitTo(Clock!) };
        Clock.Stop();
        Spaces = new AddressSpaces(Lock);
    }

    /// <summary>Devices are called under this lock, guest memory maps change under it.</summary>
    public Lock Lock { get; }

    /// <summary>The guest's time; stands while the machine is stopped.</summary>
    public VirtualClock Clock { get; }

    public AddressSpaces Spaces { get; }

    /// <summary>What the machine is doing.</summary>
    public RunState State { get; private set; } = RunState.Prelaunch;

    /// <summary>vCPUs in the order of their numbers.</summary>
    public IReadOnlyList<IVcpu> Vcpus { get; private set; } = [];

    /// <summary>The number of the vCPU whose thread this is; -1 on other threads.</summary>
    public int CurrentVcpu => _vcpuOfThread.Value;

    /// <summary>Devices in the order they were added: the order of reset and of snapshots.</summary>
    public IReadOnlyList<Device> Devices => _devices;

    /// <summary>Memory that is part of snapshots, in the order it was added.</summary>
    public IReadOnlyList<RamBlock> RamBlocks => _ram;

    /// <summary>-no-reboot: a reset by the guest ends the machine instead.</summary>
    public bool EndsAtReset { get; set; }

    /// <summary>-no-shutdown: powering off stops the machine instead of ending it.</summary>
    public bool StaysAfterShutdown { get; set; }

    /// <summary>What a panic of the guest leads to.</summary>
    public PanicAction OnPanic { get; set; } = PanicAction.Shutdown;

    /// <summary>Exit status after a panic.</summary>
    public int PanicStatus { get; set; }

    /// <summary>Called under the lock after every device was reset: the boards' memory map and firmware.</summary>
    public event Action? Resetting;

    /// <summary>Called under the lock when the power button is pressed.</summary>
    public event Action? PoweringDown;

    /// <summary>Something happened that a monitor may want to tell. Called on any thread, mostly under the lock.</summary>
    public event Action<MachineEvent>? Happened;

    /// <summary>The machine ends, with a status: the last call before its processors' threads end, on the thread of <see cref="Run"/> without the lock.</summary>
    public event Action<int>? Ending;

    /// <summary>A vCPU hit a breakpoint or was single-stepped; called on its thread without the lock, after the machine was asked to stop.</summary>
    public event Action<IVcpu>? DebugStopped;

    /// <summary>Adds a device; its state is reset with the machine, and part of snapshots.</summary>
    public T Add<T>(T device)
        where T : Device
    {
        _devices.Add(device);
        return device;
    }

    /// <summary>Adds memory that is part of snapshots.</summary>
    public RamBlock Add(RamBlock block)
    {
        _ram.Add(block);
        return block;
    }

    /// <summary>Takes a device out that was unplugged.</summary>
    public void Remove(Device device) => _devices.Remove(device);

    /// <summary>Adds a vCPU; before <see cref="Run"/>.</summary>
    public void AddVcpu(IVcpu vcpu)
    {
        _time?.Attach(vcpu);
        _vcpus.Add(new VcpuThread(vcpu));
        Vcpus = [.. _vcpus.Select(t => t.Vcpu)];
    }

    /// <summary>Tells monitors of an event.</summary>
    public void Tell(MachineEvent what) => Happened?.Invoke(what);

    /// <summary>Does something on the thread of <see cref="Run"/>, without the lock held. From any thread.</summary>
    public void Post(Action action)
    {
        lock (_posted)
            _posted.Enqueue(action);
        _wake.Set();
    }

    /// <summary>Wakes a vCPU that reported <see cref="VcpuExit.Halted"/>, to look whether it has work. From any thread.</summary>
    public void WakeVcpu(int index) => _vcpus[index].Wake.Set();

    /// <summary>The host's number of a vCPU's thread; 0 before it runs.</summary>
    public int ThreadIdOf(int index) => _vcpus[index].ThreadId;

    /// <summary>Ends the machine; <see cref="Run"/> returns the status. From any thread; the first status counts.</summary>
    public void Exit(int status)
    {
        _exitStatus ??= status;
        Freeze(); // the guest does nothing more
        _wake.Set();
    }

    /// <summary>The status the machine ends with; null while nobody has asked for its end.</summary>
    public int? ExitStatus => _exitStatus;

    /// <summary>Runs the machine until it ends; the result is the exit status.</summary>
    /// <param name="isStopped">-S: built but not started.</param>
    public int Run(bool isStopped)
    {
        if (_vcpus.Count == 0)
            throw new InvalidOperationException("a machine without processors");
        SharpenTimers();
        lock (Lock)
            ResetAll();
        foreach (VcpuThread t in _vcpus)
        {
            t.Thread = new Thread(() => RunVcpu(t), VcpuStack) { IsBackground = true, Name = $"vcpu{t.Vcpu.Index}" };
            t.Thread.Start();
        }

        if (!isStopped)
            Continue();
        while (_exitStatus is null)
        {
            _wake.Wait(RunClock());
            RunPosted();
        }

        Ending?.Invoke(_exitStatus.Value);
        EndVcpus();
        return _exitStatus.Value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndVcpus();
        foreach (VcpuThread t in _vcpus)
            t.Vcpu.Dispose();

        _vcpus.Clear();
        _vcpuOfThread.Dispose();
    }

    // Nanoseconds until the next timer; -1 for none.
    private long RunClock()
    {
        lock (Lock)
        {
            if (!_isRunning || _time is not null)
                return -1;
            Clock.RunExpired();
            return Clock.NextDeadline is { } next ? Math.Max(next - Clock.Now, 0) : -1;
        }
    }

    private void RunPosted()
    {
        while (_exitStatus is null)
        {
            Action? next;
            lock (_posted)
                _posted.TryDequeue(out next);
            if (next is null)
                return;
            next();
        }
    }

    // The kernel lets a sleep take 50 us longer unless told otherwise.
    private static void SharpenTimers()
    {
        const int PR_SET_TIMERSLACK = 29;
        Sys.Call(Nr.prctl, PR_SET_TIMERSLACK, 1);
    }

    private void EndVcpus()
    {
        lock (Lock)
            _isEnding = true;
        foreach (VcpuThread t in _vcpus)
        {
            t.Vcpu.Kick();
            t.Wake.Set();
        }

        foreach (VcpuThread t in _vcpus)
            t.Thread?.Join();
    }
}
