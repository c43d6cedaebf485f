using Suite.Guest.X86.Cpu;
using Suite.Guest.X86.Machine;
using Suite.Guest.X86.Machine.Translation;
using Suite.Host;

namespace Suite.Machines.X86.Translation;

/// <summary>A translated vCPU as machines know vCPUs. Its state is always in the common form.</summary>
internal sealed unsafe class TranslationVcpu(TranslatedVcpu vcpu, CpuModel model, int index) : IX86Vcpu
{
    public int Index => index;

    public string? Failure { get; private set; }

    public bool HasWork => vcpu.HasWork;

    public X86Cpu* State => vcpu.Cpu;

    public int VectorBytes => HostCpu.XsaveSize;

    public void Attach() => vcpu.Attach();

    public VcpuExit Run()
    {
        try
        {
            return vcpu.Run() switch
            {
                TranslatedExit.Halted => VcpuExit.Halted,
                TranslatedExit.Shutdown => VcpuExit.Shutdown,
                TranslatedExit.Debug => VcpuExit.Debug,
                TranslatedExit.Deadline => VcpuExit.Deadline,
                _ => VcpuExit.Kicked,
            };
        }
        catch (InvalidOperationException e)
        {
            Failure = e.Message;
            return VcpuExit.Failed;
        }
    }

    public void Kick() => vcpu.Kick();

    public void SetInterrupt(bool level) => vcpu.SetInterrupt(level);

    public void RaiseNmi() => vcpu.RaiseNmi();

    public void InitOrStart(int startVector)
    {
        if (startVector < 0)
            vcpu.RaiseInit();
        else
            vcpu.StartUp((byte)startVector);
    }

    public bool WaitsForStart
    {
        get => vcpu.WaitsForStartUp;
        set => vcpu.WaitsForStartUp = value;
    }

    public void Reset() => vcpu.Reset();

    public void Fetch()
    {
    }

    public void Store(bool withTime) => vcpu.StateChanged();

    public CpuidLeaf Cpuid(uint leaf, uint subleaf) => model.Query(leaf, subleaf);

    public void SetDebug(in DebugRequest request) => vcpu.SetDebug(request.SingleStep, request.Breakpoints, request.Watchpoints);

    public ulong? WatchHit => vcpu.Core.WatchHit;

    public long Instructions => vcpu.Instructions;

    public long InstructionLimit
    {
        set => vcpu.InstructionLimit = value;
    }

    public void Dispose() => vcpu.Dispose();
}
