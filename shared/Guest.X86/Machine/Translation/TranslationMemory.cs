using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>Executable memory for the translations of a machine, a share for each vCPU, and the handler for the host's faults in it.</summary>
public sealed unsafe class TranslationMemory : IDisposable
{
    private const int HandlerBytes = 4096;

    private readonly byte* _start;
    private readonly int _bytes, _share;
    private int _taken;
    private bool _handles;

    /// <summary>Reserves memory; the host provides it when it is used.</summary>
    /// <param name="shares">Number of vCPUs.</param>
    /// <param name="shareBytes">Bytes for each.</param>
    /// <exception cref="EngineException">The host refuses.</exception>
    public TranslationMemory(int shares, int shareBytes)
    {
        (_share, _bytes) = (shareBytes, checked(shares * shareBytes + HandlerBytes));
        long at = Sys.Call(Nr.mmap, 0, _bytes, Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE, -1, 0);
        if (Sys.IsError(at))
            throw new EngineException($"no {_bytes >> 20} MiB for translated code (errno {-at}): give the machine fewer vCPUs with -smp, or a smaller -accel translation,tb-size=");
        _start = (byte*)at;
    }

    /// <summary>The vCPUs that have a share; complete before the first of them runs.</summary>
    internal List<TranslatedVcpu> Vcpus { get; } = [];

    /// <inheritdoc/>
    public void Dispose() => Sys.Call(Nr.munmap, (long)_start, _bytes);

    internal byte* Take(out int bytes)
    {
        bytes = _share;
        return _start + HandlerBytes + (long)_share * _taken++;
    }

    internal void InstallFaults(MachineCode code)
    {
        if (_handles)
            return;
        _handles = true;
        X64Asm a = new(_start);
        FaultDiverter.Install(ref a, _start + HandlerBytes, _bytes - HandlerBytes, code.Stubs.FaultExit, AreaSlot.FaultPc, AreaSlot.FaultTrap);
    }
}
