using Suite.Host.Diagnostics;
using Suite.Machines.Backends;

namespace Suite.Machines.Options;

/// <summary>The options of the machine tools, in QEMU's syntax. To add one: a row here, its property in <see cref="MachineOptions"/>, its line in docs/system.md, a test.</summary>
public static class MachineOptionTable
{
    private const string Standard = "Standard options", Blocks = "Disks", Network = "Network", Chars = "Serial lines and monitors", Displays = "Display",
        Boot = "Starting kernels and firmware", Debug = "Debugging and control";

    /// <summary>Every option, in the order of the help.</summary>
    public static IReadOnlyList<MachineOption> All { get; } =
    [
        new(["-h", "-help"], null, Standard, "print this help and exit", (o, _, l) => o.Text = MachineHelp.Text(l.ToolName)),
        new(["-version"], null, Standard, "print the version and exit", (o, _, l) => o.Text = Cli.UserHelp.Version(l.ToolName)),
        new(["-M", "-machine"], "board[,prop=value]", Standard, "the board ('-M help' lists them)", Machine),
        new(["-cpu"], "model[,feature]", Standard, "CPU model ('-cpu help' lists them)", (o, v, l) => Listed(o, v, l.Cpus, () => o.Cpu = v)),
        new(["-accel"], "name[,prop=value]", Standard, "what runs the processors: kvm, translation (tcg); several are tried in order ('-accel help')", Accel),
        new(["-enable-kvm"], null, Standard, "KVM before all that -accel says", (o, _, _) => o.Accelerators.Insert(0, KeyValues.Of("-enable-kvm", ("accel", "kvm")))),
        new(["-no-kvm"], null, Standard, "translation, whatever was said before", (o, _, _) =>
        {
            o.Accelerators.Clear();
            o.Accelerators.Add(KeyValues.Of("-no-kvm", ("accel", "translation")));
        }),
        new(["-m"], "[size=]megs", Standard, "memory (suffix k, M, G or T; default 128M)", Memory),
        new(["-smp"], "[cpus=]n", Standard, "processors (sockets=, cores=, threads=, maxcpus= multiply)", Smp),
        new(["-device"], "driver[,prop=value]", Standard, "add a device ('-device help' lists them, '-device NAME,help' its properties)", Device),
        new(["-global"], "driver.prop=value", Standard, "a default for a property of all devices of a kind", Global),
        new(["-object"], "type[,prop=value]", Standard, "a back end: rng-random, memory-backend-file ... ('-object help' lists them)",
            (o, v, _) => Listed(o, v, Backends.HostObjects.Help, () => o.Objects.Add(KeyValues.Parse("-object", v, "qom-type")))),
        new(["-name"], "text", Standard, "a name for monitors and displays", (o, v, _) => o.Name = KeyValues.Parse("-name", v, "guest").Get("guest") ?? v),
        new(["-uuid"], "uuid", Standard, "the machine's UUID, for firmware", (o, v, _) =>
            o.Uuid = Guid.TryParse(v, out Guid uuid) ? uuid : throw new OptionException($"-uuid: '{v}' is not a UUID", "as in 550e8400-e29b-41d4-a716-446655440000")),
        new(["-rtc"], "base=...[,clock=...]", Standard, "the clock's start: utc, localtime or a date as 2006-06-17T16:01:21", (o, v, _) => o.Rtc = KeyValues.Parse("-rtc", v)),
        new(["-readconfig"], "file", Standard, "options by groups: [drive \"id\"], lines key = \"value\"", (o, v, l) => ConfigFile.Apply(o, v, l)),
        new(["-nodefaults"], null, Standard, "no devices but those of the board and those asked for", (o, _, _) => o.NoDefaults = true),
        new(["-no-acpi"], null, Standard, "no ACPI tables", (o, _, _) => o.NoAcpi = true),
        new(["-no-hpet"], null, Standard, "no HPET", (o, _, _) => o.NoHpet = true),
        new(["-k"], "layout", Standard, "accepted and ignored: keys come as key codes", (_, _, _) => { }),
        new(["-no-user-config", "-nouserconfig"], null, Standard, "accepted and ignored: there are no configuration files", (_, _, _) => { }),
        new(["-sandbox", "-audio", "-audiodev", "-msg", "-overcommit", "-run-with", "-seed", "-compat"], "value", Standard, "accepted and ignored",
            (o, v, _) => o.Notes.Add($"an option is ignored (with {v})")),
        new(["-usb"], null, Standard, "accepted and ignored: the boards have no USB", (_, _, _) => { }),
        new(["-no-fd-bootchk", "-win2k-hack", "-mem-prealloc"], null, Standard, "accepted and ignored", (_, _, _) => { }),

        new(["-drive"], "file=...[,prop=value]", Blocks, "a disk: file, if=ide|virtio|floppy|none, index, media=disk|cdrom, format, snapshot, readonly, id", Drive),
        new(["-blockdev"], "driver=...[,prop=value]", Blocks, "a node without a device: driver=raw|qcow2|file, node-name, file", (o, v, _) => o.BlockNodes.Add(KeyValues.Parse("-blockdev", v, "driver"))),
        new(["-hda"], "file", Blocks, "first IDE disk", (o, v, _) => Disk(o, v, 0)),
        new(["-hdb"], "file", Blocks, "second IDE disk", (o, v, _) => Disk(o, v, 1)),
        new(["-hdc"], "file", Blocks, "third IDE disk", (o, v, _) => Disk(o, v, 2)),
        new(["-hdd"], "file", Blocks, "fourth IDE disk", (o, v, _) => Disk(o, v, 3)),
        new(["-cdrom"], "file", Blocks, "CD-ROM, as the third IDE disk", (o, v, _) => o.Drives.Add(KeyValues.Of("-cdrom", ("file", v), ("media", "cdrom"), ("if", "ide"), ("index", "2")))),
        new(["-fda"], "file", Blocks, "floppy disk A", (o, v, _) => o.Drives.Add(KeyValues.Of("-fda", ("file", v), ("if", "floppy"), ("index", "0")))),
        new(["-fdb"], "file", Blocks, "floppy disk B", (o, v, _) => o.Drives.Add(KeyValues.Of("-fdb", ("file", v), ("if", "floppy"), ("index", "1")))),
        new(["-pflash"], "file", Blocks, "a flash memory: firmware, then its variables", (o, v, _) => o.Drives.Add(KeyValues.Of("-pflash", ("file", v), ("if", "pflash"), ("format", "raw")))),
        new(["-snapshot"], null, Blocks, "what the guest writes is forgotten at the end", (o, _, _) => o.Snapshot = true),

        new(["-netdev"], "type,id=...[,prop=value]", Network, "a back end: user (hostfwd=tcp::2222-:22), tap", (o, v, _) => Listed(o, v, NetBackends.Help, () => o.NetBackends.Add(KeyValues.Parse("-netdev", v, "type")))),
        new(["-nic"], "type[,model=...][,prop=value]", Network, "a card with its back end in one; none for no network", Nic),
        new(["-net"], "none|nic|user", Network, "the old form: -net none, -net nic,model=... -net user", Net),

        new(["-serial"], "dev", Chars, "a serial port's other end: stdio, pty, file:PATH, pipe:PATH, tcp:..., unix:..., null, none, mon:stdio, chardev:ID", (o, v, _) => o.Serials.Add(v)),
        new(["-parallel"], "dev", Chars, "a parallel port's other end", (o, v, _) => o.Parallels.Add(v)),
        new(["-chardev"], "backend,id=...[,prop=value]", Chars, "a back end for devices", (o, v, _) => Listed(o, v, CharSpec.Help, () => o.Chardevs.Add(KeyValues.Parse("-chardev", v, "backend")))),
        new(["-monitor"], "dev", Chars, "where the monitor is: stdio, tcp:..., none", (o, v, _) => o.Monitor = v),
        new(["-mon"], "[chardev=]id[,mode=readline|control]", Chars, "a monitor on a chardev", (o, v, _) => o.Monitors.Add(KeyValues.Parse("-mon", v, "chardev"))),
        new(["-qmp"], "dev", Chars, "where QMP is served", (o, v, _) => o.QmpMonitors.Add((v, false))),
        new(["-qmp-pretty"], "dev", Chars, "the same, with line breaks", (o, v, _) => o.QmpMonitors.Add((v, true))),
        new(["-debugcon"], "dev", Chars, "the debug port's (E9h) other end", (o, v, _) => o.DebugConsole = v),
        new(["-pidfile"], "file", Chars, "write the process id there", (o, v, _) => o.PidFile = v),
        new(["-daemonize"], null, Chars, "go into the background when the machine is ready", (o, _, _) => o.Daemonize = true),

        new(["-display"], "none|curses|vnc=...", Displays, "how the screen is shown", (o, v, _) => o.Displays.Add(KeyValues.Parse("-display", v, "type"))),
        new(["-vnc"], "host:display[,password=on]", Displays, "serve the screen by VNC", (o, v, _) => o.Displays.Add(KeyValues.Parse("-vnc", v, "vnc"))),
        new(["-nographic"], null, Displays, "no screen; serial port and monitor on the terminal (Ctrl-A h tells the keys)", (o, _, _) => o.NoGraphic = true),
        new(["-curses"], null, Displays, "the same as -display curses", (o, _, _) => o.Displays.Add(KeyValues.Parse("-display", "curses", "type"))),
        new(["-vga"], "std|none", Displays, "the display adapter", (o, v, _) => o.Vga = v),

        new(["-kernel"], "file", Boot, "start this kernel (Linux, PVH, multiboot) without firmware's help", (o, v, _) => o.Kernel = v),
        new(["-initrd"], "file", Boot, "its initial RAM disk, or modules", (o, v, _) => o.Initrd = v),
        new(["-append"], "text", Boot, "its command line", (o, v, _) => o.Append = v),
        new(["-dtb"], "file", Boot, "its device tree", (o, v, _) => o.Dtb = v),
        new(["-bios"], "file", Boot, "firmware instead of our own", (o, v, _) => o.Bios = v),
        new(["-L"], "path", Boot, "look for firmware files there (repeatable)", (o, v, _) => o.FirmwarePaths.Add(v)),
        new(["-boot"], "[order=]acdn[,menu=on]", Boot, "what is started: a floppy, c disk, d CD, n network; once=, menu=", (o, v, _) => o.Boot = KeyValues.Parse("-boot", v, "order")),
        new(["-fw_cfg"], "[name=]name,file=|string=", Boot, "an item for the firmware", (o, v, _) => o.FwCfg.Add(KeyValues.Parse("-fw_cfg", v, "name"))),
        new(["-acpitable"], "file=...", Boot, "one more ACPI table", (o, v, _) => o.AcpiTables.Add(KeyValues.Parse("-acpitable", v))),
        new(["-smbios"], "type=N[,field=value]", Boot, "fields of SMBIOS structures 0 to 4, 11 and 17; file= adds a structure", (o, v, _) => o.Smbios.Add(KeyValues.Parse("-smbios", v))),
        new(["-option-rom"], "file", Boot, "a ROM for the firmware to run", (o, v, _) => o.OptionRoms.Add(KeyValues.Parse("-option-rom", v, "romfile").Need("romfile"))),
        new(["-loadvm"], "name", Boot, "start from a snapshot of savevm", (o, v, _) => o.LoadSnapshot = v),
        new(["-incoming"], "uri", Boot, "not offered", (_, v, _) => throw new OptionException(
            $"-incoming {v}: a machine cannot be taken over from another process", "savevm in the one and -loadvm in the other, on the same disk image")),

        new(["-S"], null, Debug, "do not start; wait for cont", (o, _, _) => o.StartsStopped = true),
        new(["-s"], null, Debug, "the same as -gdb tcp::1234", (o, _, _) => o.Gdb.Add("tcp::1234")),
        new(["-gdb"], "dev", Debug, "serve gdb: tcp::PORT, unix:PATH", (o, v, _) => o.Gdb.Add(v)),
        new(["-d"], "item[,...]", Debug, "log these items ('-d help' lists them)", (o, v, _) => Listed(o, v, LogItemNames.HelpText, () => Log(o, v))),
        new(["-D"], "file", Debug, "log to this file, %d in it is the process id (default: stderr)", (o, v, _) => o.LogFile = v),
        new(["-dfilter"], "range[,...]", Debug, "log translated code only in these ranges: start..end, start+size, start-size", (o, v, _) =>
            o.LogFilter = AddressFilter.TryParse(v, out AddressFilter? filter, out string? error) ? filter : throw new OptionException($"-dfilter: {error}")),
        new(["-no-reboot"], null, Debug, "a reset by the guest ends the machine", (o, _, _) => o.NoReboot = true),
        new(["-no-shutdown"], null, Debug, "powering off stops the machine and keeps it", (o, _, _) => o.NoShutdown = true),
        new(["-action"], "event=action", Debug, "reboot=reset|shutdown, shutdown=poweroff|pause, panic=...", Action),
        new(["-exit-on"], "panic|string:TEXT|port[:N]", Debug, "end with a status: see the page on exit control (repeatable)", (o, v, _) => o.ExitOn.Add(v)),
        new(["-icount"], "[shift=]N|auto[,sleep=][,align=]", Debug, "the guest's time is what it executes, 2^N ns an instruction: two runs are the same", (o, v, _) => o.Icount = KeyValues.Parse("-icount", v, "shift")),
        new(["-completion"], "shell", Debug, "print a completion script for bash, zsh or fish, and exit", (o, v, l) => o.Text = MachineHelp.Completion(l.ToolName, v)),
        new(["-manual"], null, Debug, "print the manual page (for man -l -), and exit", (o, _, l) => o.Text = MachineHelp.Manual(l.ToolName)),
    ];

    /// <summary>The option of that spelling, with one dash or two; null when there is none.</summary>
    public static MachineOption? Find(string word)
    {
        string name = word.StartsWith("--", StringComparison.Ordinal) ? word[1..] : word;
        foreach (MachineOption option in All)
            if (Array.IndexOf(option.Names, name) >= 0)
                return option;
        return null;
    }

    private static void Listed(MachineOptions o, string value, Func<string> list, Action set)
    {
        if (value is "help" or "?")
            o.Text = list();
        else
            set();
    }

    private static void Log(MachineOptions o, string value)
    {
        foreach (string name in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            if (!LogItemNames.TryParse(name, out _, out string[] traces, out _))
                throw OptionException.Unknown("-d: log item", name, LogItemNames.All.Select(i => i.Name), "-d help");
            else if (traces.Length > 0)
                throw new OptionException($"-d {name}: machines have no trace events", "-d help lists the items");
        LogItemNames.TryParse(value, out LogItems items, out _, out _);
        o.LogItems |= items;
    }

    private static void Machine(MachineOptions o, string value, IMachineLists lists) => Listed(o, value, lists.Machines, () =>
    {
        o.Machine = KeyValues.Parse("-M", value, "type");
        if (o.Machine.Get("accel") is { } accel)
            Accel(o, accel, lists);
        // What has an option of its own, too.
        o.Kernel = o.Machine.Get("kernel") ?? o.Kernel;
        o.Initrd = o.Machine.Get("initrd") ?? o.Initrd;
        o.Append = o.Machine.Get("append") ?? o.Append;
        o.Dtb = o.Machine.Get("dtb") ?? o.Dtb;
        o.Bios = o.Machine.Get("firmware") ?? o.Bios;
    });

    private static void Accel(MachineOptions o, string value, IMachineLists lists) => Listed(o, value, lists.Accelerators, () =>
    {
        KeyValues given = KeyValues.Parse("-accel", value, "accel");
        string[] names = given.Need("accel").Split(':');
        foreach (string name in names)
        {
            if (name is not ("kvm" or "tcg" or "translation"))
                throw OptionException.Unknown("-accel: accelerator", name, ["kvm", "translation", "tcg"]);
            KeyValues one = KeyValues.Of("-accel", ("accel", name));
            foreach ((string key, string v) in given.Items)
                one.Default(key, v);
            o.Accelerators.Add(one);
        }
    });

    private static void Memory(MachineOptions o, string value, IMachineLists lists)
    {
        const ulong Megabyte = 1 << 20, Page = 4096, Most = 1UL << 40;
        KeyValues given = KeyValues.Parse("-m", value, "size");
        ulong bytes = given.GetSize("size", Megabyte) ?? 128 * Megabyte;
        given.Ignore("slots", "maxmem");
        given.Finish();
        if (bytes < Megabyte || bytes > Most)
            throw new OptionException($"-m {value}: a machine cannot have so much or so little memory", "from 1M to 1T");
        o.Memory = bytes & ~(Page - 1);
    }

    private static void Smp(MachineOptions o, string value, IMachineLists lists)
    {
        KeyValues given = KeyValues.Parse("-smp", value, "cpus");
        const int Most = 255;
        string[] parts = ["sockets", "dies", "cores", "threads"];
        long product = parts.Aggregate(1L, (all, part) => all * given.GetNumber(part, 1, 1, Most));
        long cpus = given.GetNumber("cpus", given.GetNumber("maxcpus", product, 1, Most), 1, Most), most = given.GetNumber("maxcpus", cpus, 1, Most);
        given.Ignore("clusters", "modules", "books", "drawers");
        given.Finish();
        // What is not given follows from what is; all together must be what the machine could have.
        bool isWhole = given.Has("sockets") && given.Has("cores") && given.Has("threads");
        if (most < cpus || most % product != 0 || (isWhole && most != product))
            throw new OptionException($"-smp {value}: {string.Join(" * ", parts.Where(given.Has))} is {product}, which does not make {most} processors", "leave one of them out, or give a number they make");
        o.Cpus = cpus <= Most ? (int)cpus : throw new OptionException($"-smp {value}: {cpus} processors are too many", $"at most {Most}");
        long threads = given.GetNumber("threads", given.Has("sockets") && given.Has("cores") ? most / product : 1);
        long cores = given.Has("cores") ? given.GetNumber("cores", 1) * given.GetNumber("dies", 1) : most / (given.GetNumber("sockets", 1) * threads);
        o.CpuParts = ((int)cores, (int)threads);
    }

    private static void Device(MachineOptions o, string value, IMachineLists lists)
    {
        if (value is "help" or "?")
        {
            o.Text = lists.Devices();
            return;
        }

        KeyValues given = KeyValues.Parse("-device", value, "driver");
        if (given.Has("help") || given.Has("?"))
            o.Text = lists.Device(given.Need("driver"));
        else
            o.Devices.Add(given);
    }

    private static void Global(MachineOptions o, string value, IMachineLists lists)
    {
        int equals = value.IndexOf('='), dot = value.LastIndexOf('.', equals < 0 ? value.Length - 1 : equals);
        if (dot > 0 && equals > dot)
        {
            o.Globals.Add((value[..dot], value[(dot + 1)..equals], value[(equals + 1)..]));
            return;
        }

        KeyValues given = KeyValues.Parse("-global", value);
        o.Globals.Add((given.Need("driver"), given.Need("property"), given.Need("value")));
    }

    private static void Drive(MachineOptions o, string value, IMachineLists lists) => o.Drives.Add(KeyValues.Parse("-drive", value));

    private static void Disk(MachineOptions o, string file, int index) =>
        o.Drives.Add(KeyValues.Of($"-hd{(char)('a' + index)}", ("file", file), ("if", "ide"), ("index", $"{index}"), ("media", "disk")));

    private static void Nic(MachineOptions o, string value, IMachineLists lists)
    {
        KeyValues given = KeyValues.Parse("-nic", value, "type");
        if (ListsCards(o, given, lists))
            return;
        if (given.Get("type") == "none")
            o.NoNetwork = true;
        else
            o.Nics.Add(given);
    }

    private static bool ListsCards(MachineOptions o, KeyValues given, IMachineLists lists)
    {
        if (given.Get("model") is not ("help" or "?"))
            return false;
        o.Text = lists.NetworkCards();
        return true;
    }

    // -net nic and -net user belong together; the last of each makes the one card.
    private static void Net(MachineOptions o, string value, IMachineLists lists)
    {
        KeyValues given = KeyValues.Parse("-net", value, "type");
        string type = given.Need("type");
        if (ListsCards(o, given, lists))
            return;
        if (type == "none")
        {
            o.NoNetwork = true;
            return;
        }

        KeyValues card = o.Nics.Find(n => n.What == "-net") ?? KeyValues.Of("-net");
        if (!o.Nics.Contains(card))
            o.Nics.Add(card);
        foreach ((string key, string v) in given.Items)
            if (key != "type")
                card.Default(key, v);
        if (type == "nic")
            return;
        card.Default("type", type);
    }

    private static void Action(MachineOptions o, string value, IMachineLists lists)
    {
        KeyValues given = KeyValues.Parse("-action", value);
        o.NoReboot |= given.GetWord("reboot", "reset", "reset", "shutdown") == "shutdown";
        o.NoShutdown |= given.GetWord("shutdown", "poweroff", "poweroff", "pause") == "pause";
        if (given.Get("panic") is { } panic)
            o.ExitOn.Add(panic switch
            {
                "exit-failure" or "shutdown" => "panic",
                "pause" => "panic-pause",
                "none" => "panic-none",
                _ => throw OptionException.Unknown("-action: panic", panic, ["pause", "shutdown", "exit-failure", "none"]),
            });
        given.Ignore("watchdog");
        given.Finish();
    }
}
