using System.Buffers.Binary;
using Suite.Devices.Core;

namespace Suite.Devices.Virtio;

/// <summary>
/// The balloon (Virtio 1.2, section 5.5): the guest gives pages it does without, and the host takes the memory behind them until the guest uses
/// them again, when they read as zero.
/// </summary>
/// <param name="memoryBytes">The machine's memory.</param>
/// <param name="release">Takes the memory behind a guest-physical address and length. The address comes from the guest: anything may be asked for.</param>
public sealed class VirtioBalloon(ulong memoryBytes, Action<ulong, int> release) : VirtioDevice("virtio-balloon", id: 5, queues: 2, queueSize: 128)
{
    private const ulong MustTellHost = 1, DeflateOnOom = 4;
    private const int PageBits = 12, PageBytes = 1 << PageBits, Inflate = 0;

    private Register _wanted = null!, _actual = null!;

    /// <summary>Called when the guest has changed what it does without.</summary>
    public Action<ulong>? ActualChanged { get; set; }

    /// <summary>Bytes the guest has now.</summary>
    public ulong Actual => memoryBytes - Math.Min(_actual.Value << PageBits, memoryBytes);

    /// <inheritdoc/>
    public override int ConfigBytes => 8;

    /// <inheritdoc/>
    protected override ulong OwnFeatures => MustTellHost | DeflateOnOom;

    /// <summary>Asks the guest to make do with so many bytes.</summary>
    public void SetTarget(ulong bytes)
    {
        _wanted.Value = (memoryBytes - Math.Min(bytes, memoryBytes)) >> PageBits;
        ConfigChanged();
    }

    /// <inheritdoc/>
    protected internal override void Notified(VirtioQueue queue)
    {
        bool any = false;
        while (queue.TryPop(out VirtioChain chain))
        {
            if (queue.Index == Inflate)
                Release(chain);
            queue.Push(chain, 0);
            any = true;
        }

        if (any)
            queue.Signal();
    }

    /// <inheritdoc/>
    protected override void FillConfig(Span<byte> config)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(config, (uint)_wanted.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(config[4..], (uint)_actual.Value);
    }

    /// <inheritdoc/>
    protected override void WriteConfig(int offset, int size, ulong value)
    {
        if (offset != 4 || size != 4)
            return;
        _actual.Value = value;
        ActualChanged?.Invoke(Actual);
    }

    /// <inheritdoc/>
    protected override void Declare(DeviceState state)
    {
        _wanted = state.Register("pages wanted", 32);
        _actual = state.Register("pages given", 32);
    }

    // Neighbouring pages go together: the guest numbers most of them in rows.
    private void Release(VirtioChain chain)
    {
        const int Numbers = 1024, LongestRun = 1 << 18;
        Span<byte> bytes = stackalloc byte[Numbers * sizeof(uint)];
        ulong start = 0;
        int length = 0;
        long total = Math.Min(chain.ReadableBytes, 1 << 20) & ~3L;
        for (long at = 0; at < total; at += bytes.Length)
        {
            Span<byte> part = bytes[..(int)Math.Min(bytes.Length, total - at)];
            if (!chain.TryRead(at, part))
                break;
            for (int i = 0; i < part.Length; i += sizeof(uint))
            {
                ulong page = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(part[i..]) << PageBits;
                if (length != 0 && page == start + (ulong)length && length < LongestRun << PageBits >> 4)
                {
                    length += PageBytes;
                    continue;
                }

                if (length != 0)
                    release(start, length);
                (start, length) = (page, PageBytes);
            }
        }

        if (length != 0)
            release(start, length);
    }
}
