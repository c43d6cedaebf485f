using System.Text.Json;
using Suite.Devices.Block;

namespace Suite.Machines.Control;

/// <summary>An action of QMP's transaction, which is also a command of its own.</summary>
/// <param name="Name">Its type.</param>
/// <param name="Arguments">Names of its arguments.</param>
/// <param name="Read">Reads them; the result does it, under the machine's lock, and gives what undoes it.</param>
internal sealed record BlockAction(string Name, string[] Arguments, Func<QmpArguments, Func<MachineControl, Action>> Read);

/// <summary>Changes of drives' images that are made together, between two instructions of the guest, or not at all.</summary>
internal static class BlockTransaction
{
    private const string Abort = "abort";

    private static readonly BlockAction[] Actions =
    [
        new("blockdev-snapshot-sync", ["device", "node-name", "snapshot-file", "snapshot-node-name", "format", "mode"], ReadOverlay),
        new("blockdev-snapshot-internal-sync", ["device", "name"], static a =>
        {
            string device = a.NeedText("device"), name = a.NeedText("name");
            return control => SnapshotInside(control, device, name);
        }),
        new(Abort, [], static _ => static _ => throw new ControlException("Transaction aborted using Abort action")),
    ];

    /// <summary>transaction, and the commands that are its actions.</summary>
    public static IReadOnlyList<QmpCommand> Qmp { get; } =
    [
        .. Actions.Where(t => t.Name != Abort).Select(t => new QmpCommand(t.Name, t.Arguments, (c, a) => Do(c.Control, [t.Read(a)]))),
        new("transaction", ["actions", "properties"], static (c, a) => Do(c.Control, ReadAll(a))),
    ];

    /// <summary>Does one after the other; when one fails, those before it are undone.</summary>
    /// <exception cref="ControlException">One has failed.</exception>
    public static Action<Utf8JsonWriter> Do(MachineControl control, IReadOnlyList<Func<MachineControl, Action>> actions)
    {
        Stack<Action> undo = [];
        MachineControl.Try(() =>
        {
            lock (control.Machine.Lock)
            {
                try
                {
                    foreach (Func<MachineControl, Action> action in actions)
                        undo.Push(action(control));
                }
                catch (Exception e)
                {
                    string[] left = [.. undo.Select(Undone).OfType<string>()];
                    if (left.Length == 0)
                        throw;
                    throw new ControlException($"{e.Message}; what was done before is not all undone: {string.Join("; ", left)}");
                }
            }
        });
        return QmpCommands.Empty;
    }

    // What is in the way; null when it is undone.
    private static string? Undone(Action undo)
    {
        try
        {
            undo();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ControlException)
        {
            return e.Message;
        }
    }

    /// <summary>Puts an image over a drive's.</summary>
    /// <exception cref="ControlException">The format cannot do that.</exception>
    public static Func<MachineControl, Action> PutOver(string device, string file, string format, bool exists) =>
        format == ImageFormat.Qcow2 ? control => control.Board.Backends.Media.PutOver(device, file, exists) : throw new ControlException($"'{format}' cannot stand over another image: qcow2 can");

    /// <summary>Makes a snapshot inside a drive's image. Under the lock.</summary>
    /// <returns>Deletes it.</returns>
    /// <exception cref="ControlException">There is one of that name, or the image can hold none.</exception>
    public static Action SnapshotInside(MachineControl control, string device, string name)
    {
        ISnapshotStore store = Store(control, device);
        if (store.Find(null, name) is not null)
            throw new ControlException($"Snapshot with name '{name}' already exists on device '{device}'");
        store.CreateSnapshot(name, DateTime.UtcNow, control.Machine.Clock.Now, null);
        return () => store.DeleteSnapshot(store.Find(null, name)!);
    }

    /// <summary>The drive's image, which can hold snapshots. Under the lock.</summary>
    /// <exception cref="ControlException">It cannot.</exception>
    public static ISnapshotStore Store(MachineControl control, string device) =>
        control.Board.Backends.Media.Writable(device).Medium!.Image as ISnapshotStore ?? throw new ControlException($"Device '{device}' has no image that can hold snapshots: qcow2 can");

    private static Func<MachineControl, Action> ReadOverlay(QmpArguments a)
    {
        string device = BlockCommands.Device(a), file = a.NeedText("snapshot-file"), format = a.Text("format") ?? ImageFormat.Qcow2, mode = a.Text("mode") ?? "absolute-paths";
        return mode is "absolute-paths" or "existing" ? PutOver(device, file, format, exists: mode == "existing") : throw new QmpException("GenericError", $"Parameter 'mode' does not accept value '{mode}'");
    }

    private static Func<MachineControl, Action>[] ReadAll(QmpArguments a)
    {
        if (a.Get("actions") is not { ValueKind: JsonValueKind.Array } actions)
            throw new QmpException("GenericError", "Parameter 'actions' is missing");
        return [.. actions.EnumerateArray().Select(Read)];
    }

    private static Func<MachineControl, Action> Read(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw new QmpException("GenericError", "Invalid parameter type for 'actions', expected: object");
        QmpArguments action = new(item);
        action.AllowOnly(["type", "data"]);
        string type = action.NeedText("type");
        BlockAction found = Array.Find(Actions, t => t.Name == type) ?? throw new QmpException("GenericError", $"Parameter 'type' does not accept value '{type}'");
        if (action.Get("data") is not { ValueKind: JsonValueKind.Object } data)
            throw new QmpException("GenericError", "Parameter 'data' is missing");
        QmpArguments arguments = new(data);
        arguments.AllowOnly(found.Arguments);
        return found.Read(arguments);
    }
}
