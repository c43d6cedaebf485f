using System.Text.Json;
using Suite.Machines.Boards;

namespace Suite.Machines.Control;

/// <summary>A QMP command. It reads its arguments before it does anything.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">Names of its arguments; others are refused. Null: the command looks at all of them itself.</param>
/// <param name="Run">What it does; the result writes the value of "return".</param>
public sealed record QmpCommand(string Name, string[]? Arguments, Func<MonitorContext, QmpArguments, Action<Utf8JsonWriter>> Run)
{
    /// <summary>A command without arguments.</summary>
    public QmpCommand(string name, Func<MonitorContext, QmpArguments, Action<Utf8JsonWriter>> run)
        : this(name, [], run)
    {
    }
}

/// <summary>The commands of QMP.</summary>
public static class QmpCommands
{
    /// <summary>All but qmp_capabilities.</summary>
    public static IReadOnlyList<QmpCommand> All { get; } =
    [
        new("query-version", static (_, _) => WriteVersion),
        new("query-commands", static (_, _) => w => WriteList(w, All!.Select(c => c.Name).Append("qmp_capabilities"), "name")),
        new("query-status", static (c, _) => w => WriteStatus(w, c.Control.Machine.State)),
        new("query-name", static (c, _) => w => Object(w, o =>
        {
            if (c.Control.Board.Options.Name is { } name)
                o.WriteString("name", name);
        })),
        new("query-uuid", static (c, _) => w => Object(w, o => o.WriteString("UUID", c.Control.Board.Options.Uuid.ToString()))),
        new("query-target", static (c, _) => w => Object(w, o => o.WriteString("arch", c.Control.Inspector.Architecture))),
        new("query-kvm", static (c, _) => w => Object(w, o =>
        {
            o.WriteBoolean("enabled", c.Control.Accelerator.Name == "kvm");
            o.WriteBoolean("present", File.Exists("/dev/kvm"));
        })),
        new("query-events", static (_, _) => w => WriteList(w, ["STOP", "RESUME", "RESET", "SHUTDOWN", "POWERDOWN", "GUEST_PANICKED", "GUEST_CRASHLOADED", "DEVICE_DELETED", "DEVICE_TRAY_MOVED", "JOB_STATUS_CHANGE", "DUMP_COMPLETED"], "name")),
        new("query-balloon", static (c, _) =>
        {
            ulong actual = (MonitorCommands.BalloonOf(c.Control) ?? throw new QmpException("DeviceNotActive", "No balloon device has been activated")).Actual;
            return w => Object(w, o => o.WriteNumber("actual", actual));
        }),
        new("query-snapshots", QuerySnapshots),
        new("stop", static (c, _) => Do(() => c.Control.Machine.Stop(RunState.Paused))),
        new("cont", static (c, _) => Do(c.Control.Continue)),
        new("system_reset", static (c, _) => Do(() => c.Control.Machine.RequestReset(StopCause.HostQmpSystemReset))),
        new("system_powerdown", static (c, _) => Do(c.Control.Machine.RequestPowerdown)),
        new("quit", static (c, _) => Do(() => c.Control.Machine.RequestShutdown(StopCause.HostQmpQuit))),
        new("inject-nmi", static (c, _) => Do(() => c.Control.Machine.WhileParked(c.Control.Inspector.InjectNmi))),
        new("send-key", ["keys", "hold-time"], SendKey),
        new("screendump", ["filename", "format", "device", "head"], static (c, a) =>
        {
            string file = a.NeedText("filename"), format = a.Text("format") ?? "ppm";
            return Do(() => (c.Control.Screendump ?? throw new ControlException("There is no console to take a screendump from"))(file, format));
        }),
        new("device_add", null, static (c, a) => Do(() => c.Control.AddDevice(a.AsKeyValues("device_add")))),
        new("device_del", ["id"], static (c, a) => Do(() => c.Control.RemoveDevice(a.NeedText("id")))),
        new("device-list-properties", ["typename"], static (c, a) =>
        {
            DeviceRow row = c.Control.Catalogue.Find(a.NeedText("typename"));
            return w =>
            {
                w.WriteStartArray();
                foreach (DeviceProperty p in row.Properties)
                    Object(w, o =>
                    {
                        o.WriteString("name", p.Name);
                        o.WriteString("type", p.Type);
                        o.WriteString("description", p.Description);
                    });
                w.WriteEndArray();
            };
        }),
        new("eject", ["device", "id", "force"], static (c, a) => Do(() => Media(c).Eject(a.Text("id") ?? a.NeedText("device"), a.Flag("force", false)))),
        new("blockdev-change-medium", ["device", "id", "filename", "format", "read-only-mode", "force"], static (c, a) =>
        {
            string device = a.Text("id") ?? a.NeedText("device"), file = a.NeedText("filename");
            string? format = a.Text("format");
            return Do(() => Media(c).Change(device, file, format));
        }),
        new("set_link", ["name", "up"], static (c, a) =>
        {
            string name = a.NeedText("name");
            bool up = a.Flag("up", true);
            lock (c.Control.Machine.Lock)
                c.Control.Board.SetLink(name, up);
            return Empty;
        }),
        new("balloon", ["value"], static (c, a) =>
        {
            long bytes = a.NeedNumber("value");
            lock (c.Control.Machine.Lock)
                (MonitorCommands.BalloonOf(c.Control) ?? throw new QmpException("DeviceNotActive", "No balloon device has been activated")).SetTarget((ulong)Math.Max(bytes, 0));
            return Empty;
        }),
        new("change-vnc-password", ["password"], static (c, a) =>
        {
            string password = a.NeedText("password");
            return Do(() => (c.Control.SetVncPassword ?? throw new ControlException("no VNC display is served"))(password));
        }),
        new("memsave", ["val", "size", "filename", "cpu-index"], static (c, a) => Save(c, a, "memsave")),
        new("pmemsave", ["val", "size", "filename"], static (c, a) => Save(c, a, "pmemsave")),
        new("snapshot-save", ["job-id", "tag", "vmstate", "devices"], static (c, a) => Job(c, a, "snapshot-save", static (s, tag) => s.Save(tag))),
        new("snapshot-load", ["job-id", "tag", "vmstate", "devices"], static (c, a) => Job(c, a, "snapshot-load", static (s, tag) => s.Load(tag))),
        new("snapshot-delete", ["job-id", "tag", "devices"], static (c, a) => Job(c, a, "snapshot-delete", static (s, tag) => s.Delete(tag))),
        new("human-monitor-command", ["command-line", "cpu-index"], static (c, a) =>
        {
            string line = a.NeedText("command-line");
            long cpu = a.Number("cpu-index", c.Cpu);
            if (cpu < 0 || cpu >= c.Control.Machine.Vcpus.Count)
                throw new QmpException("GenericError", $"Parameter 'cpu-index' expects a CPU number");
            c.Cpu = (int)cpu;
            string answer = MonitorCommands.Execute(c, line).Replace("\n", "\r\n", StringComparison.Ordinal);
            return w => w.WriteStringValue(answer);
        }),
        new("job-dismiss", ["id"], static (c, a) => Do(() => c.Control.DismissJob(a.NeedText("id")))),
        new("set_password", ["protocol", "password", "connected", "display"], static (c, a) => SetPassword(c, a)),
        new("expire_password", ["protocol", "display", "time"], static (_, _) => Empty),
        new("set-action", ["reboot", "shutdown", "panic", "watchdog"], SetAction),
        new("input-send-event", ["device", "head", "events"], InputEvents.Send),
        .. QmpQueries.All,
        .. QomCommands.Qmp,
        .. CoreDump.Qmp,
        .. BackendCommands.Qmp,
        .. BlockCommands.Qmp,
    ];

    /// <summary>The command of a name; null when there is none.</summary>
    public static QmpCommand? Find(string name)
    {
        foreach (QmpCommand command in All)
            if (command.Name == name)
                return command;
        return null;
    }

    /// <summary>{}.</summary>
    internal static void Empty(Utf8JsonWriter w) => Object(w, static _ => { });

    /// <summary>The version whose interface this is, and ours.</summary>
    internal static void WriteVersion(Utf8JsonWriter w) => Object(w, static o =>
    {
        o.WriteStartObject("qemu");
        o.WriteNumber("micro", 0);
        o.WriteNumber("minor", 2);
        o.WriteNumber("major", 7);
        o.WriteEndObject();
        o.WriteString("package", $"suite {Cli.UserHelp.VersionNumber}");
    });

    internal static void Object(Utf8JsonWriter w, Action<Utf8JsonWriter> members)
    {
        w.WriteStartObject();
        members(w);
        w.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter w, IEnumerable<string> values, string member)
    {
        w.WriteStartArray();
        foreach (string value in values)
            Object(w, o => o.WriteString(member, value));
        w.WriteEndArray();
    }

    private static void WriteStatus(Utf8JsonWriter w, RunState state) => Object(w, o =>
    {
        o.WriteString("status", RunStateNames.Text(state));
        o.WriteBoolean("singlestep", false);
        o.WriteBoolean("running", state == RunState.Running);
    });

    private static Action<Utf8JsonWriter> Do(Action action)
    {
        action();
        return Empty;
    }

    private static IMedia Media(MonitorContext c) => c.Control.Board.Backends.Media;

    private static Action<Utf8JsonWriter> Save(MonitorContext c, QmpArguments a, string command)
    {
        string file = a.NeedText("filename").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        string line = $"{command} {a.NeedNumber("val")} {a.NeedNumber("size")} \"{file}\"";
        c.Cpu = (int)Math.Clamp(a.Number("cpu-index", c.Cpu), 0, c.Control.Machine.Vcpus.Count - 1);
        string answer = MonitorCommands.Execute(c, line);
        return answer.Length == 0 ? Empty : throw new QmpException("GenericError", answer.Replace("Error: ", "", StringComparison.Ordinal).TrimEnd());
    }

    private static Action<Utf8JsonWriter> Job(MonitorContext c, QmpArguments a, string type, Action<ISnapshots, string> run)
    {
        string job = a.NeedText("job-id"), tag = a.NeedText("tag");
        ISnapshots snapshots = c.Control.Snapshots ?? throw new ControlException("this machine has no snapshots");
        c.Control.RunJob(job, type, () => run(snapshots, tag));
        return Empty;
    }

    private static Action<Utf8JsonWriter> SetPassword(MonitorContext c, QmpArguments a)
    {
        string protocol = a.NeedText("protocol"), password = a.NeedText("password");
        if (protocol != "vnc")
            throw new QmpException("GenericError", $"Parameter 'protocol' does not accept value '{protocol}'");
        return Do(() => (c.Control.SetVncPassword ?? throw new ControlException("Could not set password"))(password));
    }

    private static Action<Utf8JsonWriter> SetAction(MonitorContext c, QmpArguments a)
    {
        string? Word(string name, params ReadOnlySpan<string> words)
        {
            string? word = a.Text(name);
            return word is null || words.Contains(word) ? word : throw new QmpException("GenericError", $"Parameter '{name}' does not accept value '{word}'");
        }

        string? reboot = Word("reboot", "reset", "shutdown"), shutdown = Word("shutdown", "poweroff", "pause");
        Word("panic", "pause", "shutdown", "none", "exit-failure");
        Word("watchdog", "reset", "shutdown", "poweroff", "pause", "debug", "none", "inject-nmi");
        Machine machine = c.Control.Machine;
        machine.EndsAtReset = reboot is null ? machine.EndsAtReset : reboot == "shutdown";
        machine.StaysAfterShutdown = shutdown is null ? machine.StaysAfterShutdown : shutdown == "pause";
        return Empty;
    }

    private static Action<Utf8JsonWriter> SendKey(MonitorContext c, QmpArguments a)
    {
        if (a.Get("keys") is not { ValueKind: JsonValueKind.Array } keys)
            throw new QmpException("GenericError", "Parameter 'keys' is missing");
        List<string> names = [];
        foreach (JsonElement key in keys.EnumerateArray())
            names.Add(key.ValueKind == JsonValueKind.Object && key.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.String
                ? data.GetString()! : throw new QmpException("GenericError", "a key is an object with type qcode and its name as data"));
        c.Control.SendKeys(names, (int)Math.Clamp(a.Number("hold-time", 0), 0, 10_000));
        return Empty;
    }

    private static Action<Utf8JsonWriter> QuerySnapshots(MonitorContext c, QmpArguments a)
    {
        IReadOnlyList<SnapshotInfo> all = c.Control.Snapshots?.List() ?? [];
        return w =>
        {
            w.WriteStartArray();
            foreach (SnapshotInfo s in all)
                Object(w, o =>
                {
                    o.WriteString("id", s.Id);
                    o.WriteString("name", s.Tag);
                    o.WriteNumber("vm-state-size", s.StateBytes);
                });
            w.WriteEndArray();
        };
    }
}
