using Suite.Devices.Core;

namespace Suite.Devices.Char;

/// <summary>A port where firmware writes what it has to say (E9h, or 402h as SeaBIOS has it); reading gives E9h, by which it is found.</summary>
/// <param name="output">Where it goes.</param>
public sealed class DebugConsole(IChardev output) : Device("debugcon"), IBusDevice
{
    private const byte Here = 0xE9;

    public ulong Read(ulong offset, int size) => Here;

    public void Write(ulong offset, int size, ulong value) => output.Write([(byte)value]);
}
