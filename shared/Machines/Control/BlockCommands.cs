using System.Text;
using System.Text.Json;
using Suite.Devices.Block;
using Suite.Devices.Virtio;
using Suite.Machines.Backends;
using Suite.Machines.Options;

namespace Suite.Machines.Control;

/// <summary>What both monitors do with the images of drives while the guest uses them: size, images put over others, snapshots inside an image.</summary>
internal static class BlockCommands
{
    /// <summary>The human monitor's.</summary>
    public static IReadOnlyList<MonitorCommand> Human { get; } =
    [
        new(["block_resize"], "device size", "give a drive's image another size", static (c, a) => Quiet(() => Resize(c.Control, MonitorCommands.Need(a, 0, "a device"), Size(MonitorCommands.Need(a, 1, "a size"))))),
        new(["snapshot_blkdev"], "[-n] device file [format]", "write to a new qcow2 image over this one from now on (-n: it exists)", PutOver),
        new(["snapshot_blkdev_internal"], "device name", "make a snapshot in a drive's qcow2 image", static (c, a) => Quiet(() => SnapshotInside(c.Control, MonitorCommands.Need(a, 0, "a device"), MonitorCommands.Need(a, 1, "a name")))),
        new(["snapshot_delete_blkdev_internal"], "device name", "delete one", static (c, a) => Quiet(() => DeleteInside(c.Control, MonitorCommands.Need(a, 0, "a device"), MonitorCommands.Need(a, 1, "a name")))),
    ];

    /// <summary>QMP's.</summary>
    public static IReadOnlyList<QmpCommand> Qmp { get; } =
    [
        new("block_resize", static (c, a) => Do(static (control, r) => Resize(control, Device(r), r.NeedNumber("size")), c, a)),
        new("blockdev-snapshot-sync", static (c, a) => Do(PutOver, c, a)),
        new("blockdev-snapshot-internal-sync", static (c, a) => Do(static (control, r) => SnapshotInside(control, Device(r), r.NeedText("name")), c, a)),
        new("blockdev-snapshot-delete-internal-sync", DeleteInside),
    ];

    /// <summary>The text of `info block`.</summary>
    public static string Describe(MonitorContext c, string[] a)
    {
        string? only = a.FirstOrDefault(w => w != "-v");
        StringBuilder text = new();
        foreach (MachineDrive drive in c.Control.Board.Backends.Media.Drives())
        {
            if (only is not null && drive.Name != only)
                continue;
            text.Append(text.Length > 0 ? "\n" : "").Append(drive.File is null ? $"{drive.Name}: [not inserted]\n" : $"{drive.Name}: {drive.File} ({drive.Format}{(drive.IsReadOnly ? ", read-only" : "")})\n");
            if (drive.QomPath.Length > 0)
                text.Append($"    Attached to:      {drive.QomPath}\n");
            if (drive.IsRemovable)
                text.Append("    Removable device: not locked, tray closed\n");
            if (drive.File is null)
                continue;
            text.Append($"    Cache mode:       {(drive.WritesThrough ? "writethrough" : "writeback")}{(drive.IgnoresFlush ? ", ignore flushes" : "")}\n");
            if (drive.Details.Backing is { } backing)
                text.Append($"    Backing file:     {backing} (chain depth: {drive.Details.Depth})\n");
            text.Append($"    Size:             {drive.Bytes} bytes\n");
            if (a.Contains("-v"))
                text.Append($"    On disk:          {drive.Details.FileBytes} bytes\n{(drive.Details.ClusterSize > 0 ? $"    Cluster size:     {drive.Details.ClusterSize}\n" : "")}");
        }

        return text.ToString();
    }

    /// <summary>The text of `info blockstats`.</summary>
    public static string DescribeCounts(MonitorContext c, string[] a) => string.Concat(c.Control.Board.Backends.Media.Drives().Select(d =>
        $"{d.Name}: rd_bytes={d.Counts.ReadBytes} wr_bytes={d.Counts.WrittenBytes} rd_operations={d.Counts.Reads} wr_operations={d.Counts.Writes} flush_operations={d.Counts.Flushes} unmap_bytes={d.Counts.DiscardedBytes} unmap_operations={d.Counts.Discards}\n"));

    private static string Quiet(Action action)
    {
        action();
        return "";
    }

    private static Action<Utf8JsonWriter> Do(Action<MachineControl, QmpArguments> action, MonitorContext c, QmpArguments a)
    {
        action(c.Control, a);
        a.Finish();
        return QmpCommands.Empty;
    }

    private static string Device(QmpArguments a) => a.Text("node-name") is { } node ? a.Text("device") is null ? node : throw new QmpException("GenericError", "Conflicting options 'device' and 'node-name'") : a.NeedText("device");

    private static long Size(string text) => KeyValues.TrySize(text, 1UL << 20, out ulong bytes) ? (long)bytes : throw new ControlException($"'{text}' is not a size (megabytes, or with k, M, G, T)");

    private static void Resize(MachineControl control, string name, long bytes)
    {
        if (bytes < 0 || bytes % IBlockDevice.SectorSize != 0)
            throw new ControlException($"Parameter 'size' expects a multiple of {IBlockDevice.SectorSize} bytes, not below 0");
        Drive drive = control.Board.Backends.Media.Writable(name);
        MachineControl.Try(() =>
        {
            lock (control.Machine.Lock)
            {
                drive.Medium!.Resize(bytes);
                foreach (VirtioBlock disk in control.Board.Plugged.Select(p => p.Virtio).OfType<VirtioBlock>())
                    if (disk.Medium == drive.Medium)
                        disk.Resized();
            }
        });
    }

    private static string PutOver(MonitorContext c, string[] a)
    {
        string[] words = [.. a.Where(w => w != "-n")];
        string format = words.Length > 2 ? words[2] : ImageFormat.Qcow2;
        PutOver(c.Control, MonitorCommands.Need(words, 0, "a device"), MonitorCommands.Need(words, 1, "the new image's file"), format, exists: a.Contains("-n"));
        return "";
    }

    private static void PutOver(MachineControl control, QmpArguments a)
    {
        string device = Device(a), file = a.NeedText("snapshot-file"), mode = a.Text("mode") ?? "absolute-paths";
        a.Text("snapshot-node-name"); // nodes below a drive have no names here
        if (mode is not ("absolute-paths" or "existing"))
            throw new QmpException("GenericError", $"Parameter 'mode' does not accept value '{mode}'");
        PutOver(control, device, file, a.Text("format") ?? ImageFormat.Qcow2, exists: mode == "existing");
    }

    private static void PutOver(MachineControl control, string device, string file, string format, bool exists)
    {
        if (format != ImageFormat.Qcow2)
            throw new ControlException($"'{format}' cannot stand over another image: qcow2 can");
        MachineControl.Try(() => control.Board.Backends.Media.PutOver(device, file, exists));
    }

    private static ISnapshotStore Store(MachineControl control, string device) =>
        control.Board.Backends.Media.Writable(device).Medium!.Image as ISnapshotStore ?? throw new ControlException($"Device '{device}' has no image that can hold snapshots: qcow2 can");

    private static void SnapshotInside(MachineControl control, string device, string name)
    {
        ISnapshotStore store = Store(control, device);
        if (store.Snapshots.Any(s => s.Name == name))
            throw new ControlException($"Snapshot with name '{name}' already exists on device '{device}'");
        MachineControl.Try(() =>
        {
            lock (control.Machine.Lock)
                store.CreateSnapshot(name, DateTime.UtcNow, control.Machine.Clock.Now, null);
        });
    }

    private static ImageSnapshot DeleteInside(MachineControl control, string device, string name)
    {
        ISnapshotStore store = Store(control, device);
        ImageSnapshot found = store.Snapshots.FirstOrDefault(s => s.Name == name) ?? store.Snapshots.FirstOrDefault(s => s.Id == name)
            ?? throw new ControlException($"Snapshot with id '(null)' and name '{name}' does not exist on device '{device}'");
        MachineControl.Try(() =>
        {
            lock (control.Machine.Lock)
                store.DeleteSnapshot(found);
        });
        return found;
    }

    private static Action<Utf8JsonWriter> DeleteInside(MonitorContext c, QmpArguments a)
    {
        string device = Device(a), name = a.Text("name") ?? a.NeedText("id");
        a.Text("id");
        a.Finish();
        ImageSnapshot gone = DeleteInside(c.Control, device, name);
        return w => QmpCommands.Object(w, o =>
        {
            o.WriteString("id", gone.Id);
            o.WriteString("name", gone.Name);
            o.WriteNumber("vm-state-size", gone.MachineLength);
            o.WriteNumber("date-sec", new DateTimeOffset(gone.Date).ToUnixTimeSeconds());
        });
    }
}
