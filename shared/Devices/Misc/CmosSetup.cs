using Suite.Devices.Timer;

namespace Suite.Devices.Misc;

/// <summary>
/// What a PC's firmware finds in CMOS memory about the machine: the cells of the IBM AT, and those emulators of PCs have added, as SeaBIOS and
/// Bochs' BIOS read them.
/// </summary>
public sealed class CmosSetup
{
    /// <summary>Bytes of memory below the hole under 4 GiB.</summary>
    public ulong LowMemory { get; init; }

    /// <summary>Bytes of memory from 4 GiB on.</summary>
    public ulong HighMemory { get; init; }

    /// <summary>Processors at start.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>The two floppy drives: 0 none, 1 for 360 KB, 2 for 1.2 MB, 3 for 720 KB, 4 for 1.44 MB, 5 for 2.88 MB.</summary>
    public (int First, int Second) Floppies { get; init; }

    /// <summary>Up to three devices to boot from, by the letters of -boot order: a floppy, c disk, d CD, n network.</summary>
    public string BootOrder { get; init; } = "";

    /// <summary>A boot sector of a floppy need not end with 55h AAh.</summary>
    public bool BootsUnsignedFloppies { get; init; }

    /// <summary>The geometries of the first two IDE disks; null where none is.</summary>
    public IReadOnlyList<(int Cylinders, int Heads, int Sectors)?> Disks { get; init; } = [];

    /// <summary>Writes the cells.</summary>
    public void Fill(Rtc rtc)
    {
        const ulong kib = 1024, mib = 1 << 20, unit = 1 << 16;
        const int baseMemory = 640;
        SetPair(rtc, 0x15, baseMemory);
        int extended = (int)Math.Min(LowMemory > mib ? (LowMemory - mib) / kib : 0, 0xFFFF);
        SetPair(rtc, 0x17, extended);
        SetPair(rtc, 0x30, extended);
        SetPair(rtc, 0x34, (int)Math.Min(LowMemory > 16 * mib ? (LowMemory - 16 * mib) / unit : 0, 0xFFFF));
        ulong above = HighMemory / unit;
        for (int i = 0; i < 3; i++)
            rtc.SetCell(0x5B + i, (byte)(above >> (8 * i)));
        rtc.SetCell(0x5F, (byte)(Processors - 1));
        rtc.SetCell(0x10, (byte)(Floppies.First << 4 | Floppies.Second));
        rtc.SetCell(0x14, Equipment());
        FillBootOrder(rtc, BootOrder);
        FillDisks(rtc);
    }

    /// <summary>Writes the cells with the boot order.</summary>
    public void FillBootOrder(Rtc rtc, string order)
    {
        Span<byte> devices = stackalloc byte[3];
        for (int i = 0; i < Math.Min(devices.Length, order.Length); i++)
            devices[i] = BootCode(order[i]);
        rtc.SetCell(0x3D, (byte)(devices[1] << 4 | devices[0]));
        rtc.SetCell(0x38, (byte)(devices[2] << 4 | (BootsUnsignedFloppies ? 1 : 0)));
    }

    /// <summary>The type of a floppy drive that takes media of a length.</summary>
    public static int FloppyType(long bytes) => bytes switch
    {
        <= 360 << 10 => 1,
        720 << 10 => 3,
        1200 << 10 => 2,
        2880 << 10 => 5,
        _ => 4,
    };

    private static byte BootCode(char device) => device switch
    {
        'a' or 'b' => 1,
        'c' => 2,
        'd' => 3,
        'n' => 4,
        _ => 0,
    };

    private byte Equipment()
    {
        const int mathUnit = 2, mouse = 4, floppy = 1, twoFloppies = 0x41;
        int count = (Floppies.First != 0 ? 1 : 0) + (Floppies.Second != 0 ? 1 : 0);
        return (byte)(mathUnit | mouse | (count == 0 ? 0 : count == 1 ? floppy : twoFloppies));
    }

    // Type 47, "user-defined", with the geometry behind; and which translation the BIOS is to use, two bits each.
    private void FillDisks(Rtc rtc)
    {
        const int types = 0x12, translations = 0x39, userDefined = 47, largestUntranslated = 1024;
        byte type = 0, translation = 0;
        for (int i = 0; i < Math.Min(Disks.Count, 2); i++)
        {
            if (Disks[i] is not { } disk)
                continue;
            type |= (byte)(i == 0 ? 0xF0 : 0x0F);
            rtc.SetCell(0x19 + i, userDefined);
            int at = i == 0 ? 0x1B : 0x24;
            SetPair(rtc, at, disk.Cylinders);
            rtc.SetCell(at + 2, (byte)disk.Heads);
            SetPair(rtc, at + 3, 0xFFFF);
            rtc.SetCell(at + 5, (byte)(0xC0 | (disk.Heads > 8 ? 8 : 0)));
            SetPair(rtc, at + 6, disk.Cylinders);
            rtc.SetCell(at + 8, (byte)disk.Sectors);
            const int none = 0, lba = 1;
            translation |= (byte)((disk.Cylinders <= largestUntranslated ? none : lba) << (2 * i));
        }

        rtc.SetCell(types, type);
        rtc.SetCell(translations, translation);
    }

    private static void SetPair(Rtc rtc, int cell, int value)
    {
        rtc.SetCell(cell, (byte)value);
        rtc.SetCell(cell + 1, (byte)(value >> 8));
    }
}
