using Suite.Devices.Core;
using Suite.Machines.Boards;
using Suite.Machines.Options;

namespace Suite.Machines.Control;

/// <summary>What monitors can do with a machine; both monitors share it. Called on the thread of <see cref="Machine.Run"/>, without the lock.</summary>
/// <param name="board">The machine.</param>
/// <param name="inspector">Its processors.</param>
/// <param name="catalogue">Devices that can be added.</param>
/// <param name="accelerator">What runs it.</param>
public sealed class MachineControl(Board board, ICpuInspector inspector, DeviceCatalogue catalogue, IAccelerator accelerator)
{
    private const int PageBytes = 4096, KeyMilliseconds = 100;

    private readonly List<FinishedJob> _jobs = [];

    public Board Board => board;

    public Machine Machine => board.Machine;

    public ICpuInspector Inspector => inspector;

    public DeviceCatalogue Catalogue => catalogue;

    public IAccelerator Accelerator => accelerator;

    /// <summary>Boards that -M offers.</summary>
    public IReadOnlyList<(string Name, bool IsDefault)> Machines { get; init; } = [];

    /// <summary>Models that -cpu offers.</summary>
    public IReadOnlyList<string> CpuModels { get; init; } = [];

    /// <summary>What is left of QMP's jobs until they are dismissed.</summary>
    public IReadOnlyList<FinishedJob> Jobs => _jobs;

    /// <summary>The mouse's buttons as monitors have pressed them.</summary>
    public int MouseButtons { get; private set; }

    /// <summary>Bytes of memory in the last core file that was written; null for none.</summary>
    public long? DumpedBytes { get; set; }

    /// <summary>savevm and its kin; null until the machine has them.</summary>
    public ISnapshots? Snapshots { get; set; }

    /// <summary>Saves the screen; null where there is none.</summary>
    public Action<string, string>? Screendump { get; set; }

    /// <summary>The VNC servers; null where none is served.</summary>
    public Func<IReadOnlyList<Display.VncDescription>>? VncServers { get; set; }

    /// <summary>Sets the VNC password; null where none is served.</summary>
    public Action<string>? SetVncPassword { get; set; }

    /// <summary>Starts a gdb server at an address; "none" ends it.</summary>
    public Action<string>? ServeGdb { get; set; }

    /// <summary>cont.</summary>
    /// <exception cref="ControlException">The machine has ended and has to be reset first.</exception>
    public void Continue()
    {
        if (Machine.State is RunState.Shutdown or RunState.GuestPanicked or RunState.InternalError)
            throw new ControlException("Resetting the Virtual Machine is required");
        Machine.Continue();
    }

    /// <summary>Adds a device to the running machine.</summary>
    public void AddDevice(KeyValues given)
    {
        Try(() => Machine.WhileParked(() =>
        {
            PluggedDevice made = catalogue.Create(board, given, isHotplug: true);
            made.Device?.Reset();
            board.Announce(made);
        }));
    }

    /// <summary>Takes a device out.</summary>
    public void RemoveDevice(string id)
    {
        if (!board.Plugged.Any(d => d.Id == id))
            throw new ControlException($"Device '{id}' not found", isNotFound: true);
        Try(() => Machine.WhileParked(() => board.AskToUnplug(id)));
    }

    /// <summary>Presses keys together, and lets them go.</summary>
    /// <param name="names">QEMU's names, as in ctrl, alt, delete.</param>
    /// <param name="milliseconds">How long they stay down; 0 for the usual.</param>
    public void SendKeys(IReadOnlyList<string> names, int milliseconds = 0)
    {
        List<KeyCode> keys = [];
        foreach (string name in names)
            keys.Add(KeyCodes.Find(name) ?? throw new ControlException($"Invalid parameter: no key is named '{name}'{Near(name)}"));
        lock (Machine.Lock)
        {
            foreach (KeyCode key in keys)
                board.Key(key.Code, key.IsExtended, isPressed: true);
            HostTimer release = board.Backends.Loop.NewTimer(() =>
            {
                for (int i = keys.Count - 1; i >= 0; i--)
                    board.Key(keys[i].Code, keys[i].IsExtended, isPressed: false);
            });
            release.Set(milliseconds > 0 ? milliseconds : KeyMilliseconds);
        }
    }

    /// <summary>Does QMP's job at once: its events, and what query-jobs tells of it until it is dismissed.</summary>
    /// <exception cref="ControlException">There is a job of that id.</exception>
    public void RunJob(string id, string type, Action action)
    {
        if (_jobs.Exists(j => j.Id == id))
            throw new ControlException($"Job ID '{id}' already in use");
        void Tell(string status) => Machine.Tell(new MachineEvent("JOB_STATUS_CHANGE", ("status", status), ("id", id)));
        Tell("created");
        Tell("running");
        string? error = null;
        try
        {
            action();
            Tell("waiting");
            Tell("pending");
        }
        catch (ControlException e)
        {
            error = e.Message;
            Tell("aborting");
        }

        _jobs.Add(new FinishedJob(id, type, error));
        Tell("concluded");
    }

    /// <summary>Forgets a job that has ended.</summary>
    /// <exception cref="ControlException">There is none.</exception>
    public void DismissJob(string id)
    {
        if (_jobs.RemoveAll(j => j.Id == id) == 0)
            throw new ControlException("Job not found", isNotFound: true);
        Machine.Tell(new MachineEvent("JOB_STATUS_CHANGE", ("status", "null"), ("id", id)));
    }

    /// <summary>Moves the mouse, and presses its buttons.</summary>
    /// <param name="buttons">1 left, 2 right, 4 middle; null leaves them as they are.</param>
    public void Mouse(int x, int y, int z, int? buttons)
    {
        lock (Machine.Lock)
        {
            MouseButtons = buttons ?? MouseButtons;
            board.Mouse(x, y, z, MouseButtons);
        }
    }

    /// <summary>Reads memory as a processor, or physically. False where nothing is mapped.</summary>
    public bool TryRead(int cpu, ulong address, bool isPhysical, Span<byte> into)
    {
        while (into.Length > 0)
        {
            int part = (int)Math.Min((ulong)into.Length, PageBytes - address % PageBytes);
            ulong physical = address;
            if (!isPhysical && !inspector.TryTranslate(cpu, address, out physical))
                return false;
            if (!Machine.Spaces.Memory.TryRead(physical, into[..part]))
                ReadDevice(physical, into[..part]);
            into = into[part..];
            address += (ulong)part;
        }

        return true;
    }

    // As a processor would read it, in the largest pieces that are aligned; what that changes in the device is the user's to know.
    private void ReadDevice(ulong address, Span<byte> into)
    {
        lock (Machine.Spaces.Lock)
        {
            Machine.Spaces.Settle();
            while (into.Length > 0)
            {
                int size = 8;
                while (size > into.Length || address % (ulong)size != 0)
                    size /= 2;
                ulong value = Machine.Spaces.Mmio.Read(address, size);
                for (int i = 0; i < size; i++)
                    into[i] = (byte)(value >> (8 * i));
                into = into[size..];
                address += (ulong)size;
            }
        }
    }

    /// <summary>Writes memory as a processor sees it, whatever the rights. False where nothing is mapped.</summary>
    public bool TryWrite(int cpu, ulong address, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            int part = (int)Math.Min((ulong)from.Length, PageBytes - address % PageBytes);
            if (!inspector.TryTranslate(cpu, address, out ulong physical) || !Machine.Spaces.Memory.TryWrite(physical, from[..part]))
                return false;
            from = from[part..];
            address += (ulong)part;
        }

        return true;
    }

    /// <summary>Does something whose mistakes are told as options' are.</summary>
    public static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (OptionException e)
        {
            throw new ControlException(e.Fix is null ? e.Message : $"{e.Message}: {e.Fix}");
        }
        catch (IOException e)
        {
            throw new ControlException(e.Message);
        }
    }

    private static string Near(string name) => Cli.Spelling.Nearest(name, KeyCodes.Names) is { } near ? $" (did you mean '{near}'?)" : "";
}

/// <summary>A job that has ended.</summary>
/// <param name="Id">As its user called it.</param>
/// <param name="Type">The command.</param>
/// <param name="Error">What went wrong; null for nothing.</param>
public sealed record FinishedJob(string Id, string Type, string? Error);
