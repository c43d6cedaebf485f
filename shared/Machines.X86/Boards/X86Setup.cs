using Suite.Devices.Char;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Host.Diagnostics;
using Suite.Machines.Backends;
using Suite.Machines.Options;
using Suite.Machines.X86.Kvm;
using Suite.Machines.X86.Translation;

namespace Suite.Machines.X86.Boards;

/// <summary>What an x86 board is made from.</summary>
/// <param name="Machine">Empty.</param>
/// <param name="Backends">The host's side.</param>
/// <param name="Options">The command line.</param>
/// <param name="Model">-cpu.</param>
public sealed record X86Setup(Machine Machine, MachineBackends Backends, MachineOptions Options, CpuModel Model)
{
    /// <summary>The tool is that of 64-bit machines.</summary>
    public bool Is64 { get; init; } = true;

    /// <summary>
    /// How cpuid tells that the processors are arranged. Their numbers are their APIC ids here; an arrangement that leaves gaps between these is told as one package.
    /// </summary>
    public CpuTopology Topology
    {
        get
        {
            (int cores, int threads) = Options.CpuParts;
            CpuTopology wanted = new((Options.Cpus + cores * threads - 1) / (cores * threads), cores, threads);
            return Enumerable.Range(0, Options.Cpus).All(i => wanted.ApicId(i) == i) ? wanted : new CpuTopology(1, Options.Cpus, 1);
        }
    }

    /// <summary>The accelerator when -accel says none.</summary>
    public string DefaultAccelerator { get; init; } = "translation";

    /// <summary>-bios; null for our own firmware.</summary>
    public byte[]? FirmwareImage { get; init; }

    /// <summary>Drives that are flash memories, the first of which holds the firmware.</summary>
    public IReadOnlyList<Drive> Flash { get; init; } = [];

    /// <summary>The other ends of the serial ports; null for a port that is not there.</summary>
    public IReadOnlyList<IChardev?> Serials { get; init; } = [];

    /// <summary>The other end of the parallel port; null for none.</summary>
    public IChardev? Parallel { get; init; }

    /// <summary>The other end of the debug port.</summary>
    public IChardev? DebugConsole { get; init; }

    /// <summary>The display's option ROM; empty with our own firmware, which needs none.</summary>
    public byte[] VgaBios { get; init; } = [];

    /// <summary>Finds an option ROM by its name; null when there is none.</summary>
    public Func<string, byte[]?> FindRom { get; init; } = static name => File.Exists(name) ? File.ReadAllBytes(name) : null;

    /// <summary>What -d asks for; null for nothing.</summary>
    public LogSink? Log { get; init; }

    /// <summary>A line for the user, on stderr.</summary>
    public Action<string> Note { get; init; } = static _ => { };

    /// <summary>The first accelerator of -accel that can be had.</summary>
    /// <exception cref="OptionException">None can; the message says why and what to do.</exception>
    public IX86Accelerator CreateAccelerator()
    {
        List<KeyValues> wanted = Options.Accelerators.Count > 0 ? Options.Accelerators : [KeyValues.Of("-accel", ("accel", DefaultAccelerator))];
        for (int i = 0; ; i++)
        {
            KeyValues accel = wanted[i];
            try
            {
                return Create(accel);
            }
            catch (KvmException e) when (i + 1 < wanted.Count)
            {
                Note($"kvm: {e.Message}; going on with {wanted[i + 1].Get("accel")}");
            }
            catch (KvmException e)
            {
                throw new OptionException($"kvm: {e.Message}", "-accel kvm:translation goes on without KVM, -accel translation does not try it");
            }
        }
    }

    private IX86Accelerator Create(KeyValues accel)
    {
        string name = accel.Need("accel");
        // Of several names with common properties each takes its own.
        accel.Ignore("kernel-irqchip", "device", "dirty-ring-size", "kvm-shadow-mem", "notify-vmexit", "tb-size", "thread", "split-wx", "one-insn-per-tb");
        if (name == "kvm")
        {
            string chip = accel.Get("kernel-irqchip") ?? Options.Machine.Get("kernel-irqchip") ?? Options.Machine.Get("kernel_irqchip") ?? "on";
            accel.Finish();
            IrqChipMode mode = chip switch
            {
                "on" => IrqChipMode.On,
                "split" => IrqChipMode.Split,
                "off" => IrqChipMode.Off,
                _ => throw OptionException.Unknown("kernel-irqchip", chip, ["on", "split", "off"]),
            };
            if (Options.Icount is not null)
                throw new OptionException("-icount: KVM does not count the guest's instructions", "-accel translation");
            if (Log is not null)
                Note("-d: KVM runs the guest's code unseen; only accesses where there is no device are logged");
            return new KvmAccelerator(Machine.Spaces, mode, Backends.Loop, accel.Get("device") ?? "/dev/kvm");
        }

        const int Mebibyte = 1 << 20;
        int codeBytes = accel.Get("tb-size") is { } size && int.TryParse(size, out int mebibytes) ? checked((int)Math.Clamp((long)mebibytes * Mebibyte, 0, int.MaxValue)) : TranslationAccelerator.DefaultCodeBytes;
        accel.Finish();
        return new TranslationAccelerator(Machine.Spaces, codeBytes)
        {
            Log = Log is null ? null : new X86Log(Log, Options.LogFilter),
            CountsInstructions = Options.Icount is not null,
        };
    }
}
