using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Machines.X86.Kvm;

/// <summary>
/// Writes of a guest that need not stop its vCPU: the kernel collects those without effect (coalesced MMIO and ports), and turns those that only say
/// that there is something to do into signals of eventfds (ioeventfd), which a loop of this process waits for.
/// </summary>
/// <param name="kvm">The VM.</param>
/// <param name="loop">Who waits for the signals; null: doorbells are left to exits.</param>
/// <param name="isPorts">The bus is that of the ports.</param>
internal sealed class KvmShortcuts(KvmAccelerator kvm, HostLoop? loop, bool isPorts) : IBusShortcuts, IDisposable
{
    private readonly Dictionary<BusRange, Taken> _taken = [];

    /// <inheritdoc/>
    public void Add(BusRange range)
    {
        if (range.Deferred.Count == 0 && range.Doorbells.Count == 0)
            return;
        Taken taken = new(range.Start);
        foreach ((ulong offset, ulong length) in range.Deferred)
            if (kvm.TryCoalesce(isPorts, range.Start + offset, (uint)length))
                taken.Zones.Add((range.Start + offset, (uint)length));
        if (loop is not null && kvm.HasIoeventfd)
            foreach (Doorbell doorbell in range.Doorbells)
                if (TryTake(range.Start, doorbell) is { } bell)
                    taken.Bells.Add(bell);
        _taken.Add(range, taken);
    }

    /// <inheritdoc/>
    public void Remove(BusRange range)
    {
        if (!_taken.Remove(range, out Taken? taken))
            return;
        foreach ((ulong address, uint length) in taken.Zones)
            kvm.TryCoalesce(isPorts, address, length, remove: true);
        foreach (Bell bell in taken.Bells)
        {
            kvm.TryAddIoeventfd(isPorts, taken.Start + bell.Doorbell.Offset, bell.Doorbell.Size, bell.Doorbell.Value, bell.Signal.Descriptor, remove: true);
            bell.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Settle()
    {
        kvm.FlushCoalesced();
        Bell[]? signalled = null;
        foreach (Taken taken in _taken.Values)
            foreach (Bell bell in taken.Bells)
                if (bell.Signal.TryTake())
                    signalled = [.. signalled ?? [], bell];
        foreach (Bell bell in signalled ?? [])
            bell.Doorbell.Ring(); // what it does may change the doorbells
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Taken taken in _taken.Values)
            foreach (Bell bell in taken.Bells)
                bell.Dispose();
        _taken.Clear();
    }

    private Bell? TryTake(ulong start, Doorbell doorbell)
    {
        EventDescriptor signal = new();
        if (signal.Descriptor < 0)
            return null;
        if (!kvm.TryAddIoeventfd(isPorts, start + doorbell.Offset, doorbell.Size, doorbell.Value, signal.Descriptor))
        {
            signal.Dispose();
            return null;
        }

        HostWatch watch = loop!.Watch(signal.Descriptor, HostEvents.Read, _ =>
        {
            if (signal.TryTake())
                doorbell.Ring();
        });
        return new Bell(doorbell, signal, watch);
    }

    private sealed record Bell(Doorbell Doorbell, EventDescriptor Signal, HostWatch Watch) : IDisposable
    {
        public void Dispose()
        {
            Watch.Dispose();
            Signal.Dispose();
        }
    }

    private sealed record Taken(ulong Start)
    {
        public List<(ulong Address, uint Length)> Zones { get; } = [];

        public List<Bell> Bells { get; } = [];
    }
}
