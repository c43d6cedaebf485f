using System.Buffers.Binary;
using Suite.PcBios.Rom;

namespace Suite.PcBios.Services;

/// <summary>What all services work on: memory, ports, PCI configuration, the machine's description.</summary>
internal sealed class Bios(PcDescription pc, FirmwareParts parts)
{
    private const int ConfigAddress = 0xCF8, ConfigData = 0xCFC, CmosIndex = 0x70, CmosData = 0x71;
    private const uint ConfigEnable = 0x8000_0000;

    public PcDescription Pc { get; } = pc;

    public FirmwareParts Parts { get; } = parts;

    public BiosMemory Memory { get; } = new(parts);

    public byte In(int port) => (byte)Parts.Io.Read((ulong)port, 1);

    public void Out(int port, int value) => Parts.Io.Write((ulong)port, 1, (byte)value);

    public void OutWord(int port, int value) => Parts.Io.Write((ulong)port, 2, (ushort)value);

    public byte Cmos(int cell)
    {
        Out(CmosIndex, cell);
        return In(CmosData);
    }

    public void SetCmos(int cell, int value)
    {
        Out(CmosIndex, cell);
        Out(CmosData, value);
    }

    /// <summary>Reads 1, 2 or 4 bytes of a PCI function's configuration space.</summary>
    public uint PciRead(int busDevice, int register, int size)
    {
        Parts.Io.Write(ConfigAddress, 4, Address(busDevice, register));
        return (uint)Parts.Io.Read((ulong)(ConfigData + (register & 3)), size);
    }

    public void PciWrite(int busDevice, int register, int size, uint value)
    {
        Parts.Io.Write(ConfigAddress, 4, Address(busDevice, register));
        Parts.Io.Write((ulong)(ConfigData + (register & 3)), size, value);
    }

    /// <summary>Asks the stub to call a far routine, and the service again.</summary>
    /// <param name="call">The call under way.</param>
    /// <param name="target">Segment in the high half.</param>
    /// <param name="isInterrupt">The routine ends with iret.</param>
    /// <param name="step">What <see cref="ServiceCall.Step"/> will be.</param>
    /// <param name="registers">ax, bx, cx, dx, si, di, es for the routine.</param>
    public void CallGuest(ServiceCall call, uint target, bool isInterrupt, byte step, params ReadOnlySpan<ushort> registers)
    {
        Span<byte> block = stackalloc byte[4 + 14];
        BinaryPrimitives.WriteUInt32LittleEndian(block, target);
        for (int i = 0; i < registers.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(block[(4 + i * 2)..], registers[i]);
        Memory.Write(MemoryMap.Ebda + ServiceFrame.BlockTarget, block);
        call.Action = isInterrupt ? ServiceFrame.CallInterrupt : ServiceFrame.CallFar;
        call.Step = step;
    }

    /// <summary>The same with four words on the routine's stack, the first pushed first.</summary>
    public void CallGuestWithWords(ServiceCall call, uint target, ushort first, ushort second, ushort third, ushort fourth)
    {
        ulong words = MemoryMap.Ebda + ServiceFrame.BlockWords;
        Memory.SetDword(words, first | (uint)second << 16);
        Memory.SetDword(words + 4, third | (uint)fourth << 16);
        CallGuest(call, target, isInterrupt: false, step: 1);
    }

    /// <summary>A word of what came back from the routine.</summary>
    public ushort GuestResult(int offset) => Memory.Word(MemoryMap.Ebda + (uint)offset);

    /// <summary>An interrupt vector: offset, segment in the high half.</summary>
    public uint Vector(int number) => Memory.Dword((ulong)number * 4);

    private static uint Address(int busDevice, int register) => ConfigEnable | (uint)busDevice << 8 | (uint)register & 0xFC;
}
