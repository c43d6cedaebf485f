using System.Globalization;
using System.Text;
using Suite.Machines.Options;

namespace Suite.Machines.Control;

/// <summary>The commands of the human monitor.</summary>
public static class MonitorCommands
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<MonitorCommand> All { get; } =
    [
        new(["help", "?"], "[command]", "list the commands, or tell of one", static (_, a) => Help(a)),
        new(["info"], "[subject]", "tell of the machine's state", static (c, a) => MonitorInfo.Run(c, a)),
        new(["stop", "s"], "", "stop the machine", static (c, _) => Quiet(() => c.Control.Machine.Stop(RunState.Paused))),
        new(["cont", "c"], "", "let it go on", static (c, _) => Quiet(c.Control.Continue)),
        new(["system_reset"], "", "reset it", static (c, _) => Quiet(() => c.Control.Machine.RequestReset(StopCause.HostQmpSystemReset))),
        new(["system_powerdown"], "", "press the power button", static (c, _) => Quiet(c.Control.Machine.RequestPowerdown)),
        new(["quit", "q"], "", "end the emulator", static (c, _) => Quiet(() => c.Control.Machine.RequestShutdown(StopCause.HostQmpQuit))),
        new(["x"], "/fmt addr", "show memory as the processor sees it (/8xw: count, x d u o c i, size b h w g)", static (c, a) => MemoryDump.Run(c, a, isPhysical: false)),
        new(["xp"], "/fmt addr", "show physical memory", static (c, a) => MemoryDump.Run(c, a, isPhysical: true)),
        new(["cpu"], "index", "choose the processor that commands look at", static (c, a) => Cpu(c, a)),
        new(["nmi"], "", "send a non-maskable interrupt", static (c, _) => Quiet(() => c.Control.Machine.WhileParked(c.Control.Inspector.InjectNmi))),
        new(["sendkey"], "keys [ms]", "press keys together: ctrl-alt-delete", static (c, a) => SendKey(c, a)),
        new(["savevm"], "[name]", "save the whole machine", static (c, a) => Quiet(() => Snapshots(c).Save(a.Length > 0 ? a[0] : $"vm-{DateTime.Now:yyyyMMddHHmmss}"))),
        new(["loadvm"], "name", "go back to a saved state", static (c, a) => Quiet(() => Snapshots(c).Load(Need(a, 0, "a name")))),
        new(["delvm"], "name", "delete a saved state", static (c, a) => Quiet(() => Snapshots(c).Delete(Need(a, 0, "a name")))),
        new(["screendump"], "file [-f png|ppm]", "save the screen", static (c, a) => Screendump(c, a)),
        new(["device_add"], "driver[,prop=value]", "plug a device in ('device_add help' lists them)", static (c, a) => AddDevice(c, a)),
        new(["device_del"], "id", "pull a device out", static (c, a) => Quiet(() => c.Control.RemoveDevice(Need(a, 0, "an id")))),
        new(["eject"], "[-f] device", "take the medium out of a drive", static (c, a) => Quiet(() => Media(c).Eject(Need([.. a.Where(w => w != "-f")], 0, "a device"), a.Contains("-f")))),
        new(["change"], "device file [format]", "put another medium in; 'change vnc password'", static (c, a) => Change(c, a)),
        new(["memsave"], "addr size file", "save virtual memory to a file", static (c, a) => MemorySave(c, a, isPhysical: false)),
        new(["pmemsave"], "addr size file", "save physical memory to a file", static (c, a) => MemorySave(c, a, isPhysical: true)),
        new(["i"], "/fmt port", "read a port", static (c, a) => ReadPort(c, a)),
        new(["o"], "/fmt port value", "write a port", static (c, a) => WritePort(c, a)),
        new(["print", "p"], "/fmt number", "print a number", static (c, a) => Print(c, a)),
        new(["gdbserver"], "[dev]", "serve gdb (tcp::1234), or none", static (c, a) => GdbServer(c, a)),
        new(["balloon"], "megabytes", "how much memory the guest shall keep", static (c, a) => Balloon(c, a)),
        new(["set_link"], "name on|off", "plug or unplug a network cable", static (c, a) => SetLink(c, a)),
        new(["mouse_move"], "dx dy [dz]", "move the mouse", static (c, a) => MoveMouse(c, a)),
        new(["mouse_button"], "state", "press the mouse's buttons: 1 left, 2 right, 4 middle, and their sums", static (c, a) => Quiet(() => c.Control.Mouse(0, 0, 0, (int)Number(c, Need(a, 0, "a state")) & 7))),
        new(["gva2gpa"], "addr", "where a virtual address lies physically", static (c, a) => Physical(c, a)),
        new(["sum"], "addr size", "a checksum of physical memory", static (c, a) => Sum(c, a)),
        new(["boot_set"], "bootdevice", "from what the next start boots: letters as for -boot order=", static (c, a) => SetBootOrder(c, Need(a, 0, "letters"))),
        .. QomCommands.Human,
        .. CoreDump.Human,
        .. BackendCommands.Human,
        .. BlockCommands.Human,
    ];

    /// <summary>Executes a line; the result is what is printed.</summary>
    public static string Execute(MonitorContext context, string line)
    {
        string[] words = Split(line);
        if (words.Length == 0)
            return "";
        // x/8xw is a word of its own: the command, a slash, the format.
        int slash = words[0].IndexOf('/');
        string name = slash > 0 ? words[0][..slash] : words[0];
        string[] arguments = slash > 0 ? [words[0][slash..], .. words[1..]] : words[1..];
        foreach (MonitorCommand command in All)
        {
            if (Array.IndexOf(command.Names, name) < 0)
                continue;
            try
            {
                return command.Run(context, arguments);
            }
            catch (ControlException e)
            {
                return $"Error: {e.Message}\n";
            }
            catch (OptionException e)
            {
                return $"Error: {e.Message}{(e.Fix is null ? "" : $" ({e.Fix})")}\n";
            }
            catch (Exception e)
            {
                return $"Error: {e.Message}\n"; // of no command does the machine end, whatever it meets
            }
        }

        string? near = Cli.Spelling.Nearest(name, All.SelectMany(c => c.Names));
        return $"unknown command: '{name}'{(near is null ? "" : $" (did you mean '{near}'?)")}\n";
    }

    /// <summary>A number or an expression of numbers and registers.</summary>
    /// <exception cref="ControlException">It is none.</exception>
    public static ulong Number(MonitorContext context, string text) => MonitorExpression.Value(context, text);

    /// <summary>An argument that must be there.</summary>
    public static string Need(string[] arguments, int index, string what) => index < arguments.Length ? arguments[index] : throw new ControlException($"{what} is missing");

    private static string Quiet(Action action)
    {
        action();
        return "";
    }

    private static ISnapshots Snapshots(MonitorContext c) => c.Control.Snapshots ?? throw new ControlException("this machine has no snapshots");

    private static IMedia Media(MonitorContext c) => c.Control.Board.Backends.Media;

    private static string Help(string[] a)
    {
        StringBuilder text = new();
        foreach (MonitorCommand command in All)
            if (a.Length == 0 || command.Names.Contains(a[0]))
                text.Append($"{string.Join('|', command.Names)} {command.Arguments} -- {command.Help}\n");
        if (a is ["info"])
            text.Append(MonitorInfo.Help());
        return text.Length > 0 ? text.ToString() : $"no command is named '{a[0]}'\n";
    }

    private static string AddDevice(MonitorContext c, string[] a)
    {
        string text = Need(a, 0, "a driver");
        if (text is "help" or "?")
            return c.Control.Catalogue.Help();
        KeyValues given = KeyValues.Parse("device_add", text, "driver");
        if (given.Has("help") || given.Has("?"))
            return c.Control.Catalogue.Help(given.Need("driver"));
        c.Control.AddDevice(given);
        return "";
    }

    private static string SetBootOrder(MonitorContext c, string letters)
    {
        lock (c.Control.Machine.Lock)
            c.Control.Board.SetBootOrder(letters);
        return $"boot device list now set to {letters}\n";
    }

    private static string MoveMouse(MonitorContext c, string[] a)
    {
        const int Most = 1 << 15;
        int Step(int at) => at < a.Length ? (int)Math.Clamp((long)Number(c, a[at]), -Most, Most) : 0;
        Need(a, 1, "a distance in each direction");
        c.Control.Mouse(Step(0), Step(1), Step(2), null);
        return "";
    }

    private static string Physical(MonitorContext c, string[] a)
    {
        ulong address = Number(c, Need(a, 0, "an address"));
        return c.Parked(() => c.Control.Inspector.TryTranslate(c.Cpu, address, out ulong physical) ? $"gpa: 0x{physical:x}\n" : "Unmapped\n");
    }

    // The checksum of the BSD command of that name, of 16 bits.
    private static string Sum(MonitorContext c, string[] a)
    {
        ulong address = Number(c, Need(a, 0, "an address")), size = Number(c, Need(a, 1, "a size"));
        ushort sum = 0;
        c.Control.Machine.WhileParked(() => ForEachChunk(c, address, size, isPhysical: true, chunk =>
        {
            foreach (byte b in chunk)
                sum = (ushort)((sum >> 1 | sum << 15) + b);
        }));
        return $"{sum:d5}\n";
    }

    private static string Cpu(MonitorContext c, string[] a)
    {
        ulong index = Number(c, Need(a, 0, "a number"));
        if (index >= (ulong)c.Control.Machine.Vcpus.Count)
            throw new ControlException($"there is no CPU {index}");
        c.Cpu = (int)index;
        return "";
    }

    private static string SendKey(MonitorContext c, string[] a)
    {
        string keys = Need(a, 0, "a key");
        c.Control.SendKeys(keys == "-" ? ["minus"] : keys.Split('-'), a.Length > 1 ? (int)Math.Min(Number(c, a[1]), 10_000) : 0);
        return "";
    }

    private static string Screendump(MonitorContext c, string[] a)
    {
        string file = Need(a, 0, "a file");
        int at = Array.IndexOf(a, "-f");
        string format = at >= 0 && at + 1 < a.Length ? a[at + 1] : file.EndsWith(".png", StringComparison.OrdinalIgnoreCase) ? "png" : "ppm";
        if (format is not ("png" or "ppm"))
            throw new ControlException($"'{format}' is not a format: png or ppm");
        (c.Control.Screendump ?? throw new ControlException("this machine has no display (-vga std gives it one)"))(file, format);
        return "";
    }

    private static string Change(MonitorContext c, string[] a)
    {
        string device = Need(a, 0, "a device");
        if (device == "vnc")
        {
            string password = a.Length > 2 ? a[2] : Need(a, 1, "a password");
            (c.Control.SetVncPassword ?? throw new ControlException("no VNC display is served"))(password);
            return "";
        }

        Media(c).Change(device, Need(a, 1, "a file"), a.Length > 2 ? a[2] : null);
        return "";
    }

    private static string MemorySave(MonitorContext c, string[] a, bool isPhysical)
    {
        ulong address = Number(c, Need(a, 0, "an address")), size = Number(c, Need(a, 1, "a size"));
        using FileStream file = File.Create(Need(a, 2, "a file"));
        c.Control.Machine.WhileParked(() => ForEachChunk(c, address, size, isPhysical, chunk => file.Write(chunk)));
        return "";
    }

    private static void ForEachChunk(MonitorContext c, ulong address, ulong size, bool isPhysical, Action<ReadOnlySpan<byte>> take)
    {
        const ulong Most = 1UL << 40;
        const int Chunk = 1 << 20;
        if (size > Most)
            throw new ControlException("that is more than a machine has");
        byte[] chunk = new byte[Chunk];
        for (ulong done = 0; done < size;)
        {
            int part = (int)Math.Min(size - done, Chunk);
            if (!c.Control.TryRead(c.Cpu, address + done, isPhysical, chunk.AsSpan(0, part)))
                throw new ControlException($"nothing is mapped at {address + done:x} or behind it");
            take(chunk.AsSpan(0, part));
            done += (ulong)part;
        }
    }

    private static string ReadPort(MonitorContext c, string[] a)
    {
        (int size, int at) = PortFormat(a);
        ushort port = (ushort)Number(c, Need(a, at, "a port"));
        return $"portr[0x{port:x4}] = 0x{c.Control.Machine.Spaces.In(port, size).ToString($"x{size * 2}", CultureInfo.InvariantCulture)}\n";
    }

    private static string WritePort(MonitorContext c, string[] a)
    {
        (int size, int at) = PortFormat(a);
        c.Control.Machine.Spaces.Out((ushort)Number(c, Need(a, at, "a port")), size, (uint)Number(c, Need(a, at + 1, "a value")));
        return "";
    }

    private static (int Size, int First) PortFormat(string[] a)
    {
        if (a.Length == 0 || a[0][0] != '/')
            return (1, 0);
        return (a[0].Contains('w') ? 4 : a[0].Contains('h') ? 2 : 1, 1);
    }

    private static string Print(MonitorContext c, string[] a)
    {
        bool hasFormat = a.Length > 0 && a[0].StartsWith('/');
        Need(a, hasFormat ? 1 : 0, "a number");
        ulong value = Number(c, string.Join(' ', a[(hasFormat ? 1 : 0)..]));
        return (hasFormat ? a[0][^1] : 'd') switch
        {
            'x' => $"0x{value:x}\n",
            'o' => $"0{Convert.ToString((long)value, 8)}\n",
            'u' => $"{value}\n",
            'c' => $"'{(char)(byte)value}'\n",
            _ => $"{(long)value}\n",
        };
    }

    private static string GdbServer(MonitorContext c, string[] a)
    {
        string where = a.Length > 0 ? a[0] : "tcp::1234";
        (c.Control.ServeGdb ?? throw new ControlException("this machine serves no debugger"))(where);
        return where == "none" ? "Disabled gdbserver\n" : $"Waiting for gdb connection on device '{where}'\n";
    }

    private static string Balloon(MonitorContext c, string[] a)
    {
        ulong bytes = Number(c, Need(a, 0, "a size")) << 20;
        lock (c.Control.Machine.Lock)
            (BalloonOf(c.Control) ?? throw new ControlException("No balloon device has been activated")).SetTarget(bytes);
        return "";
    }

    /// <summary>The machine's balloon; null when it has none.</summary>
    internal static Devices.Virtio.VirtioBalloon? BalloonOf(MachineControl control) => control.Board.Plugged.Select(d => d.Virtio).OfType<Devices.Virtio.VirtioBalloon>().FirstOrDefault();

    private static string SetLink(MonitorContext c, string[] a)
    {
        string name = Need(a, 0, "a name"), state = Need(a, 1, "on or off");
        if (state is not ("on" or "off"))
            throw new ControlException($"'{state}' is neither on nor off");
        lock (c.Control.Machine.Lock)
            c.Control.Board.SetLink(name, state == "on");
        return "";
    }

    // Words; quotes keep blanks together.
    private static string[] Split(string line)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool inQuotes = false, any = false;
        for (int i = 0; i < line.Length; i++)
        {
            char ch = line[i];
            if (ch == '"')
            {
                inQuotes = !inQuotes;
                any = true;
            }
            else if (ch == '\\' && inQuotes && i + 1 < line.Length)
            {
                word.Append(line[++i]);
            }
            else if (char.IsWhiteSpace(ch) && !inQuotes)
            {
                if (any || word.Length > 0)
                    words.Add(word.ToString());
                word.Clear();
                any = false;
            }
            else
            {
                word.Append(ch);
            }
        }

        if (any || word.Length > 0)
            words.Add(word.ToString());
        return [.. words];
    }
}
