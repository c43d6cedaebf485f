using Suite.Devices.Timer;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>What a PC's firmware finds in CMOS memory: sizes of memory, drives, the boot order (cells as SeaBIOS reads them from a PC of this family).</summary>
internal static class PcCmos
{
    private const int Floppies = 0x10, Equipment = 0x14, BaseMemory = 0x15, ExtendedMemory = 0x17, ExtendedMemoryCopy = 0x30, MemoryAbove16M = 0x34,
        BootFlags1 = 0x38, BootFlags2 = 0x3D, MemoryAbove4G = 0x5B, Processors = 0x5F;

    /// <summary>Fills the cells.</summary>
    /// <param name="rtc">The chip.</param>
    /// <param name="pc">The machine.</param>
    /// <param name="order">Letters of -boot, at most three count.</param>
    public static void Fill(Rtc rtc, PcDescription pc, string order)
    {
        const ulong K = 1 << 10, M = 1 << 20;
        const int Most16 = 0xFFFF;
        Set16(rtc, BaseMemory, 640);
        int extended = (int)Math.Min((pc.LowRam - Math.Min(pc.LowRam, M)) / K, Most16);
        Set16(rtc, ExtendedMemory, extended);
        Set16(rtc, ExtendedMemoryCopy, extended);
        Set16(rtc, MemoryAbove16M, (int)Math.Min((pc.LowRam - Math.Min(pc.LowRam, 16 * M)) / (64 * K), Most16));
        ulong above = pc.HighRam / (64 * K);
        Set16(rtc, MemoryAbove4G, (int)(above & Most16));
        rtc.SetCell(MemoryAbove4G + 2, (byte)(above >> 16));
        rtc.SetCell(Processors, (byte)(pc.Cpus - 1));
        rtc.SetCell(Floppies, (byte)(pc.Floppies.A << 4 | pc.Floppies.B));
        int drives = (pc.Floppies.A != 0 ? 1 : 0) + (pc.Floppies.B != 0 ? 1 : 0);
        const int Coprocessor = 2, Mouse = 4;
        rtc.SetCell(Equipment, (byte)(Coprocessor | Mouse | (drives == 0 ? 0 : 1 | (drives - 1) << 6)));
        int[] devices = [.. order.Select(DeviceCode).Where(code => code != 0).Take(3), 0, 0, 0];
        rtc.SetCell(BootFlags2, (byte)(devices[1] << 4 | devices[0]));
        rtc.SetCell(BootFlags1, (byte)(devices[2] << 4));
    }

    private static int DeviceCode(char letter) => letter switch
    {
        'a' or 'b' => 1,
        'c' => 2,
        'd' => 3,
        >= 'n' and <= 'p' => 4,
        _ => 0,
    };

    private static void Set16(Rtc rtc, int cell, int value)
    {
        rtc.SetCell(cell, (byte)value);
        rtc.SetCell(cell + 1, (byte)(value >> 8));
    }
}
