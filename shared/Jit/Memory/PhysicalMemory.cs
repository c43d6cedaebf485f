namespace Suite.Jit.Memory;

/// <summary>Who answers accesses that no memory answers: a machine's device bus. Called on the thread of the vCPU.</summary>
public interface IMmio
{
    /// <summary>Reads 1, 2, 4 or 8 bytes.</summary>
    ulong Read(ulong address, int size);

    /// <summary>Writes 1, 2, 4 or 8 bytes.</summary>
    void Write(ulong address, int size, ulong value);
}

/// <summary>A piece of the physical address space; a null block means the device bus.</summary>
/// <param name="Start">First address, a multiple of 4096.</param>
/// <param name="Length">Bytes, a multiple of 4096; 0 for the whole space.</param>
/// <param name="Reads">Memory that answers reads and instruction fetches.</param>
/// <param name="ReadOffset">Byte of it that lies at <paramref name="Start"/>.</param>
/// <param name="Writes">Memory that takes writes.</param>
/// <param name="WriteOffset">Byte of it that lies at <paramref name="Start"/>.</param>
public readonly unsafe record struct MemorySlot(ulong Start, ulong Length, RamBlock? Reads, ulong ReadOffset, RamBlock? Writes, ulong WriteOffset)
{
    /// <summary>Last address.</summary>
    public ulong Last => Start + Length - 1;

    /// <summary>Whether an address lies in the piece.</summary>
    public bool Contains(ulong address) => address - Start <= Length - 1;

    /// <summary>Where reads of an address in the piece find their byte; null for the device bus.</summary>
    public byte* ReadPointer(ulong address) => Reads is { } block ? block.Host + ReadOffset + (address - Start) : null;

    /// <summary>Where writes to an address in the piece go; null for the device bus.</summary>
    public byte* WritePointer(ulong address) => Writes is { } block ? block.Host + WriteOffset + (address - Start) : null;

    /// <summary>The page of <see cref="Writes"/> that an address in the piece lies in.</summary>
    public int WritePage(ulong address) => (int)((WriteOffset + (address - Start)) >> RamBlock.PageBits);

    /// <summary>Who has translated code of the page that writes to an address in the piece go to (<see cref="RamBlock.HasCode"/>).</summary>
    public uint CodeOwners(ulong address) => Writes is { } block ? block.HasCode[WritePage(address)] : 0;

    /// <summary>The part of the slot from one address to another (its last).</summary>
    internal MemorySlot Part(ulong start, ulong last) =>
        this with { Start = start, Length = last - start + 1, ReadOffset = ReadOffset + (start - Start), WriteOffset = WriteOffset + (start - Start) };
}

/// <summary>
/// A machine's physical address space as vCPUs and DMA see it: which memory answers at which address, reads and writes apart (a ROM, and the
/// shadow memory of a PC chipset). What no memory answers goes to the device bus. Mapping is the board's, under its lock; look-ups are lock-free.
/// </summary>
/// <param name="mmio">The device bus.</param>
public sealed unsafe class PhysicalMemory(IMmio mmio)
{
    private const ulong PageMask = 4095;

    // Which piece to try first, by the address' 256 MiB; any value will do.
    private const int HintShift = 28, HintCount = 16;

    private MemorySlot[] _slots = []; // sorted, without overlap; replaced as a whole
    private MemorySlot[] _pieces = [default]; // the whole space: slots, and what lies between them
    private readonly int[] _hints = new int[HintCount];

    /// <summary>What is mapped now, in order of addresses.</summary>
    public ReadOnlySpan<MemorySlot> Slots => _slots;

    /// <summary>The map changed: accelerators drop what they keep of it.</summary>
    public event Action? Changed;

    /// <summary>Bytes of a block that holds translated code were written: block, offset, length. Called before the writer goes on.</summary>
    public event Action<RamBlock, ulong, int>? CodeWritten;

    /// <summary>Maps memory, replacing what was mapped there. Both blocks null takes memory away.</summary>
    /// <param name="slot">Start and length must be multiples of 4096.</param>
    public void Map(MemorySlot slot)
    {
        List<MemorySlot> next = [];
        foreach (MemorySlot old in _slots)
        {
            if (old.Last < slot.Start || old.Start > slot.Last)
            {
                next.Add(old);
                continue;
            }

            if (old.Start < slot.Start)
                next.Add(old.Part(old.Start, slot.Start - 1));
            if (old.Last > slot.Last)
                next.Add(old.Part(slot.Last + 1, old.Last));
        }

        if (slot.Reads is not null || slot.Writes is not null)
            next.Add(slot);
        next.Sort((a, b) => a.Start.CompareTo(b.Start));
        _slots = [.. next];
        _pieces = Partition(next);
        Changed?.Invoke();
    }

    private static MemorySlot[] Partition(List<MemorySlot> slots)
    {
        List<MemorySlot> pieces = [];
        ulong from = 0;
        foreach (MemorySlot slot in slots)
        {
            if (slot.Start > from)
                pieces.Add(new MemorySlot(from, slot.Start - from, null, 0, null, 0));
            pieces.Add(slot);
            from = slot.Start + slot.Length;
        }

        if (from != 0 || pieces.Count == 0)
            pieces.Add(new MemorySlot(from, 0 - from, null, 0, null, 0));
        return [.. pieces];
    }

    /// <summary>Maps a block for reading and writing.</summary>
    public void MapRam(ulong start, RamBlock block, ulong offset, ulong length) => Map(new MemorySlot(start, length, block, offset, block, offset));

    /// <summary>Maps a block for reading; writes go to the device bus.</summary>
    public void MapRom(ulong start, RamBlock block, ulong offset, ulong length) => Map(new MemorySlot(start, length, block, offset, null, 0));

    /// <summary>True when no memory lies in a range: what a guest puts into a BAR must not hide its RAM.</summary>
    public bool IsFree(ulong start, ulong length)
    {
        foreach (MemorySlot slot in _slots)
            if (slot.Start < start + length && start <= slot.Last)
                return false;
        return true;
    }

    /// <summary>The slot an address lies in, or the piece between slots, whose blocks are both null.</summary>
    public ref readonly MemorySlot At(ulong address)
    {
        MemorySlot[] pieces = _pieces;
        ref int hint = ref _hints[address >> HintShift & (HintCount - 1)];
        int likely = hint;
        if (likely < pieces.Length && pieces[likely].Contains(address))
            return ref pieces[likely];
        int low = 0, high = pieces.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (address > pieces[middle].Last)
                low = middle + 1;
            else
                high = middle;
        }

        hint = low;
        return ref pieces[low];
    }

    /// <summary>Where reads of an address find their byte, and how many follow it; null for the device bus.</summary>
    public byte* ReadPointer(ulong address, out ulong run)
    {
        ref readonly MemorySlot slot = ref At(address);
        run = slot.Last - address + 1;
        return slot.ReadPointer(address);
    }

    /// <summary>
    /// Where writes to an address go, and how many bytes may follow; null for the device bus. Whoever writes through it reports code
    /// with <see cref="Written"/>.
    /// </summary>
    public byte* WritePointer(ulong address, out ulong run)
    {
        ref readonly MemorySlot slot = ref At(address);
        run = slot.Last - address + 1;
        return slot.WritePointer(address);
    }

    /// <summary>True when translated code came from this page; its writes must not be made through a cached pointer.</summary>
    public bool HoldsCode(ulong address) => At(address).CodeOwners(address) != 0;

    /// <summary>Tells that memory was written: translations of that code are dropped before this returns.</summary>
    public void Written(ulong address, int length)
    {
        while (length > 0)
        {
            int part = (int)Math.Min((ulong)length, PageMask + 1 - (address & PageMask));
            ref readonly MemorySlot slot = ref At(address);
            if (slot.Writes is { } block)
            {
                int page = slot.WritePage(address);
                if (block.HasCode[page] != 0)
                    CodeWritten?.Invoke(block, slot.WriteOffset + (address - slot.Start), part);
                if (block.WriteMarks is { } marks)
                    marks[page] = 1;
            }

            address += (ulong)part;
            length -= part;
        }
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes, from memory or a device; what lies across a page's end is read in pieces.</summary>
    public ulong Read(ulong address, int size)
    {
        if ((address & PageMask) + (ulong)size > PageMask + 1)
        {
            ulong value = 0;
            for (int i = 0; i < size; i++)
                value |= Read(address + (ulong)i, 1) << (8 * i);
            return value;
        }

        byte* p = ReadPointer(address, out _);
        return p == null ? mmio.Read(address, size) : Scalar.Load(p, size);
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes, to memory or a device.</summary>
    public void Write(ulong address, int size, ulong value)
    {
        if ((address & PageMask) + (ulong)size > PageMask + 1)
        {
            for (int i = 0; i < size; i++)
                Write(address + (ulong)i, 1, value >> (8 * i));
            return;
        }

        byte* p = WritePointer(address, out _);
        if (p == null)
        {
            mmio.Write(address, size, value);
            return;
        }

        Scalar.Store(p, size, value);
        Written(address, size);
    }

    /// <summary>Copies memory out, as DMA does. False when a part of it is not memory; what was copied by then is there.</summary>
    public bool TryRead(ulong address, Span<byte> into)
    {
        while (into.Length > 0)
        {
            byte* p = ReadPointer(address, out ulong run);
            if (p == null)
                return false;
            int part = (int)Math.Min((ulong)into.Length, run);
            new ReadOnlySpan<byte>(p, part).CopyTo(into);
            into = into[part..];
            address += (ulong)part;
        }

        return true;
    }

    /// <summary>Copies into memory, as DMA does. False when a part of it is not memory.</summary>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            byte* p = WritePointer(address, out ulong run);
            if (p == null)
                return false;
            int part = (int)Math.Min((ulong)from.Length, run);
            from[..part].CopyTo(new Span<byte>(p, part));
            Written(address, part);
            from = from[part..];
            address += (ulong)part;
        }

        return true;
    }
}
