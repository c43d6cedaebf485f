using System.Buffers.Binary;
using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>Linux's boot_params, "the zero page" (Documentation/arch/x86/zero-page.rst, uapi/asm/bootparam.h).</summary>
public sealed class BootParams
{
    public const int Size = 4096;

    private const int MostE820 = 128, E820EntryBytes = 20;
    private const byte UndefinedLoader = 0xFF, CanUseHeap = 0x80, LoadedHigh = 1;

    private readonly byte[] _page = new byte[Size];

    /// <summary>A page with the kernel's own setup header, and what every kernel is told.</summary>
    /// <param name="header">From the image; empty for an ELF kernel.</param>
    /// <param name="machine">For the memory map and ACPI.</param>
    public BootParams(ReadOnlySpan<byte> header, BootMachine machine)
    {
        header.CopyTo(_page.AsSpan(LinuxHeader.Offset));
        if (header.IsEmpty)
        {
            Put16(0x1FE, 0xAA55);
            Put32(0x202, 0x5372_6448);
            Put16(0x206, 0x20C);
            _page[0x211] = LoadedHigh;
        }

        _page[0x210] = UndefinedLoader;
        _page[0x211] &= unchecked((byte)~CanUseHeap);
        if (machine.Pc.HasVga)
            SetTextScreen();
        SetMemory(machine.Map);
        Put64(0x70, machine.AcpiRsdp);
    }

    /// <summary>The page as it is put into memory.</summary>
    public byte[] Bytes => _page;

    /// <summary>Where the command line lies.</summary>
    public void SetCommandLine(ulong address) => Put32(0x228, (uint)address);

    /// <summary>Where the initial RAM disk lies.</summary>
    public void SetInitrd(ulong address, ulong length)
    {
        Put32(0x218, (uint)address);
        Put32(0x21C, (uint)length);
    }

    /// <summary>The first of a list of setup_data.</summary>
    public void SetSetupData(ulong address) => Put64(0x250, address);

    /// <summary>Where the protected-mode part was loaded.</summary>
    public void SetCode32Start(ulong address) => Put32(0x214, (uint)address);

    // screen_info as the BIOS leaves it: mode 3, 80x25, 16-line characters, VGA.
    private void SetTextScreen()
    {
        (_page[6], _page[7], _page[0xE], _page[0xF]) = (3, 80, 25, 1);
        Put16(0x10, 16);
    }

    private void SetMemory(IReadOnlyList<MemoryRange> map)
    {
        int count = Math.Min(map.Count, MostE820);
        _page[0x1E8] = (byte)count;
        for (int i = 0; i < count; i++)
        {
            int at = 0x2D0 + i * E820EntryBytes;
            Put64(at, map[i].Start);
            Put64(at + 8, map[i].Length);
            Put32(at + 16, (uint)map[i].Kind);
        }

        ulong above = map.Where(r => r.Kind == MemoryKind.Usable && r.Start == MemoryMap.RomEnd).Select(r => r.Length).FirstOrDefault();
        Put16(2, (ushort)Math.Min(above >> 10, 0xFFFF));
        Put32(0x1E0, (uint)(above >> 10));
    }

    private void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_page.AsSpan(at), value);

    private void Put32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_page.AsSpan(at), value);

    private void Put64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_page.AsSpan(at), value);
}
