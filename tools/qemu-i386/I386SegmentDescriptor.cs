namespace Suite.Tools.I386;

/// <summary>What a descriptor says about a memory segment (AMD64 manual volume 2, 4.7 and 4.8).</summary>
/// <param name="raw">The descriptor as it stands in a table; 0 for none.</param>
internal readonly struct I386SegmentDescriptor(ulong raw)
{
    private const ulong AccessedBit = 1UL << 40, SecondBit = 1UL << 41, ExpandDownBit = 1UL << 42, CodeBit = 1UL << 43, MemoryBit = 1UL << 44, PresentBit = 1UL << 47,
        BigBit = 1UL << 54, GranularBit = 1UL << 55;

    /// <summary>True when there is such a segment and it is present.</summary>
    public bool IsPresent => (raw & (PresentBit | MemoryBit)) == (PresentBit | MemoryBit);

    /// <summary>True for a code segment.</summary>
    public bool IsCode => (raw & CodeBit) != 0;

    /// <summary>32-bit code; a stack that esp points into; a segment that grows down from 4 GiB.</summary>
    public bool IsBig => (raw & BigBit) != 0;

    /// <summary>Linear address of offset 0.</summary>
    public uint Base => (uint)(raw >> 16 & 0xFFFFFF | raw >> 56 << 24);

    /// <summary>Offset of the last byte, or of the last one below a segment that grows down.</summary>
    public uint Limit
    {
        get
        {
            uint limit = (uint)(raw & 0xFFFF) | (uint)(raw >> 32 & 0xF0000);
            return (raw & GranularBit) != 0 ? limit << 12 | 0xFFF : limit;
        }
    }

    /// <summary>True when the segment has all bytes of an operand, and lets it be read or written.</summary>
    public bool Allows(uint offset, int size, bool write)
    {
        bool growsDown = !IsCode && (raw & ExpandDownBit) != 0, second = (raw & SecondBit) != 0;
        ulong last = (ulong)offset + (uint)size - 1;
        bool isInside = growsDown ? offset > Limit && last <= (IsBig ? uint.MaxValue : 0xFFFFu) : last <= Limit;
        return isInside && IsPresent && (write ? !IsCode && second : !IsCode || second);
    }

    /// <summary>The descriptor that the kernel makes of a struct user_desc (fill_ldt, arch/x86/include/asm/desc.h).</summary>
    /// <param name="start">Its base_addr.</param>
    /// <param name="limit">Its limit.</param>
    /// <param name="flags">Its bit fields.</param>
    public static I386SegmentDescriptor Of(uint start, uint limit, uint flags)
    {
        const uint Is32Bit = 1, Contents = 6, ReadOnly = 8, InPages = 0x10, NotPresent = 0x20;
        ulong raw = (limit & 0xFFFF) | (ulong)(limit & 0xF0000) << 32 | (ulong)(start & 0xFFFFFF) << 16 | (ulong)(start >> 24) << 56 | AccessedBit | MemoryBit;
        raw |= (ulong)(flags & Contents) << 41;
        if ((flags & Is32Bit) != 0)
            raw |= BigBit;
        if ((flags & ReadOnly) == 0)
            raw |= SecondBit;
        if ((flags & InPages) != 0)
            raw |= GranularBit;
        if ((flags & NotPresent) == 0)
            raw |= PresentBit;
        return new I386SegmentDescriptor(raw);
    }
}
