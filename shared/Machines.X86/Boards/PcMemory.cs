using Suite.Devices.Pci;
using Suite.Jit.Memory;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>A PC's memory: RAM below and above the PCI hole, the firmware's ROM at the end of the first 4 GiB and of the first MiB, and the shadow RAM behind it.</summary>
internal sealed unsafe class PcMemory : IDisposable
{
    private const uint Page = 4096, LegacyStart = 0xA0000, LegacyEnd = 0x100000, LargestLegacyRom = 0x20000, LargestRom = 16 << 20;

    private readonly PhysicalMemory _memory;
    private readonly byte[] _image;

    /// <summary>Maps RAM and ROM; the area from A0000h to the ROM answers nothing yet.</summary>
    /// <param name="memory">The address space.</param>
    /// <param name="pc">For the sizes.</param>
    /// <param name="firmware">The ROM's contents.</param>
    /// <param name="ram">All RAM; becomes this object's.</param>
    public PcMemory(PhysicalMemory memory, PcDescription pc, byte[] firmware, RamBlock ram)
    {
        (_memory, _image) = (memory, firmware);
        if (firmware.Length is 0 or > (int)LargestRom)
            throw new Options.OptionException($"a firmware image of {firmware.Length} bytes cannot be mapped", "1 byte to 16 MiB");
        Ram = ram;
        ulong romBytes = ((ulong)firmware.Length + Page - 1) & ~(ulong)(Page - 1);
        Rom = new RamBlock("bios", romBytes);
        memory.MapRam(0, Ram, 0, Math.Min(pc.LowRam, LegacyStart));
        if (pc.LowRam > LegacyEnd)
            memory.MapRam(LegacyEnd, Ram, LegacyEnd, pc.LowRam - LegacyEnd);
        if (pc.HighRam > 0)
            memory.MapRam(PcDescription.FourGiB, Ram, pc.LowRam, pc.HighRam);
        memory.MapRom(PcDescription.FourGiB - romBytes, Rom, 0, romBytes);
        for (uint at = LegacyEnd - (uint)Math.Min(romBytes, LargestLegacyRom); at < LegacyEnd; at += Page)
            LegacyRom = Math.Min(LegacyRom, at);
        memory.MapRom(LegacyRom, Rom, romBytes - (LegacyEnd - LegacyRom), LegacyEnd - LegacyRom);
        Reload();
    }

    /// <summary>All RAM; the part above the hole lies behind the part below it.</summary>
    public RamBlock Ram { get; }

    public RamBlock Rom { get; }

    /// <summary>First address of the ROM's copy in the first MiB.</summary>
    public uint LegacyRom { get; } = LegacyEnd;

    /// <summary>Puts the image into the ROM again. A short image ends at the ROM's end, as the reset vector must.</summary>
    public void Reload() => _image.CopyTo(new Span<byte>(Rom.Host + (int)Rom.Bytes - _image.Length, _image.Length));

    /// <summary>Serves a stretch of the first MiB from the RAM that lies there, or from the ROM, or from nothing.</summary>
    public void Shadow(ShadowSegment s)
    {
        bool hasRom = s.Start >= LegacyRom;
        ulong romOffset = Rom.Bytes - (LegacyEnd - s.Start);
        bool fits = s.Start + s.Length <= Ram.Bytes;
        _memory.Map(new MemorySlot(
            s.Start, s.Length, s.ReadsMemory && fits ? Ram : hasRom ? Rom : null, s.ReadsMemory && fits ? s.Start : hasRom ? romOffset : 0,
            s.WritesMemory && fits ? Ram : null, s.WritesMemory && fits ? s.Start : 0));
    }

    public void Dispose()
    {
        Ram.Dispose();
        Rom.Dispose();
    }
}
