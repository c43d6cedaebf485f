namespace Suite.Bench;

/// <summary>One measured item: seconds, or KiB for memory; null where there is no right answer.</summary>
internal sealed record Row(Item Item, double? Native, double? Qemu, double? Ours)
{
    /// <summary>How many times as long, or as large, QEMU is compared with ours.</summary>
    public double? QemuOverOurs => Qemu / Ours;

    /// <summary>How many times as long, or as large, ours is compared with native.</summary>
    public double? OursOverNative => Ours / Native;
}
