namespace Suite.Guest.X86.Machine.Translation;

/// <summary>
/// The translations of one vCPU: found by physical address, offset and mode, so they survive changes of address spaces; listed by physical page, so that a
/// write to code finds what it makes void.
/// </summary>
internal sealed class BlockStore
{
    private const int HashBits = 16;

    private readonly int[] _heads = new int[1 << HashBits];
    private readonly Dictionary<ulong, CodePage> _pages = [];
    private MachineBlock[] _blocks = new MachineBlock[1024];

    /// <summary>An empty store.</summary>
    public BlockStore() => Clear();

    /// <summary>Blocks, dead ones included.</summary>
    public int Count { get; private set; }

    /// <summary>A block by its number.</summary>
    public ref MachineBlock this[int number] => ref _blocks[number];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Fill(_heads, -1);
        _pages.Clear();
        Count = 0;
    }

    /// <summary>The number of a block; -1 when there is none.</summary>
    public int Find(ulong physical, ulong rip, uint mode)
    {
        for (int i = _heads[Hash(physical, rip)]; i >= 0; i = _blocks[i].NextInHash)
        {
            ref MachineBlock block = ref _blocks[i];
            if (block.Physical == physical && block.Rip == rip && block.Mode == mode)
                return i;
        }

        return -1;
    }

    /// <summary>Room for a block that is about to be translated; it is not found before <see cref="Publish"/>.</summary>
    public int Reserve()
    {
        if (Count == _blocks.Length)
            Array.Resize(ref _blocks, Count * 2);
        _blocks[Count] = default;
        return Count;
    }

    /// <summary>Makes the reserved block known.</summary>
    public void Publish()
    {
        ref MachineBlock block = ref _blocks[Count];
        int hash = Hash(block.Physical, block.Rip);
        block.NextInHash = _heads[hash];
        _heads[hash] = Count;
        ulong page = block.Physical & ~4095UL;
        int inFirst = (int)Math.Min((ulong)block.Length, 4096 - (block.Physical & 4095));
        AddToPage(page, Count, ChunkMask((int)(block.Physical & 4095), inFirst) | block.LookedAt);
        if (block.SecondPage != 0)
            AddToPage(block.SecondPage, Count, ChunkMask(0, block.Length - inFirst));
        Count++;
    }

    /// <summary>True when a physical page has blocks.</summary>
    public bool HasPage(ulong page) => _pages.ContainsKey(page);

    /// <summary>True when bytes of a physical page were translated.</summary>
    public bool HoldsCode(ulong page, int offset, int length) => _pages.TryGetValue(page, out CodePage? code) && (code.Chunks & ChunkMask(offset, length)) != 0;

    /// <summary>True when a block lies on a page.</summary>
    public bool IsOnPage(int number, ulong page) => (_blocks[number].Physical & ~4095UL) == page || _blocks[number].SecondPage == page;

    /// <summary>Makes all blocks of a page void.</summary>
    /// <returns>True when there were any.</returns>
    public bool Kill(ulong page)
    {
        if (!_pages.Remove(page, out CodePage? code))
            return false;
        foreach (int number in code.Blocks)
            Unlink(number);
        return true;
    }

    private void Unlink(int number)
    {
        ref MachineBlock block = ref _blocks[number];
        if (block.IsDead)
            return;
        block.IsDead = true;
        ref int at = ref _heads[Hash(block.Physical, block.Rip)];
        while (at != number)
            at = ref _blocks[at].NextInHash;
        at = block.NextInHash;
    }

    private void AddToPage(ulong page, int number, ulong chunks)
    {
        if (!_pages.TryGetValue(page, out CodePage? code))
            _pages[page] = code = new CodePage();
        code.Chunks |= chunks;
        code.Blocks.Add(number);
    }

    /// <summary>A stretch of a page, one bit for 64 bytes.</summary>
    public static ulong ChunkMask(int offset, int length)
    {
        int first = offset >> 6, last = (offset + Math.Max(length, 1) - 1) >> 6;
        ulong upTo = last >= 63 ? ulong.MaxValue : (1UL << (last + 1)) - 1;
        return upTo & ~((1UL << first) - 1);
    }

    private static int Hash(ulong physical, ulong rip) => (int)((physical + rip * 3) * 0x9E3779B97F4A7C15 >> (64 - HashBits));

    private sealed class CodePage
    {
        public ulong Chunks { get; set; }

        public List<int> Blocks { get; } = [];
    }
}
