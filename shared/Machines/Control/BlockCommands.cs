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
        new(["commit"], "device|all", "write changes to the image below (with -snapshot: to the drive's file)", Commit),
        new(["snapshot_blkdev_internal"], "device name", "make a snapshot in a drive's qcow2 image", static (c, a) => Quiet(() => SnapshotInside(c.Control, MonitorCommands.Need(a, 0, "a device"), MonitorCommands.Need(a, 1, "a name")))),
        new(["snapshot_delete_blkdev_internal"], "device name [id]", "delete one", static (c, a) => Quiet(() => DeleteInside(c.Control, MonitorCommands.Need(a, 0, "a device"), a.Length > 2 ? a[2] : null, MonitorCommands.Need(a, 1, "a name")))),
    ];

    /// <summary>QMP's.</summary>
    public static IReadOnlyList<QmpCommand> Qmp { get; } =
    [
        new("block_resize", ["device", "node-name", "size"], static (c, a) =>
        {
            Resize(c.Control, Device(a), a.NeedNumber("size"));
            return QmpCommands.Empty;
        }),
        new("blockdev-snapshot-delete-internal-sync", ["device", "id", "name"], DeleteInside),
        .. BlockTransaction.Qmp,
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
        $"{d.Name}: rd_bytes={d.Counts.Reads.Bytes} wr_bytes={d.Counts.Writes.Bytes} rd_operations={d.Counts.Reads.Operations} wr_operations={d.Counts.Writes.Operations} flush_operations={d.Counts.Flushes.Operations} "
        + $"wr_total_time_ns={d.Counts.Writes.Nanoseconds} rd_total_time_ns={d.Counts.Reads.Nanoseconds} flush_total_time_ns={d.Counts.Flushes.Nanoseconds} unmap_bytes={d.Counts.Discards.Bytes} unmap_operations={d.Counts.Discards.Operations}\n"));

    private static string Quiet(Action action)
    {
        action();
        return "";
    }

    /// <summary>The drive a command means: device, or node-name.</summary>
    /// <exception cref="QmpException">Neither or both are given.</exception>
    internal static string Device(QmpArguments a) => a.Text("node-name") is { } node ? a.Text("device") is null ? node : throw new QmpException("GenericError", "Conflicting options 'device' and 'node-name'") : a.NeedText("device");

    private static long Size(string text) => KeyValues.TrySize(text, 1UL << 20, out ulong bytes) ? (long)bytes : throw new ControlException($"'{text}' is not a size (megabytes, or with k, M, G, T)");

    private static void Resize(MachineControl control, string name, long bytes)
    {
        if (bytes < 0 || bytes % IBlockDevice.SectorSize != 0)
            throw new ControlException($"Parameter 'size' expects a multiple of {IBlockDevice.SectorSize} bytes, not below 0");
        MachineControl.Try(() =>
        {
            lock (control.Machine.Lock)
            {
                Drive drive = control.Board.Backends.Media.Writable(name);
                drive.Medium!.Resize(bytes);
                foreach (VirtioBlock disk in control.Board.Plugged.Select(p => p.Virtio).OfType<VirtioBlock>())
                    if (disk.Medium == drive.Medium)
                        disk.Resized();
            }
        });
    }

    private static string Commit(MonitorContext c, string[] a)
    {
        string device = MonitorCommands.Need(a, 0, "a device, or all");
        lock (c.Control.Machine.Lock)
            c.Control.Board.Backends.Media.Commit(device == "all" ? null : device);
        return "";
    }

    private static string PutOver(MonitorContext c, string[] a)
    {
        string[] words = [.. a.Where(w => w != "-n")];
        string format = words.Length > 2 ? words[2] : ImageFormat.Qcow2;
        BlockTransaction.Do(c.Control, [BlockTransaction.PutOver(MonitorCommands.Need(words, 0, "a device"), MonitorCommands.Need(words, 1, "the new image's file"), format, exists: a.Contains("-n"))]);
        return "";
    }

    private static void SnapshotInside(MachineControl control, string device, string name) => BlockTransaction.Do(control, [c => BlockTransaction.SnapshotInside(c, device, name)]);

    private static ImageSnapshot DeleteInside(MachineControl control, string device, string? id, string? name)
    {
        ImageSnapshot? found = null;
        MachineControl.Try(() =>
        {
            lock (control.Machine.Lock)
            {
                ISnapshotStore store = BlockTransaction.Store(control, device);
                found = store.Find(id, name) ?? throw new ControlException($"Snapshot with id '{id ?? "null"}' and name '{name ?? "null"}' does not exist on device '{device}'");
                store.DeleteSnapshot(found);
            }
        });
        return found!;
    }

    private static Action<Utf8JsonWriter> DeleteInside(MonitorContext c, QmpArguments a)
    {
        const long Second = 1_000_000_000;
        string device = a.NeedText("device");
        string? id = a.Text("id"), name = a.Text("name");
        if (id is null && name is null)
            throw new QmpException("GenericError", "Name or id must be provided");
        ImageSnapshot gone = DeleteInside(c.Control, device, id, name);
        return w => QmpCommands.Object(w, o =>
        {
            o.WriteString("id", gone.Id);
            o.WriteString("name", gone.Name);
            o.WriteNumber("vm-state-size", gone.MachineLength);
            o.WriteNumber("date-sec", new DateTimeOffset(gone.Date).ToUnixTimeSeconds());
            o.WriteNumber("date-nsec", gone.Date.Ticks % TimeSpan.TicksPerSecond * (Second / TimeSpan.TicksPerSecond));
            o.WriteNumber("vm-clock-sec", gone.ClockNanoseconds / Second);
            o.WriteNumber("vm-clock-nsec", gone.ClockNanoseconds % Second);
        });
    }
}
