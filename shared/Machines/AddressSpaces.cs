using Suite.Devices.Core;
using Suite.Jit.Memory;

namespace Suite.Machines;

/// <summary>
/// A machine's address spaces: ports, device registers in memory, and memory. Accesses of vCPUs that reach a device take the machine's lock here;
/// whoever calls a <see cref="Bus"/> directly holds it already.
/// </summary>
public sealed class AddressSpaces : IMmio
{
    private const ulong Ports = 0x10000, PhysicalLimit = 1UL << 52;

    /// <summary>Empty address spaces.</summary>
    /// <param name="machineLock">The machine's lock.</param>
    public AddressSpaces(Lock machineLock)
    {
        Lock = machineLock;
        Memory = new PhysicalMemory(this);
        Dma = new DmaMemory(Memory);
    }

    /// <summary>The machine's one lock: devices are called under it.</summary>
    public Lock Lock { get; }

    /// <summary>Ports.</summary>
    public Bus Io { get; } = new("io", Ports);

    /// <summary>Device registers in the physical address space.</summary>
    public Bus Mmio { get; } = new("memory", PhysicalLimit);

    /// <summary>Memory, and the way to <see cref="Mmio"/> for the rest.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>Memory as devices see it.</summary>
    public IGuestMemory Dma { get; }

    /// <summary>Told of accesses by vCPUs that nobody answers, for logs; null for nobody.</summary>
    public Action<UnclaimedAccess>? Unclaimed { get; set; }

    /// <summary>A vCPU's in: 1, 2 or 4 bytes.</summary>
    public uint In(ushort port, int size)
    {
        lock (Lock)
        {
            Tell(Io, port, size, isWrite: false);
            return (uint)Io.Read(port, size);
        }
    }

    /// <summary>A vCPU's out: 1, 2 or 4 bytes.</summary>
    public void Out(ushort port, int size, uint value)
    {
        lock (Lock)
        {
            Tell(Io, port, size, isWrite: true);
            Io.Write(port, size, value);
        }
    }

    /// <summary>What vCPUs have written and devices have not seen reaches them now. Under the lock.</summary>
    public void Settle()
    {
        Io.Settle();
        Mmio.Settle();
    }

    ulong IMmio.Read(ulong address, int size)
    {
        if (Mmio.TryReadLockFree(address, size, out ulong value))
            return value;
        lock (Lock)
        {
            Tell(Mmio, address, size, isWrite: false);
            return Mmio.Read(address, size);
        }
    }

    void IMmio.Write(ulong address, int size, ulong value)
    {
        lock (Lock)
        {
            Tell(Mmio, address, size, isWrite: true);
            Mmio.Write(address, size, value);
        }
    }

    private void Tell(Bus bus, ulong address, int size, bool isWrite)
    {
        if (Unclaimed is { } unclaimed && bus.Find(address) is null)
            unclaimed(new UnclaimedAccess(bus == Io, address, size, isWrite));
    }

    private sealed unsafe class DmaMemory(PhysicalMemory memory) : IGuestMemory
    {
        public bool TryRead(ulong address, Span<byte> into) => memory.TryRead(address, into);

        public bool TryWrite(ulong address, ReadOnlySpan<byte> from) => memory.TryWrite(address, from);

        public bool TryMap(ulong address, int length, bool forWriting, out byte* pointer)
        {
            pointer = forWriting ? memory.WritePointer(address, out ulong run) : memory.ReadPointer(address, out run);
            return pointer != null && length >= 0 && (ulong)length <= run;
        }

        public void Written(ulong address, int length) => memory.Written(address, length);
    }
}

/// <summary>An access that nobody answers.</summary>
/// <param name="IsPort">Of a port, not of memory.</param>
/// <param name="Address">Where.</param>
/// <param name="Size">Bytes.</param>
/// <param name="IsWrite">What is written is lost; what is read is all ones.</param>
public readonly record struct UnclaimedAccess(bool IsPort, ulong Address, int Size, bool IsWrite);
