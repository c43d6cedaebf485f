using System.Diagnostics;
using Suite.Guest.X86.Machine;

namespace Suite.Tests.Guest.X86;

/// <summary>What is around a vCPU of a test that has no local APIC: its ports are the test's.</summary>
internal abstract class PlatformWithoutApic : IX86Platform
{
    public abstract uint In(ushort port, int size);

    public abstract void Out(ushort port, int size, uint value);

    public virtual int AcknowledgeInterrupt(int vcpu) => -1;

    public virtual bool TryReadMsr(int vcpu, uint msr, out ulong value)
    {
        value = 0;
        return false;
    }

    public virtual bool TryWriteMsr(int vcpu, uint msr, ulong value) => false;

    public ulong ReadTaskPriority(int vcpu) => 0;

    public void WriteTaskPriority(int vcpu, ulong cr8)
    {
    }

    public ulong ReadTsc() => (ulong)Stopwatch.GetTimestamp();

    public virtual bool IgnoresFpuErrors => false;

    public virtual void SetFpuError(bool level)
    {
    }
}
