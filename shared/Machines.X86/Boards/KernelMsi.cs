using Suite.Devices.Intc;
using Suite.Machines.X86.Kvm;

namespace Suite.Machines.X86.Boards;

/// <summary>Messages of an I/O APIC in this process to local APICs in the kernel, in the form of an MSI (Intel SDM volume 3, 11.11).</summary>
internal sealed class KernelMsi(KvmAccelerator kvm) : IApicBus
{
    /// <inheritdoc/>
    public void Deliver(in ApicMessage message)
    {
        (ulong address, uint data) = Encode(message);
        kvm.SendMsi(address, data);
    }

    /// <summary>A message's address and data.</summary>
    public static (ulong Address, uint Data) Encode(in ApicMessage m)
    {
        const ulong Base = 0xFEE00000;
        const int LowestPriority = 1;
        ulong redirected = m.Mode == LowestPriority ? 8u : 0;
        return (Base | (ulong)m.Destination << 12 | redirected | (m.IsLogical ? 4u : 0), m.Vector | (uint)m.Mode << 8 | 1 << 14 | (m.IsLevel ? 1u << 15 : 0));
    }
}
