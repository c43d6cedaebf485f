using System.Buffers.Binary;
using Suite.PcBios.Disks;
using Suite.PcBios.Services;
using Suite.PcBios.Video;

namespace Suite.PcBios.Boot;

/// <summary>What firmware leaves in memory and chips: vectors, data areas, CMOS, keyboard controller, text mode.</summary>
internal sealed class PowerOnTest(Bios bios, ushort[] vectors, VideoService video, TimeService time, DriveTable drives)
{
    private const int KeyboardData = 0x60, KeyboardCommand = 0x64, SystemControl = 0x92;
    private const byte WriteCommandByte = 0x60, CommandByte = 0x65; // translation, self test passed, interrupt 1; the mouse's clock stopped
    private const int StatusA = 0x0A, StatusB = 0x0B, FloppyTypes = 0x10, EquipmentCell = 0x14, BaseMemory = 0x15, ExtendedMemory = 0x17, ExtendedMemory2 = 0x30, AboveSixteen = 0x34, AboveFourGiB = 0x5B;
    private const int MostRam = 0x9FC00;

    private static ReadOnlySpan<ushort> ComPorts => [0x3F8, 0x2F8, 0x3E8, 0x2E8];

    private static ReadOnlySpan<ushort> LptPorts => [0x378, 0x278, 0x3BC];

    public void Run()
    {
        Vectors();
        DataArea();
        if (bios.Pc.HasRtc)
        {
            Cmos();
            bios.Memory.SetDword(BiosData.Ticks, time.TicksNow() % BiosData.TicksPerDay);
        }

        if (bios.Pc.HasI8042)
        {
            bios.Out(KeyboardCommand, WriteCommandByte);
            bios.Out(KeyboardData, CommandByte);
        }

        bios.Out(SystemControl, 2); // A20 open
        if (bios.Pc.HasVga || bios.Pc.HasSerialConsole)
            video.SetMode(3, clear: bios.Pc.HasVga);
    }

    private void Vectors()
    {
        Span<byte> table = stackalloc byte[1024];
        for (int i = 0; i < 256; i++)
            if (vectors[i] != 0)
                BinaryPrimitives.WriteUInt32LittleEndian(table[(i * 4)..], 0xF000_0000u | vectors[i]);
        bios.Memory.Write(0, table);
    }

    private void DataArea()
    {
        Span<byte> area = stackalloc byte[256];
        area.Clear();
        BiosMemory memory = bios.Memory;
        memory.Write(0x400, area);
        memory.Write(0x500, area);
        byte[] ebda = new byte[1024];
        ebda[0] = 1; // KiB
        memory.Write(MemoryMap.Ebda, ebda);
        for (int i = 0; i < Math.Min(bios.Pc.SerialPorts, ComPorts.Length); i++)
            memory.SetWord(BiosData.Com + (uint)i * 2, ComPorts[i]);
        for (int i = 0; i < Math.Min(bios.Pc.ParallelPorts, LptPorts.Length); i++)
            memory.SetWord(BiosData.Lpt + (uint)i * 2, LptPorts[i]);
        memory.SetWord(BiosData.EbdaSegment, (int)(MemoryMap.Ebda >> 4));
        memory.SetWord(BiosData.MemoryKib, MostRam >> 10);
        memory.SetWord(BiosData.Equipment, Equipment());
        memory.SetWord(BiosData.KeyHead, (int)(BiosData.KeyBuffer - 0x400));
        memory.SetWord(BiosData.KeyTail, (int)(BiosData.KeyBuffer - 0x400));
        memory.SetWord(BiosData.KeyBufferStartPointer, (int)(BiosData.KeyBuffer - 0x400));
        memory.SetWord(BiosData.KeyBufferEndPointer, (int)(BiosData.KeyBufferEnd - 0x400));
        memory.SetByte(BiosData.KeyMode, 0x10);
        memory.SetByte(BiosData.DiskCount, drives.Count(floppies: false));
        for (uint i = 0; i < 4; i++)
        {
            memory.SetByte(BiosData.LptTimeouts + i, 20);
            memory.SetByte(BiosData.ComTimeouts + i, 10);
        }
    }

    // Floppies there (bit 0) and how many, FPU, mouse, 80x25 color, serial and parallel ports.
    private int Equipment()
    {
        int floppies = drives.Count(floppies: true);
        return (floppies > 0 ? 1 | (floppies - 1 & 3) << 6 : 0) | 2 | (bios.Pc.HasI8042 ? 4 : 0) | 0x20 | Math.Min(bios.Pc.SerialPorts, 4) << 9 | Math.Min(bios.Pc.ParallelPorts, 3) << 14;
    }

    private void Cmos()
    {
        bios.SetCmos(StatusA, 0x26);
        bios.SetCmos(StatusB, 0x02); // 24 hours, BCD
        bios.SetCmos(FloppyTypes, bios.Pc.Floppies.A << 4 | bios.Pc.Floppies.B);
        bios.SetCmos(EquipmentCell, Equipment());
        SetWord(BaseMemory, 640);
        ulong low = bios.Pc.LowRam;
        int extended = (int)Math.Min((Math.Max(low, 1 << 20) - (1 << 20)) >> 10, 0xFFFF);
        SetWord(ExtendedMemory, extended);
        SetWord(ExtendedMemory2, extended);
        SetWord(AboveSixteen, (int)Math.Min((Math.Max(low, 16 << 20) - (16 << 20)) >> 16, 0xFFFF));
        ulong high = bios.Pc.HighRam >> 16;
        SetWord(AboveFourGiB, (int)(high & 0xFFFF));
        bios.SetCmos(AboveFourGiB + 2, (int)(high >> 16));
    }

    private void SetWord(int cell, int value)
    {
        bios.SetCmos(cell, value);
        bios.SetCmos(cell + 1, value >> 8);
    }
}
