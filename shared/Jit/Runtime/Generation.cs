namespace Suite.Jit.Runtime;

/// <summary>
/// One half of the code cache with its tables. A flush switches to the other half, so that a thread which was stopped in the middle of
/// an instruction's code can still finish it; the half it left is reused only by the flush after that.
/// </summary>
internal sealed unsafe class Generation
{
    // Host code measured: some 5 bytes an instruction, 70 a block with its exits, 40 a link. A table that fills up first only flushes early.
    private const int BytesPerRecord = 4, BytesPerBlock = 40, BytesPerLink = 28, BytesPerRecovery = 64;

    private readonly byte* _start, _end;

    public Generation(byte* start, byte* end, byte tag)
    {
        _start = start;
        _end = end;
        Tag = tag;
        int bytes = (int)(end - start);
        Blocks = new Arena<Block>(bytes / BytesPerBlock);
        Records = new Arena<InsnRecord>(bytes / BytesPerRecord);
        Links = new Arena<Link>(bytes / BytesPerLink);
        Recoveries = new Arena<Recovery>(bytes / BytesPerRecovery);
        Hot = start;
        Cold = end;
    }

    /// <summary>Distinguishes link numbers of the two generations.</summary>
    public byte Tag { get; }

    public Arena<Block> Blocks { get; }
    public Arena<InsnRecord> Records { get; }
    public Arena<Link> Links { get; }
    public Arena<Recovery> Recoveries { get; }

    /// <summary>Recoveries that one block may have.</summary>
    public const int MaxRecoveries = 4096;

    /// <summary>Next free byte for blocks.</summary>
    public byte* Hot { get; set; }

    /// <summary>End of the room for blocks: cold exits have been put behind it, downwards.</summary>
    public byte* Cold { get; set; }

    // Of a block: 64 KiB of code, and a trace whose late Puts go to many exits may have twice that of those.
    private const int LargestBlock = 192 << 10;

    /// <summary>True when another block of the largest size fits.</summary>
    public bool HasRoom => Cold - Hot > LargestBlock && Blocks.Room > 16 && Records.Room > 4096 && Links.Room > 4096 && Recoveries.Room > MaxRecoveries;

    public bool Holds(byte* host) => host >= _start && host < _end;

    /// <summary>The block whose hot code holds a host address, or -1.</summary>
    public int BlockAt(uint hostOffset)
    {
        (int low, int high) = (0, Blocks.Count - 1);
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            ref Block b = ref Blocks[middle];
            if (hostOffset < b.HostStart)
                high = middle - 1;
            else if (hostOffset >= b.HostStart + b.HostLength)
                low = middle + 1;
            else
                return middle;
        }

        return -1;
    }

    public void Reset()
    {
        Blocks.Clear();
        Records.Clear();
        Links.Clear();
        Recoveries.Clear();
        Hot = _start;
        Cold = _end;
    }
}
