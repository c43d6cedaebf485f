using System.Text;
using Suite.Devices.Core;
using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Host;
using Suite.Jit.Memory;
using Suite.Machines;
using Suite.Machines.X86;
using Suite.Machines.X86.Kvm;
using Suite.Tests.Guest.X86;

namespace Suite.Tests.Machines;

/// <summary>A machine of 1 MiB with a reset vector that jumps to 0:1000h, a debug port E9h and an exit port F4h, on KVM.</summary>
internal sealed unsafe class TinyMachine : PlatformWithoutApic, IDisposable, IBusDevice
{
    public const int Start = 0x1000;

    private readonly StringBuilder _said = new();
    private readonly HostLoop? _loop;
    private readonly RamBlock _ram = new("ram", 1 << 20), _rom = new("rom", 4096);

    public TinyMachine(IrqChipMode irqChip = IrqChipMode.On, int cpus = 1, bool hasLoop = false)
    {
        Machine.Spaces.Memory.MapRam(0, _ram, 0, 1 << 20);
        Machine.Spaces.Memory.MapRom(0xFFFFF000, _rom, 0, 4096);
        ReadOnlySpan<byte> jump = [0xEA, 0x00, 0x10, 0x00, 0x00];
        jump.CopyTo(new Span<byte>(_rom.Host + 0xFF0, 16));
        Machine.Spaces.Io.Attach(this, "ports", 0xE0, 0x20, 4);
        _loop = hasLoop ? new HostLoop(Machine.Lock) : null;
        Kvm = new KvmAccelerator(Machine.Spaces, irqChip, _loop);
        for (int i = 0; i < cpus; i++)
            Machine.AddVcpu(Kvm.CreateVcpu(i, new CpuTopology(1, cpus, 1), CpuModel.Parse("max", new HostCpuid(() => HostCpu.Xcr0), is64Bit: true), this));
        Machine.Failed += message => Failure = message;
        Machine.Failed += _ => Machine.Exit(-2);
    }

    public Machine Machine { get; } = new();

    public KvmAccelerator Kvm { get; }

    public string Said => _said.ToString();

    public string? Failure { get; private set; }

    public List<(ulong Port, int Size, ulong Value)> Writes { get; } = [];

    public Func<ulong, int, ulong> Answer { get; set; } = static (_, _) => 0;

    public int PendingVector { get; set; } = -1;

    public Span<byte> Ram => new(_ram.Host, 1 << 20);

    public void Load(int at, params ReadOnlySpan<byte> code) => code.CopyTo(Ram[at..]);

    /// <summary>Runs until the guest writes to F4h; its value, or -1 after ten seconds.</summary>
    public int Run()
    {
        _loop?.Start();
        using Timer limit = new(_ => Machine.Exit(-1), null, 10_000, Timeout.Infinite);
        return Machine.Run(isStopped: false);
    }

    public ulong Read(ulong offset, int size) => Answer(offset + 0xE0, size);

    public void Write(ulong offset, int size, ulong value)
    {
        switch (offset)
        {
            case 9:
                _said.Append((char)value);
                break;
            case 0x14:
                Machine.Exit((int)value);
                break;
            default:
                Writes.Add((offset + 0xE0, size, value));
                break;
        }
    }

    public override uint In(ushort port, int size) => Machine.Spaces.In(port, size);

    public override void Out(ushort port, int size, uint value) => Machine.Spaces.Out(port, size, value);

    public override int AcknowledgeInterrupt(int vcpu)
    {
        int vector = PendingVector;
        PendingVector = -1;
        Machine.Vcpus[vcpu].SetInterrupt(false);
        return vector;
    }

    public void Dispose()
    {
        _loop?.Stop();
        Machine.Dispose();
        Kvm.Dispose();
        _loop?.Dispose();
        _ram.Dispose();
        _rom.Dispose();
    }
}
