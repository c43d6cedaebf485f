using Suite.Host.Diagnostics;

namespace Suite.Machines.Options;

/// <summary>A whole machine as the command line describes it; guest-neutral. Boards read what concerns them.</summary>
public sealed class MachineOptions
{
    /// <summary>-M; "type" is the board.</summary>
    public KeyValues Machine { get; set; } = KeyValues.Parse("-M", "", "type");

    /// <summary>-cpu; null for the board's.</summary>
    public string? Cpu { get; set; }

    /// <summary>-accel, in order of preference; the key "accel" is the name.</summary>
    public List<KeyValues> Accelerators { get; } = [];

    /// <summary>-m in bytes; null for the board's.</summary>
    public ulong? Memory { get; set; }

    /// <summary>-smp.</summary>
    public int Cpus { get; set; } = 1;

    /// <summary>-smp cores= and threads=, or what follows from the rest: cores of a package, and threads of a core.</summary>
    public (int Cores, int Threads) CpuParts { get; set; } = (1, 1);

    public string? Kernel { get; set; }

    public string? Initrd { get; set; }

    public string Append { get; set; } = "";

    public string? Dtb { get; set; }

    public string? Bios { get; set; }

    /// <summary>-L.</summary>
    public List<string> FirmwarePaths { get; } = [];

    /// <summary>-drive, and what -hda and its kin stand for.</summary>
    public List<KeyValues> Drives { get; } = [];

    /// <summary>-blockdev.</summary>
    public List<KeyValues> BlockNodes { get; } = [];

    /// <summary>-device.</summary>
    public List<KeyValues> Devices { get; } = [];

    /// <summary>-netdev.</summary>
    public List<KeyValues> NetBackends { get; } = [];

    /// <summary>-nic (and -net); empty and not <see cref="NoNetwork"/>: the board's card with user-mode network.</summary>
    public List<KeyValues> Nics { get; } = [];

    public bool NoNetwork { get; set; }

    /// <summary>-chardev.</summary>
    public List<KeyValues> Chardevs { get; } = [];

    /// <summary>-serial; empty for the default.</summary>
    public List<string> Serials { get; } = [];

    /// <summary>-parallel.</summary>
    public List<string> Parallels { get; } = [];

    /// <summary>-monitor; null for the default.</summary>
    public string? Monitor { get; set; }

    /// <summary>-mon, and what -qmp stands for.</summary>
    public List<KeyValues> Monitors { get; } = [];

    /// <summary>-qmp: back ends.</summary>
    public List<(string Device, bool Pretty)> QmpMonitors { get; } = [];

    public string? DebugConsole { get; set; }

    /// <summary>-display and -vnc.</summary>
    public List<KeyValues> Displays { get; } = [];

    public bool NoGraphic { get; set; }

    public string? Vga { get; set; }

    public KeyValues Boot { get; set; } = KeyValues.Parse("-boot", "", "order");

    public KeyValues Rtc { get; set; } = KeyValues.Parse("-rtc", "");

    public bool NoReboot { get; set; }

    public bool NoShutdown { get; set; }

    /// <summary>-S.</summary>
    public bool StartsStopped { get; set; }

    /// <summary>-gdb.</summary>
    public List<string> Gdb { get; } = [];

    public bool Snapshot { get; set; }

    public string? Name { get; set; }

    public Guid Uuid { get; set; }

    public string? PidFile { get; set; }

    public bool Daemonize { get; set; }

    /// <summary>-global driver.property=value.</summary>
    public List<(string Driver, string Property, string Value)> Globals { get; } = [];

    /// <summary>-object.</summary>
    public List<KeyValues> Objects { get; } = [];

    public bool NoDefaults { get; set; }

    public bool NoAcpi { get; set; }

    public bool NoHpet { get; set; }

    /// <summary>-loadvm.</summary>
    public string? LoadSnapshot { get; set; }

    /// <summary>--exit-on.</summary>
    public List<string> ExitOn { get; } = [];

    /// <summary>-fw_cfg.</summary>
    public List<KeyValues> FwCfg { get; } = [];

    /// <summary>-smbios.</summary>
    public List<KeyValues> Smbios { get; } = [];

    /// <summary>-acpitable.</summary>
    public List<KeyValues> AcpiTables { get; } = [];

    /// <summary>-option-rom.</summary>
    public List<string> OptionRoms { get; } = [];

    /// <summary>-d.</summary>
    public LogItems LogItems { get; set; }

    /// <summary>-D; null for standard error.</summary>
    public string? LogFile { get; set; }

    /// <summary>-dfilter.</summary>
    public AddressFilter? LogFilter { get; set; }

    /// <summary>-icount; null when time follows the host's clock.</summary>
    public KeyValues? Icount { get; set; }

    /// <summary>Things worth a line on stderr.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>True when -device names one of these: then the board leaves its own out.</summary>
    public bool AddsDevice(params ReadOnlySpan<string> drivers)
    {
        foreach (KeyValues device in Devices)
            if (device.Has("driver") && drivers.Contains(device.Get("driver")!))
                return true;
        return false;
    }

    /// <summary>A text to print instead of running (help and lists).</summary>
    public string? Text { get; set; }
}
