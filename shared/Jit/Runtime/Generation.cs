using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>
/// One half of the code cache with its tables. A flush switches to the other half, so that a thread which was stopped in the middle of
/// an instruction's code can still finish it; the half it left is reused only by the flush after that.
/// </summary>
internal sealed unsafe class Generation
{
    // Host code measured: some 5 bytes an instruction, 70 a block with its exits, 40 a link. A table that fills up first only flushes early.
    private const int BytesPerRecord = 4, BytesPerBlock = 40, BytesPerLink = 28, BytesPerRecovery = 64;

    // Bytes of a block: 64 KiB of code, and a trace whose late Puts go to many exits may have twice that of those.
    private const int LargestBlock = 192 << 10;

    private readonly byte* _start, _end;

    // How far there are pages: up to here for blocks, down to here for cold code.
    private byte* _hotReady, _coldReady;

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
        Hot = _hotReady = start;
        Cold = _coldReady = end;
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
    public byte* Cold { get; private set; }

    /// <summary>True when another block of the largest size fits.</summary>
    public bool HasRoom => Cold - Hot > LargestBlock && Blocks.Room > 16 && Records.Room > 4096 && Links.Room > 4096 && Recoveries.Room > MaxRecoveries;

    public bool Holds(byte* host) => host >= _start && host < _end;

    /// <summary>Moves <see cref="Hot"/> to where a block may begin, a multiple of 16, with pages for a block of usual size.</summary>
    public byte* AlignHot()
    {
        const int UsualBlock = 512;
        Hot = (byte*)(((ulong)Hot + 15) & ~15UL);
        while ((nint)_hotReady < Math.Min((nint)_end, (nint)Hot + UsualBlock))
        {
            HostPages.Populate(_hotReady, (ulong)Math.Min(HostPages.Step, _end - _hotReady));
            _hotReady += HostPages.Step;
        }

        return Hot;
    }

    /// <summary>Takes bytes of cold code from the end of the room.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="alignment">The first one is a multiple of this power of two.</param>
    public byte* TakeCold(int bytes, int alignment = 1)
    {
        byte* at = (byte*)((ulong)(Cold - bytes) & ~((ulong)alignment - 1));
        while ((nint)_coldReady > Math.Max((nint)_start, (nint)at))
        {
            byte* more = (byte*)Math.Max((nint)_start, (nint)_coldReady - HostPages.Step);
            HostPages.Populate(more, (ulong)(_coldReady - more));
            _coldReady = more;
        }

        return Cold = at;
    }

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
