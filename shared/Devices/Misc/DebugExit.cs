using Suite.Devices.Core;

namespace Suite.Devices.Misc;

/// <summary>isa-debug-exit: a write ends the machine with the exit status 2 * value + 1.</summary>
/// <param name="exit">Called with the status.</param>
public sealed class DebugExit(Action<int> exit) : Device("isa-debug-exit"), IBusDevice
{
    public ulong Read(ulong offset, int size) => 0;

    public void Write(ulong offset, int size, ulong value) => exit((int)(value << 1 | 1));
}
