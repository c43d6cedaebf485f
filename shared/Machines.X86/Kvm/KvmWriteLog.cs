using Suite.Devices.Core;
using Suite.Jit.Memory;

namespace Suite.Machines.X86.Kvm;

/// <summary>The kernel's log of what vCPUs write to a block, and what this process writes to it. It begins when it is first asked for.</summary>
internal sealed class KvmWriteLog(KvmMemory memory, RamBlock block) : IWriteLog
{
    /// <inheritdoc/>
    public void Take(Span<byte> pages) => memory.TakeWritten(block, pages);
}
