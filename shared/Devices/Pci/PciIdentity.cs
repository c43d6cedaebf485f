namespace Suite.Devices.Pci;

/// <summary>What the read-only part of a PCI function's type 0 header says (PCI Local Bus Specification 3.0, section 6.1).</summary>
/// <param name="Vendor">Vendor ID.</param>
/// <param name="Device">Device ID.</param>
/// <param name="Class">Class code: base class, sub-class, programming interface, 24 bits.</param>
/// <param name="Revision">Revision ID.</param>
/// <param name="InterruptPin">0 for none, 1 for INTA# to 4 for INTD#.</param>
/// <param name="SubsystemVendor">Subsystem vendor ID; what guests know of an emulated PC unless given.</param>
/// <param name="Subsystem">Subsystem ID.</param>
public readonly record struct PciIdentity(
    ushort Vendor, ushort Device, uint Class, byte Revision = 0, int InterruptPin = 0, ushort SubsystemVendor = 0x1AF4, ushort Subsystem = 0x1100);
