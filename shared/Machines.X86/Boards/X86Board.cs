using System.Globalization;
using System.Text;
using Suite.Devices.Core;
using Suite.Devices.FwCfg;
using Suite.Devices.Misc;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Machines.Boards;
using Suite.Machines.Options;
using Suite.Machines.X86.Boot;
using Suite.Machines.X86.Kvm;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>What the x86 boards have in common: memory, processors, interrupt controllers, firmware, and how they start.</summary>
public abstract class X86Board : Board
{
    private readonly X86Platform _platform;
    private BootPlan? _plan;
    private bool _hasKernelRom;

    /// <summary>Memory, accelerator and interrupt controllers; devices are the derived board's.</summary>
    protected X86Board(X86Setup setup, PcDescription pc)
        : base(setup.Machine, setup.Backends, setup.Options)
    {
        (Setup, Description) = (setup, pc);
        PcMemory = new PcMemory(Machine.Spaces.Memory, pc, setup.FirmwareImage ?? new byte[0x10000], setup.Backends.Objects.Ram(setup.Options.Machine.Get("memory-backend"), pc.RamBytes));
        Machine.Add(PcMemory.Ram);
        Machine.Add(PcMemory.Rom);
        Accelerator = setup.CreateAccelerator();
        if (pc.Cpus > Accelerator.MostVcpus)
            throw new OptionException($"-smp {pc.Cpus}: {Accelerator.Name} has at most {Accelerator.MostVcpus} processors here");
        _platform = new X86Platform(Machine);
        Interrupts = new InterruptControllers(Machine, Accelerator, pc.Cpus);
        _platform.Interrupts = Interrupts;
        FpuErrorLatch fpuErrors = Machine.Add(new FpuErrorLatch(Interrupts.Gsi.Wire(13)));
        Machine.Spaces.Io.Attach(fpuErrors, fpuErrors.Name, FpuErrorLatch.Port, 1);
        _platform.FpuErrors = fpuErrors;
        CpuTopology topology = setup.Topology;
        for (int i = 0; i < pc.Cpus; i++)
            Machine.AddVcpu(Accelerator.CreateVcpu(i, topology, setup.Model, _platform));
        Machine.Resetting += OnReset;
    }

    /// <summary>What runs the processors.</summary>
    public IX86Accelerator Accelerator { get; }

    /// <summary>The board as its firmware sees it.</summary>
    public PcDescription Description { get; }

    /// <summary>What was recognised of -kernel; null without.</summary>
    public string? KernelDescription => _plan?.Description;

    /// <summary>vCPUs in the order of their numbers.</summary>
    public IEnumerable<IX86Vcpu> Vcpus => Machine.Vcpus.Cast<IX86Vcpu>();

    internal X86Setup Setup { get; }

    internal PcMemory PcMemory { get; }

    internal InterruptControllers Interrupts { get; }

    /// <summary>Our own firmware; null when -bios gave another.</summary>
    protected PcFirmware? Firmware { get; private set; }

    /// <summary>-M's property, taken as read.</summary>
    protected static bool Flag(MachineOptions options, string key, bool otherwise) => options.Machine.GetBool(key, otherwise);

    /// <summary>All devices are there: firmware, kernel and what depends on the devices follow.</summary>
    public abstract void Complete();

    /// <inheritdoc/>
    public override byte[]? FindRom(string name) => Setup.FindRom(name);

    /// <summary>The contents of -option-rom.</summary>
    /// <exception cref="OptionException">There is no such file.</exception>
    internal IEnumerable<(string Name, byte[] Image)> OptionRoms() => Options.OptionRoms.Select(name =>
        (name, FindRom(name) ?? throw new OptionException($"-option-rom: there is no {name}", "a path, or a name in a folder of -L")));

    /// <summary>A wire to an ISA interrupt.</summary>
    protected IrqLine Irq(int number) => Interrupts.Gsi.Wire(number);

    /// <summary>Firmware and direct boot.</summary>
    protected void InstallFirmware(FirmwareParts parts)
    {
        Options.Machine.Finish();
        if (Setup.FirmwareImage is null)
        {
            Firmware = Machine.Add(new PcFirmware(Description, parts));
            Machine.Spaces.Io.Attach(Firmware, Firmware.Name, PcFirmware.ServicePort, PcFirmware.ServicePorts, widest: 4);
        }

        if (Options.Kernel is not { } kernel)
            return;
        BootMachine machine = new(Description, Firmware?.Map ?? MemoryMap.Of(Description, 0), Firmware?.AcpiRsdp ?? 0)
        {
            RsdpBytes = Firmware?.RsdpBytes ?? default,
            HasLongMode = (Setup.Model.Query(0x8000_0001, 0).Edx >> 29 & 1) != 0,
            HasForeignFirmware = Firmware is null,
        };
        _plan = BootPlan.Read(new BootFiles(kernel, Options.Initrd, KernelArguments(), Options.Dtb), machine);
        if (Firmware is null)
            InstallKernelRom(_plan);
    }

    /// <summary>Firmware of others finds the ROM by fw_cfg; a board without it starts the kernel and leaves the firmware out.</summary>
    protected virtual FwCfgDevice? FirmwareFiles => null;

    private void InstallKernelRom(BootPlan plan)
    {
        if (FirmwareFiles is not { } files)
            return;
        KernelRom rom = Machine.Add(new KernelRom(plan, Machine.Spaces.Memory));
        Machine.Spaces.Io.Attach(rom, rom.Name, KernelRom.Port, 1);
        files.AddFile(KernelRom.FileName, rom.Image);
        files.AddFile("bootorder", Encoding.ASCII.GetBytes(KernelRom.BootOrderLine + "\0"));
        _hasKernelRom = true;
    }

    /// <summary>-append, and what the board adds.</summary>
    protected virtual string KernelArguments() => Options.Append;

    /// <summary>The A20 gate.</summary>
    protected void SetA20(bool open)
    {
        foreach (IX86Vcpu vcpu in Vcpus)
            vcpu.SetA20(open);
    }

    /// <summary>-rtc base=.</summary>
    protected DateTime ClockStart()
    {
        KeyValues rtc = Options.Rtc;
        string start = rtc.Get("base") ?? "utc";
        rtc.Ignore("clock", "driftfix");
        rtc.Finish();
        return start switch
        {
            "utc" => DateTime.UtcNow,
            "localtime" => DateTime.Now,
            _ when DateTime.TryParse(start, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime at) => at,
            _ => throw new OptionException($"-rtc: '{start}' is not a time", "utc, localtime, or a date as 2006-06-17T16:01:21"),
        };
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Machine.Dispose();
        Accelerator.Dispose();
        PcMemory.Dispose();
        base.Dispose();
    }

    // Under the lock, after devices and processors were reset.
    private unsafe void OnReset()
    {
        if (Firmware is { } firmware)
        {
            firmware.Rom.Span.CopyTo(new Span<byte>(PcMemory.Rom.Host, firmware.Rom.Length));
            firmware.PowerOn();
        }
        else if (Setup.Flash.Count == 0)
        {
            PcMemory.Reload();
        }

        if (_plan is null || _hasKernelRom)
            return;
        QuietPics();
        IX86Vcpu boot = Vcpus.First();
        _plan.Apply(Machine.Spaces.Memory, boot.State, Firmware);
        boot.Store(withTime: false);
    }

    // As firmware leaves the PICs behind: vectors 8 and 70h, everything masked. A kernel that thinks that there are none would be interrupted at vector 0.
    private void QuietPics()
    {
        ReadOnlySpan<(ushort Port, byte Value)> writes =
        [
            (0x20, 0x11), (0x21, 0x08), (0x21, 0x04), (0x21, 0x01), (0x21, 0xFF),
            (0xA0, 0x11), (0xA1, 0x70), (0xA1, 0x02), (0xA1, 0x01), (0xA1, 0xFF),
        ];
        if (Interrupts.Pic is null)
        {
            KernelChips.Quiet(((KvmAccelerator)Accelerator).Vm);
            return;
        }

        foreach ((ushort port, byte value) in writes)
            Machine.Spaces.Io.Write(port, 1, value);
    }
}
