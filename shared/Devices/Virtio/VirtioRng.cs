using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Virtio;

/// <summary>Entropy for the guest (Virtio 1.2, section 5.4): one queue whose buffers are filled with the host's random bytes.</summary>
/// <param name="fill">Where bytes come from; null for getrandom(2).</param>
public sealed class VirtioRng(VirtioRng.Filler? fill = null) : VirtioDevice("virtio-rng", id: 4, queues: 1, queueSize: 8)
{
    private const int MostAtOnce = 4096;

    private readonly Filler _fill = fill ?? FromHost;

    /// <summary>Fills bytes.</summary>
    public delegate void Filler(Span<byte> bytes);

    /// <inheritdoc/>
    public override int ConfigBytes => 0;

    /// <inheritdoc/>
    protected override ulong OwnFeatures => 0;

    /// <inheritdoc/>
    protected internal override void Notified(VirtioQueue queue)
    {
        Span<byte> bytes = stackalloc byte[MostAtOnce];
        bool any = false;
        while (queue.TryPop(out VirtioChain chain))
        {
            Span<byte> part = bytes[..(int)Math.Min(chain.WritableBytes, MostAtOnce)]; // a device may give less than there is room for
            _fill(part);
            queue.Push(chain, chain.TryWrite(0, part) ? (uint)part.Length : 0);
            any = true;
        }

        if (any)
            queue.Signal();
    }

    /// <inheritdoc/>
    protected override void FillConfig(Span<byte> config)
    {
    }

    private static unsafe void FromHost(Span<byte> bytes)
    {
        fixed (byte* p = bytes)
            Sys.Call(Nr.getrandom, (long)p, bytes.Length, 0);
    }
}
