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

    public Board Board => board;

    public Machine Machine => board.Machine;

    public ICpuInspector Inspector => inspector;

    public DeviceCatalogue Catalogue => catalogue;

    public IAccelerator Accelerator => accelerator;

    /// <summary>savevm and its kin; null until the machine has them.</summary>
    public ISnapshots? Snapshots { get; set; }

    /// <summary>Saves the screen; null where there is none.</summary>
    public Action<string, string>? Screendump { get; set; }

    /// <summary>The text of `info vnc`; null where none is served.</summary>
    public Func<string>? VncText { get; set; }

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
