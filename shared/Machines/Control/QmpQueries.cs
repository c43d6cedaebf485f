using System.Text.Json;
using Suite.Devices.Pci;
using Suite.Machines.Backends;
using Suite.Machines.Display;

namespace Suite.Machines.Control;

/// <summary>QMP's questions: what the machine is made of and how its back ends fare.</summary>
internal static class QmpQueries
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<QmpCommand> All { get; } =
    [
        new("query-cpus-fast", QueryCpus),
        new("query-hotpluggable-cpus", QueryPluggableCpus),
        new("query-cpu-definitions", static (c, _) => Each(c.Control.CpuModels, static (w, name) =>
        {
            w.WriteString("name", name);
            w.WriteString("typename", name + "-cpu");
            w.WriteBoolean("static", false);
            w.WriteBoolean("deprecated", false);
        })),
        new("query-machines", static (c, _) => Each(c.Control.Machines, static (w, machine) =>
        {
            w.WriteString("name", machine.Name);
            if (machine.IsDefault)
                w.WriteBoolean("is-default", true);
            w.WriteNumber("cpu-max", MostCpus);
            w.WriteString("default-cpu-type", "max-cpu");
            w.WriteBoolean("acpi", true);
            w.WriteBoolean("hotpluggable-cpus", false);
            w.WriteBoolean("numa-mem-supported", false);
            w.WriteBoolean("deprecated", false);
        })),
        new("query-current-machine", static (_, _) => static w => QmpCommands.Object(w, static o => o.WriteBoolean("wakeup-suspend-support", false))),
        new("query-memory-size-summary", static (c, _) => w => QmpCommands.Object(w, o =>
        {
            o.WriteNumber("base-memory", c.Control.Board.Options.Memory ?? 128UL << 20);
            o.WriteNumber("plugged-memory", 0);
        })),
        new("query-memory-devices", Nothing),
        new("query-memdev", static (c, _) => Each(c.Control.Board.Backends.Objects.Memories, static (w, memory) =>
        {
            w.WriteString("id", memory.Id);
            w.WriteNumber("size", memory.Bytes);
            w.WriteBoolean("merge", true);
            w.WriteBoolean("dump", true);
            w.WriteBoolean("prealloc", false);
            w.WriteBoolean("share", memory.IsShared);
            w.WriteBoolean("reserve", true);
            w.WriteStartArray("host-nodes");
            w.WriteEndArray();
            w.WriteString("policy", "default");
        })),
        new("query-iothreads", static (c, _) => Each(c.Control.Board.Backends.Objects.Threads, (w, id) =>
        {
            // Their devices run on the processors' threads.
            w.WriteString("id", id);
            w.WriteNumber("thread-id", c.Control.Machine.ThreadIdOf(0));
            w.WriteNumber("poll-max-ns", 0);
            w.WriteNumber("poll-grow", 0);
            w.WriteNumber("poll-shrink", 0);
            w.WriteNumber("aio-max-batch", 0);
        })),
        new("query-block", static (c, _) => Each(Drives(c).Where(IsSeen), static (w, drive) =>
        {
            w.WriteString("device", drive.IsNode ? "" : drive.Name);
            if (drive.QomPath.Length > 0)
                w.WriteString("qdev", drive.QomPath);
            w.WriteBoolean("locked", false);
            w.WriteBoolean("removable", drive.IsRemovable);
            w.WriteString("type", "unknown");
            if (drive.IsRemovable)
                w.WriteBoolean("tray_open", false);
            else
                w.WriteString("io-status", "ok");
            if (drive.File is null)
                return;
            w.WritePropertyName("inserted");
            QmpCommands.Object(w, o => WriteNode(o, drive));
        })),
        new("query-named-block-nodes", ["flat"], static (c, _) => Each(Drives(c).Where(d => d.File is not null), WriteNode)),
        new("query-blockstats", ["query-nodes"], static (c, a) => a.Flag("query-nodes", false) ? Each(Drives(c).Where(d => d.File is not null), WriteCounts) : Each(Drives(c).Where(IsSeen), WriteCounts)),
        new("query-block-jobs", Nothing),
        new("query-jobs", static (c, _) => Each(c.Control.Jobs, static (w, job) =>
        {
            w.WriteString("id", job.Id);
            w.WriteString("type", job.Type);
            w.WriteString("status", "concluded");
            w.WriteNumber("current-progress", 1);
            w.WriteNumber("total-progress", 1);
            if (job.Error is { } error)
                w.WriteString("error", error);
        })),
        new("query-chardev", static (c, _) => Each(c.Control.Board.Backends.Chars.All, static (w, d) =>
        {
            w.WriteString("label", d.Id);
            w.WriteString("filename", d.Description);
            w.WriteBoolean("frontend-open", d.IsUsed);
        })),
        new("query-chardev-backends", static (_, _) => Each(CharSpec.Kinds, static (w, kind) => w.WriteString("name", kind))),
        new("query-pci", QueryPci),
        new("query-mice", static (_, _) => static w => w.WriteRawValue("""[{"name": "PS/2 mouse", "index": 0, "current": true, "absolute": false}]""")),
        new("query-vnc", QueryVnc),
        new("query-vnc-servers", static (c, _) => Each(c.Control.VncServers?.Invoke() ?? [], static (w, server) =>
        {
            w.WriteString("id", "default");
            w.WriteString("auth", server.Auth);
            w.WriteStartArray("server");
            QmpCommands.Object(w, o =>
            {
                WriteAddress(o, server.Endpoint);
                o.WriteBoolean("websocket", false);
                o.WriteString("auth", server.Auth);
            });
            w.WriteEndArray();
            WriteClients(w, server);
        })),
        new("query-display-options", static (c, _) => w => QmpCommands.Object(w, o => o.WriteString("type", c.Control.Board.Options.Displays.Any(d => d.Get("type") == "curses") ? "curses" : "none"))),
        new("query-rx-filter", Nothing),
        new("query-tpm", Nothing),
        new("query-fdsets", Nothing),
        new("query-migrate", static (_, _) => QmpCommands.Empty),
        new("query-replay", static (_, _) => static w => w.WriteRawValue("""{"mode": "none", "icount": 0}""")),
        new("query-acpi-ospm-status", static (c, _) => Each(c.Control.Machine.Vcpus, static (w, vcpu) =>
        {
            w.WriteString("slot-type", "CPU");
            w.WriteString("slot", $"{vcpu.Index}");
            w.WriteNumber("source", 0);
            w.WriteNumber("status", 0);
        })),
        new("query-command-line-options", ["option"], static (_, a) =>
        {
            string? only = a.Text("option");
            return Each(Options.MachineOptionTable.All.Select(o => o.Names[0].TrimStart('-')).Where(n => only is null || n == only), static (w, name) =>
            {
                w.WriteString("option", name);
                w.WriteStartArray("parameters");
                w.WriteEndArray();
            });
        }),
    ];

    private const int MostCpus = 255;

    private static Action<Utf8JsonWriter> Nothing(MonitorContext c, QmpArguments a) => static w =>
    {
        w.WriteStartArray();
        w.WriteEndArray();
    };

    // A node of -blockdev is a drive while a device has it.
    private static bool IsSeen(MachineDrive drive) => !drive.IsNode || drive.QomPath.Length > 0;

    private static IReadOnlyList<MachineDrive> Drives(MonitorContext c) => c.Control.Board.Backends.Media.Drives();

    private static Action<Utf8JsonWriter> Each<T>(IEnumerable<T> all, Action<Utf8JsonWriter, T> write)
    {
        T[] list = [.. all];
        return w =>
        {
            w.WriteStartArray();
            foreach (T item in list)
                QmpCommands.Object(w, o => write(o, item));
            w.WriteEndArray();
        };
    }

    private static Action<Utf8JsonWriter> QueryCpus(MonitorContext c, QmpArguments a) => Each(c.Control.Machine.Vcpus, (w, vcpu) =>
    {
        w.WriteNumber("cpu-index", vcpu.Index);
        w.WriteString("qom-path", $"/machine/unattached/device[{vcpu.Index}]");
        w.WriteNumber("thread-id", c.Control.Machine.ThreadIdOf(vcpu.Index));
        WritePlace(w, c, vcpu.Index);
        w.WriteString("target", c.Control.Inspector.Architecture);
    });

    private static Action<Utf8JsonWriter> QueryPluggableCpus(MonitorContext c, QmpArguments a) => Each(c.Control.Machine.Vcpus, (w, vcpu) =>
    {
        WritePlace(w, c, vcpu.Index);
        w.WriteNumber("vcpus-count", 1);
        w.WriteString("qom-path", $"/machine/unattached/device[{vcpu.Index}]");
        w.WriteString("type", (c.Control.Board.Options.Cpu?.Split(',')[0] ?? "max") + "-cpu");
    });

    private static void WritePlace(Utf8JsonWriter w, MonitorContext c, int index)
    {
        (int cores, int threads) = c.Control.Board.Options.CpuParts;
        w.WriteStartObject("props");
        w.WriteNumber("socket-id", index / Math.Max(cores * threads, 1));
        w.WriteNumber("core-id", index / Math.Max(threads, 1) % Math.Max(cores, 1));
        w.WriteNumber("thread-id", index % Math.Max(threads, 1));
        w.WriteEndObject();
    }

    private static void WriteNode(Utf8JsonWriter w, MachineDrive drive)
    {
        w.WriteString("node-name", drive.Name);
        w.WriteString("file", drive.File);
        w.WriteString("drv", drive.Format);
        w.WriteBoolean("ro", drive.IsReadOnly);
        w.WriteBoolean("encrypted", false);
        w.WriteString("detect_zeroes", "off");
        foreach (string limit in (ReadOnlySpan<string>)["bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr", "write_threshold"])
            w.WriteNumber(limit, 0);
        if (drive.Details.Backing is { } backing)
            w.WriteString("backing_file", backing);
        w.WriteNumber("backing_file_depth", drive.Details.Depth);
        w.WriteStartObject("cache");
        w.WriteBoolean("writeback", !drive.WritesThrough);
        w.WriteBoolean("direct", false);
        w.WriteBoolean("no-flush", drive.IgnoresFlush);
        w.WriteEndObject();
        w.WriteStartObject("image");
        w.WriteString("filename", drive.File);
        w.WriteString("format", drive.Format);
        w.WriteNumber("virtual-size", drive.Bytes);
        w.WriteNumber("actual-size", drive.Details.FileBytes);
        w.WriteBoolean("dirty-flag", false);
        if (drive.Details.ClusterSize > 0)
            w.WriteNumber("cluster-size", drive.Details.ClusterSize);
        if (drive.Details.Backing is not null)
        {
            w.WriteString("backing-filename", drive.Details.Backing);
            if (drive.Details.BackingFormat is { } format)
                w.WriteString("backing-filename-format", format);
        }

        w.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter w, MachineDrive drive)
    {
        w.WriteString("device", drive.IsNode ? "" : drive.Name);
        if (drive.QomPath.Length > 0)
            w.WriteString("qdev", drive.QomPath);
        w.WriteString("node-name", drive.Name);
        w.WriteStartObject("stats");
        foreach ((string name, BlockCount count) in (ReadOnlySpan<(string, BlockCount)>)[("rd", drive.Counts.Reads), ("wr", drive.Counts.Writes), ("flush", drive.Counts.Flushes), ("unmap", drive.Counts.Discards)])
        {
            w.WriteNumber($"{name}_operations", count.Operations);
            w.WriteNumber($"{name}_total_time_ns", count.Nanoseconds);
            w.WriteNumber($"failed_{name}_operations", count.Failed);
            w.WriteNumber($"invalid_{name}_operations", 0); // the devices refuse those before they come here
            if (name == "flush")
                continue;
            w.WriteNumber($"{name}_bytes", count.Bytes);
            w.WriteNumber($"{name}_merged", 0);
        }

        w.WriteNumber("wr_highest_offset", drive.Counts.HighestOffset);
        w.WriteBoolean("account_invalid", true);
        w.WriteBoolean("account_failed", true);
        w.WriteStartArray("timed_stats");
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static Action<Utf8JsonWriter> QueryVnc(MonitorContext c, QmpArguments a)
    {
        VncDescription? server = c.Control.VncServers?.Invoke().FirstOrDefault();
        return w => QmpCommands.Object(w, o =>
        {
            o.WriteBoolean("enabled", server is not null);
            if (server is null)
                return;
            WriteAddress(o, server.Endpoint);
            o.WriteString("auth", server.Auth);
            WriteClients(o, server);
        });
    }

    private static void WriteClients(Utf8JsonWriter w, VncDescription server)
    {
        w.WriteStartArray("clients");
        foreach (Host.HostEndpoint client in server.Clients)
            QmpCommands.Object(w, o =>
            {
                WriteAddress(o, client);
                o.WriteBoolean("websocket", false);
            });
        w.WriteEndArray();
    }

    private static void WriteAddress(Utf8JsonWriter w, Host.HostEndpoint at)
    {
        w.WriteString("host", at.Address?.ToString() ?? "");
        w.WriteString("service", at.Address is null ? at.ToString() : $"{at.Port}");
        w.WriteString("family", at.Address switch { null => "unix", { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => "ipv6", _ => "ipv4" });
    }

    private static Action<Utf8JsonWriter> QueryPci(MonitorContext c, QmpArguments a) => w =>
    {
        w.WriteStartArray();
        if (c.Control.Board.Pci is { } bus)
            QmpCommands.Object(w, o =>
            {
                o.WriteNumber("bus", 0);
                o.WriteStartArray("devices");
                foreach (PciFunction f in bus.Functions)
                    QmpCommands.Object(o, d => WriteFunction(d, f, c.Control.Board.Plugged.FirstOrDefault(p => p.Function == f)?.Id ?? ""));
                o.WriteEndArray();
            });
        w.WriteEndArray();
    };

    private static void WriteFunction(Utf8JsonWriter w, PciFunction f, string id)
    {
        w.WriteNumber("bus", 0);
        w.WriteNumber("slot", f.Slot);
        w.WriteNumber("function", f.Function);
        w.WriteString("qdev_id", id);
        w.WriteStartObject("class_info");
        w.WriteNumber("class", f.Identity.Class >> 8);
        w.WriteString("desc", PciClassNames.Find(f.Identity.Class));
        w.WriteEndObject();
        w.WriteStartObject("id");
        w.WriteNumber("vendor", f.Identity.Vendor);
        w.WriteNumber("device", f.Identity.Device);
        w.WriteNumber("subsystem-vendor", f.Identity.SubsystemVendor);
        w.WriteNumber("subsystem", f.Identity.Subsystem);
        w.WriteEndObject();
        w.WriteNumber("irq_pin", f.Identity.InterruptPin);
        if (f.Identity.InterruptPin != 0)
            w.WriteNumber("irq", f.Configuration[PciRegisters.InterruptLine]);
        w.WriteStartArray("regions");
        foreach (PciBar bar in f.Bars)
            QmpCommands.Object(w, o =>
            {
                o.WriteNumber("bar", bar.Index);
                o.WriteString("type", bar.IsIo ? "io" : "memory");
                if (!bar.IsIo)
                {
                    o.WriteBoolean("prefetch", bar.IsPrefetchable);
                    o.WriteBoolean("mem_type_64", bar.Is64);
                }

                o.WriteNumber("address", (long)(bar.Address ?? ulong.MaxValue));
                o.WriteNumber("size", bar.Length);
            });
        w.WriteEndArray();
    }
}
