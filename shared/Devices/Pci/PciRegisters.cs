namespace Suite.Devices.Pci;

/// <summary>Offsets and bits of configuration space (PCI Local Bus Specification 3.0, chapter 6).</summary>
public static class PciRegisters
{
    /// <summary>Offsets of a type 0 header.</summary>
    public const int VendorId = 0x00, DeviceId = 0x02, Command = 0x04, Status = 0x06, Revision = 0x08, ClassCode = 0x09, CacheLineSize = 0x0C,
        LatencyTimer = 0x0D, HeaderType = 0x0E, Bar0 = 0x10, SubsystemVendorId = 0x2C, SubsystemId = 0x2E, RomAddress = 0x30, CapabilityPointer = 0x34,
        InterruptLine = 0x3C, InterruptPin = 0x3D, HeaderEnd = 0x40, Length = 0x100;

    /// <summary>Bits of the command register.</summary>
    public const int CommandIo = 1, CommandMemory = 2, CommandMaster = 4, CommandParity = 0x40, CommandSerr = 0x100, CommandIntxOff = 0x400;

    /// <summary>Bits of the status register.</summary>
    public const int StatusIntx = 8, StatusCapabilities = 0x10, StatusFastBackToBack = 0x80, StatusMediumDevsel = 0x200, StatusErrors = 0xF900;

    /// <summary>Capability IDs.</summary>
    public const byte CapabilityMsi = 5, CapabilityVendor = 9, CapabilityMsix = 0x11;
}
