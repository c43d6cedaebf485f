using System.Globalization;
using System.Text;
using Suite.Devices.Core;
using Suite.Devices.Pci;
using Suite.Jit.Memory;
using Suite.Machines.Boards;

namespace Suite.Machines.Control;

/// <summary>The subjects of the human monitor's info.</summary>
public static class MonitorInfo
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<MonitorCommand> All { get; } =
    [
        new(["version"], "", "the emulator's version", static (c, _) => $"{Cli.UserHelp.VersionNumber} (suite)\n"),
        new(["status"], "", "running or not", static (c, _) => Status(c.Control.Machine.State)),
        new(["name"], "", "the machine's name", static (c, _) => c.Control.Board.Options.Name is { } name ? name + "\n" : ""),
        new(["uuid"], "", "its UUID", static (c, _) => $"{c.Control.Board.Options.Uuid}\n"),
        new(["kvm"], "", "whether KVM runs it", static (c, _) => $"kvm support: {(c.Control.Accelerator.Name == "kvm" ? "enabled" : "disabled")}\n{c.Control.Accelerator.Description}\n"),
        new(["cpus"], "", "its processors", Cpus),
        new(["registers"], "[-a]", "the processor's registers; -a: all processors'", Registers),
        new(["mem"], "", "what is mapped, by ranges", static (c, _) => c.Parked(() => c.Control.Inspector.MappedRanges(c.Cpu))),
        new(["tlb"], "", "what is mapped, by pages", static (c, _) => c.Parked(() => c.Control.Inspector.PageTable(c.Cpu))),
        new(["lapic"], "[apic-id]", "a local APIC", LocalApic),
        new(["pic", "irq"], "", "the interrupt controllers", static (c, _) => c.Parked(c.Control.Inspector.InterruptControllers)),
        new(["mtree"], "", "the address spaces", static (c, _) => c.Locked(() => MemoryTree(c.Control.Machine.Spaces))),
        new(["qtree"], "", "the devices with their registers", static (c, _) => c.Locked(() => DeviceTree(c.Control))),
        new(["qdm"], "", "devices that can be added", static (c, _) => c.Control.Catalogue.Help()),
        new(["pci"], "", "the PCI bus", static (c, _) => c.Locked(() => c.Control.Board.Pci is { } bus ? Pci(bus) : "this board has no PCI bus\n")),
        new(["block"], "[-v] [device]", "the drives", BlockCommands.Describe),
        new(["blockstats"], "", "what the guest has done with them", BlockCommands.DescribeCounts),
        new(["block-jobs"], "", "jobs of drives", static (_, _) => "No active jobs\n"),
        new(["iothreads"], "", "threads of devices", static (c, _) => string.Concat(c.Control.Board.Backends.Objects.Threads.Select(t => $"{t}:\n"))),
        new(["memdev"], "", "memory back ends", static (c, _) => string.Concat(c.Control.Board.Backends.Objects.Memories.Select(m => $"memory backend: {m.Id}\n  size:  {m.Bytes}\n"))),
        new(["numa"], "", "NUMA nodes", static (_, _) => "0 nodes\n"),
        new(["jit"], "", "the translator", static (c, _) => $"{c.Control.Accelerator.Description}\n"),
        new(["network"], "", "network cards and back ends", static (c, _) => c.Locked(() => c.Control.Board.Backends.Nets.Describe())),
        new(["usernet"], "", "connections of user-mode networks", static (c, _) => c.Locked(() => c.Control.Board.Backends.Nets.Connections())),
        new(["chardev"], "", "character back ends", static (c, _) => string.Concat(c.Control.Board.Backends.Chars.All.Select(d => $"{d.Id}: filename={d.Description}\n"))),
        new(["snapshots"], "", "saved states", Snapshots),
        new(["balloon"], "", "how much memory the guest keeps", static (c, _) => c.Locked(() => MonitorCommands.BalloonOf(c.Control) is { } b ? $"balloon: actual={b.Actual >> 20}\n" : "no balloon device\n")),
        new(["roms"], "", "firmware in memory", static (c, _) => c.Locked(() => Roms(c.Control.Machine.Spaces.Memory))),
        new(["vnc"], "", "the VNC server", static (c, _) => Vnc(c.Control.VncServers?.Invoke() ?? [])),
        new(["mice"], "", "pointing devices", static (_, _) => "* Mouse #0: PS/2 mouse\n"),
        new(["memory_size_summary"], "", "how much memory there is", static (c, _) => $"base-memory: {c.Control.Board.Options.Memory ?? 128UL << 20}\n"),
    ];

    /// <summary>`info SUBJECT`.</summary>
    public static string Run(MonitorContext context, string[] arguments)
    {
        if (arguments.Length == 0)
            return Help();
        foreach (MonitorCommand subject in All)
            if (Array.IndexOf(subject.Names, arguments[0]) >= 0)
                return subject.Run(context, arguments[1..]);
        string? near = Cli.Spelling.Nearest(arguments[0], All.SelectMany(s => s.Names));
        return $"unknown command: 'info {arguments[0]}'{(near is null ? "" : $" (did you mean '{near}'?)")}\n";
    }

    /// <summary>The subjects.</summary>
    public static string Help() => string.Concat(All.Select(s => $"info {string.Join('|', s.Names)} {s.Arguments} -- {s.Help}\n"));

    private static string Status(RunState state) => state switch
    {
        RunState.Running => "VM status: running\n",
        RunState.Paused => "VM status: paused\n",
        _ => $"VM status: paused ({RunStateNames.Text(state)})\n",
    };

    // The expression may ask for registers, which parks the processors by itself.
    private static string LocalApic(MonitorContext c, string[] a)
    {
        int index = a.Length > 0 ? (int)MonitorCommands.Number(c, a[0]) : c.Cpu;
        return c.Parked(() => c.Control.Inspector.LocalApic(index));
    }

    private static string Cpus(MonitorContext c, string[] a) => c.Parked(() =>
        string.Concat(c.Control.Machine.Vcpus.Select(v => $"{(v.Index == c.Cpu ? '*' : ' ')} CPU #{v.Index}: pc=0x{c.Control.Inspector.ProgramCounter(v.Index):x16}{(c.Control.Inspector.IsHalted(v.Index) ? " (halted)" : "")}\n")));

    private static string Registers(MonitorContext c, string[] a) => c.Parked(() => a is ["-a"]
        ? string.Concat(c.Control.Machine.Vcpus.Select(v => $"\nCPU#{v.Index}\n{c.Control.Inspector.Registers(v.Index)}"))
        : c.Control.Inspector.Registers(c.Cpu));

    private static string MemoryTree(AddressSpaces spaces)
    {
        StringBuilder text = new("address-space: memory\n");
        List<(ulong Start, ulong Last, string Text)> lines = [];
        foreach (MemorySlot slot in spaces.Memory.Slots)
        {
            string kind = slot.Reads is null ? "write-only" : slot.Writes == slot.Reads ? "ram" : slot.Writes is null ? "rom" : "shadowed";
            lines.Add((slot.Start, slot.Last, $"{kind}: {(slot.Reads ?? slot.Writes)!.Name} @{(slot.Reads is null ? slot.WriteOffset : slot.ReadOffset):x16}"));
        }

        foreach (BusRange range in spaces.Mmio.Ranges)
            if (range.IsMapped)
                lines.Add((range.Start, range.Start + range.Length - 1, $"i/o: {range.Name}"));
        foreach ((ulong start, ulong last, string what) in lines.OrderBy(l => l.Start))
            text.Append(CultureInfo.InvariantCulture, $"  {start:x16}-{last:x16}: {what}\n");
        text.Append("\naddress-space: I/O\n");
        foreach (BusRange range in spaces.Io.Ranges.Where(r => r.IsMapped).OrderBy(r => r.Start))
            text.Append(CultureInfo.InvariantCulture, $"  {range.Start:x16}-{range.Start + range.Length - 1:x16}: {range.Name}\n");
        return text.ToString();
    }

    private static string DeviceTree(MachineControl control)
    {
        StringBuilder text = new($"board: {control.Board.Name}\n");
        foreach (PluggedDevice plugged in control.Board.Plugged)
        {
            text.Append($"  dev: {plugged.Driver}, id \"{plugged.Id}\" ({plugged.Where})\n");
            if (plugged.Virtio is { BrokenBecause: { } why })
                text.Append($"    broken: {why}\n");
        }

        foreach (Device device in control.Machine.Devices)
        {
            text.Append($"  device: {device.Name}\n");
            foreach (Register register in device.State.Registers)
                text.Append(CultureInfo.InvariantCulture, $"    {register.Name} = 0x{register.Value:x} ({register.Bits} bits)\n");
        }

        return text.ToString();
    }

    private static string Pci(PciBus bus)
    {
        StringBuilder text = new();
        foreach (PciFunction f in bus.Functions)
        {
            text.Append(CultureInfo.InvariantCulture, $"  Bus  0, device {f.Slot,3}, function {f.Function}:\n    {f.Name}: class {f.Identity.Class >> 8:x4}, PCI device {f.Identity.Vendor:x4}:{f.Identity.Device:x4}\n");
            if (f.Identity.InterruptPin != 0)
                text.Append(CultureInfo.InvariantCulture, $"      IRQ {f.Configuration[PciRegisters.InterruptLine]}, pin {(char)('A' + f.Identity.InterruptPin - 1)}\n");
            foreach (PciBar bar in f.Bars)
                text.Append(CultureInfo.InvariantCulture, $"      BAR{bar.Index}: {(bar.IsIo ? "I/O" : $"{(bar.Is64 ? 64 : 32)} bit {(bar.IsPrefetchable ? "prefetchable " : "")}memory")} {(bar.Address is { } at ? $"at 0x{at:x} [0x{at + bar.Length - 1:x}]" : "(not mapped)")}, {bar.Length} bytes\n");
        }

        return text.ToString();
    }

    private static string Snapshots(MonitorContext c, string[] a)
    {
        IReadOnlyList<SnapshotInfo> all = c.Control.Snapshots?.List() ?? [];
        if (all.Count == 0)
            return "There is no snapshot available.\n";
        StringBuilder text = new($"List of snapshots present on all disks:\n{"ID",-8}{"TAG",-20}{"VM SIZE",12}{"DATE",24}{"VM CLOCK",18}\n");
        foreach (SnapshotInfo s in all)
            text.Append(CultureInfo.InvariantCulture, $"{s.Id,-8}{s.Tag,-20}{s.StateBytes >> 10,8} KiB{s.Date,24:yyyy-MM-dd HH:mm:ss}{TimeSpan.FromTicks((long)(s.MachineNanoseconds / 100)),18:hh\\:mm\\:ss\\.fff}\n");
        return text.ToString();
    }

    private static string Vnc(IReadOnlyList<Display.VncDescription> servers) => servers.Count == 0 ? "Server: disabled\n"
        : string.Concat(servers.Select(s => $"Server: {s.Endpoint}\n  Auth: {s.Auth}\n{string.Concat(s.Clients.Select(c => $"Client: {c}\n"))}"));

    private static string Roms(PhysicalMemory memory)
    {
        StringBuilder text = new();
        foreach (MemorySlot slot in memory.Slots)
            if (slot.Reads is not null && slot.Reads != slot.Writes)
                text.Append(CultureInfo.InvariantCulture, $"addr={slot.Start:x16} size=0x{slot.Length:x6} mem=rom name=\"{slot.Reads.Name}\"\n");
        return text.ToString();
    }
}
