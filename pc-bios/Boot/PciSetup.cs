using Suite.PcBios.Services;

namespace Suite.PcBios.Boot;

/// <summary>Gives PCI functions their addresses, ports and interrupts, and sets up the PIIX chips: what firmware does before anything boots.</summary>
internal sealed class PciSetup(Bios bios)
{
    private const int VendorDevice = 0, Command = 4, Class = 0x0A, HeaderType = 0x0E, FirstBar = 0x10, RomBar = 0x30, InterruptLine = 0x3C, InterruptPin = 0x3D, PrimaryBus = 0x18;
    private const int DeviceBars = 6, BridgeBars = 2, MostFunctions = 256;
    private const uint IoSpace = 1, MemorySpace = 2, BarIsIo = 1, BarIs64 = 4, RomEnable = 1, FirstPort = 0xC000, LastPort = 0xFEFF;
    private const uint Piix3 = 0x7000_8086, PiixIde = 0x7010_8086, Piix4Ide = 0x7111_8086, Piix4Pm = 0x7113_8086, HostBridge = 0x1237_8086;
    private const int PirqRegisters = 0x60, IdeTiming = 0x40, PmBaseRegister = 0x40, PmMisc = 0x80, SmbusBaseRegister = 0x90, SmbusConfig = 0xD2;

    private readonly List<Bar> _bars = [];

    /// <summary>Bus, device and function of a function (bus in bits 8-15), with its vendor and device ids.</summary>
    public List<(int Function, uint Id, int Class)> Functions { get; } = [];

    /// <summary>The interrupt a link leads to.</summary>
    public static byte Irq(int link) => (link & 3) switch { 0 => PcDescription.PciIrqA, 1 => PcDescription.PciIrqB, 2 => PcDescription.PciIrqC, _ => PcDescription.PciIrqD };

    /// <summary>Does it all, on the root bus and behind bridges.</summary>
    public void Run()
    {
        Functions.Clear();
        _bars.Clear();
        int lastBus = 0;
        Scan(0, ref lastBus);
        Assign();
        foreach ((int function, uint id, _) in Functions)
            SetUp(function, id);
    }

    private void Scan(int bus, ref int lastBus)
    {
        for (int device = 0; device < MostFunctions; device += 8)
            for (int i = 0; i < 8; i++)
            {
                int function = bus << 8 | device | i;
                uint id = bios.PciRead(function, VendorDevice, 4);
                if ((ushort)id is 0xFFFF or 0)
                {
                    if (i == 0)
                        break;
                    continue;
                }

                int header = (int)bios.PciRead(function, HeaderType, 1);
                Functions.Add((function, id, (int)bios.PciRead(function, Class, 2)));
                bool isBridge = (header & 0x7F) == 1;
                Collect(function, isBridge ? BridgeBars : DeviceBars);
                if (isBridge && lastBus < 0xFF)
                {
                    int behind = ++lastBus;
                    bios.PciWrite(function, PrimaryBus, 4, (uint)(bus | behind << 8 | 0xFF << 16));
                    Scan(behind, ref lastBus);
                    bios.PciWrite(function, PrimaryBus, 4, (uint)(bus | behind << 8 | lastBus << 16));
                }

                if (i == 0 && (header & 0x80) == 0)
                    break;
            }
    }

    // A BAR tells its size by the address bits that stay zero when all are set.
    private void Collect(int function, int count)
    {
        uint command = bios.PciRead(function, Command, 2);
        bios.PciWrite(function, Command, 2, command & ~(IoSpace | MemorySpace));
        for (int i = 0; i < count; i++)
        {
            int at = FirstBar + i * 4;
            bios.PciWrite(function, at, 4, uint.MaxValue);
            uint bits = bios.PciRead(function, at, 4);
            if (bits == 0)
                continue;
            if ((bits & BarIsIo) != 0)
            {
                _bars.Add(new Bar(function, at, (uint)-(int)(bits & ~3u | 0xFFFF_0000), BarKind.Io, false));
                continue;
            }

            ulong mask = bits & ~15u;
            bool is64 = (bits & 6) == BarIs64 && i + 1 < count;
            if (is64)
            {
                bios.PciWrite(function, at + 4, 4, uint.MaxValue);
                mask |= (ulong)bios.PciRead(function, at + 4, 4) << 32;
                i++;
            }

            ulong size = is64 ? (ulong)-(long)mask : (uint)-(int)(uint)mask;
            if (size != 0)
                _bars.Add(new Bar(function, at, size, BarKind.Memory, is64));
        }

        bios.PciWrite(function, Command, 2, command);
    }

    // The largest first: then each is aligned to its size without holes.
    private void Assign()
    {
        (ulong memory, ulong memoryEnd) = bios.Pc.PciWindow;
        (ulong high, ulong highEnd) = bios.Pc.PciHighWindow;
        ulong port = FirstPort;
        foreach (Bar bar in _bars.OrderByDescending(b => b.Size).ThenBy(b => b.Function))
        {
            ulong? place = bar.Kind == BarKind.Io
                ? Take(ref port, LastPort, bar.Size)
                : Take(ref memory, memoryEnd, bar.Size) ?? (bar.Is64 ? Take(ref high, highEnd, bar.Size) : null);
            if (place is not { } at)
            {
                bios.Parts.Log?.Invoke($"no room for {bar.Size >> 10} KiB of the PCI function {bar.Function >> 3:x2}.{bar.Function & 7}: it stays switched off");
                continue;
            }

            bios.PciWrite(bar.Function, bar.Register, 4, (uint)at);
            if (bar.Is64)
                bios.PciWrite(bar.Function, bar.Register + 4, 4, (uint)(at >> 32));
            bios.PciWrite(bar.Function, Command, 2, bios.PciRead(bar.Function, Command, 2) | (bar.Kind == BarKind.Io ? IoSpace : MemorySpace));
        }
    }

    /// <summary>A function's option ROM; empty when it has none. Its BAR is used for the time of reading.</summary>
    public byte[] ReadRom(int function)
    {
        (_, ulong end) = bios.Pc.PciWindow;
        bios.PciWrite(function, RomBar, 4, 0xFFFF_F800);
        uint bits = bios.PciRead(function, RomBar, 4) & 0xFFFF_F800;
        if (bits == 0)
            return [];
        uint size = (uint)-(int)bits, at = (uint)(end - size) & bits;
        uint command = bios.PciRead(function, Command, 2);
        bios.PciWrite(function, RomBar, 4, at | RomEnable);
        bios.PciWrite(function, Command, 2, command | MemorySpace);
        byte[] rom = OptionRoms.ReadImage(bios.Memory, at, size);
        bios.PciWrite(function, RomBar, 4, 0);
        bios.PciWrite(function, Command, 2, command);
        return rom;
    }

    private void SetUp(int function, uint id)
    {
        int pin = (int)bios.PciRead(function, InterruptPin, 1), slot = function >> 3 & 31;
        if (pin is >= 1 and <= 4)
            bios.PciWrite(function, InterruptLine, 1, Irq(slot + pin + 2)); // slot 1, INTA: link A
        switch (id)
        {
            case Piix3:
                for (int link = 0; link < 4; link++)
                    bios.PciWrite(function, PirqRegisters + link, 1, Irq(link));
                break;
            case PiixIde or Piix4Ide:
                bios.PciWrite(function, IdeTiming, 4, 0x8000_8000); // both channels answer
                break;
            case Piix4Pm:
                bios.PciWrite(function, InterruptLine, 1, PcDescription.SciIrq);
                bios.PciWrite(function, PmBaseRegister, 4, PcDescription.PmBase | 1);
                bios.PciWrite(function, PmMisc, 1, 1);
                bios.PciWrite(function, SmbusBaseRegister, 4, PcDescription.SmbusBase | 1);
                bios.PciWrite(function, SmbusConfig, 1, 9); // host controller on, by interrupt 9
                break;
        }
    }

    /// <summary>Lets C0000-EFFFF be RAM (the host bridge's attribute map), for option ROMs; 440FX data sheet, 3.2.18.</summary>
    public void OpenShadow()
    {
        foreach ((int function, uint id, _) in Functions)
            if (id == HostBridge)
                for (int register = 0x5A; register <= 0x5F; register++)
                    bios.PciWrite(function, register, 1, 0x33);
    }

    private static ulong? Take(ref ulong next, ulong end, ulong size)
    {
        if (size > end || next > end)
            return null;
        ulong at = (next + size - 1) & ~(size - 1);
        if (at < next || at > end - size)
            return null;
        next = at + size;
        return at;
    }

    private enum BarKind
    {
        Io,
        Memory,
    }

    private readonly record struct Bar(int Function, int Register, ulong Size, BarKind Kind, bool Is64);
}
