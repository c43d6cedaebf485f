using Suite.Devices.Core;

namespace Suite.Devices.Misc;

/// <summary>pvpanic: one port by which a guest kernel says that it has panicked (bit 0) or loaded its crash kernel (bit 1).</summary>
/// <param name="happened">Called with the event bits.</param>
public sealed class PvPanic(Action<int> happened) : Device("pvpanic"), IBusDevice
{
    /// <summary>Event bits.</summary>
    public const int Panicked = 1, CrashLoaded = 2;

    public ulong Read(ulong offset, int size) => Panicked | CrashLoaded;

    public void Write(ulong offset, int size, ulong value)
    {
        if ((value & (Panicked | CrashLoaded)) != 0)
            happened((int)value & (Panicked | CrashLoaded));
    }
}
