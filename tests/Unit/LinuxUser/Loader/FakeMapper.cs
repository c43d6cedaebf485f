using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>An address space on paper. Every request outside of what was reserved, or not page aligned, fails the test.</summary>
internal sealed class FakeMapper(ElfTarget target) : IImageMapper
{
    private const ulong MostZeroBytes = 1UL << 32;

    private readonly List<(ulong Start, ulong End)> _reserved = [];
    private readonly Dictionary<ulong, byte[]> _dirty = [];
    private ulong _next = target.Is64 ? 0x7000_0000_0000UL : 0xA000_0000UL;

    public sealed record Mapping(ulong Start, ulong End, int Prot, FakeFile? File, long Offset);

    public List<Mapping> Mappings { get; } = [];
    public List<(ulong Hint, ulong Length, bool Fixed, ulong Alignment)> Reservations { get; } = [];
    public int StackProt { get; private set; }
    public ulong PageSize => 0x1000;

    public long Reserve(ulong hint, ulong length, bool fixedAddress, ulong alignment)
    {
        Assert.True(length > 0 && length % PageSize == 0 && hint % PageSize == 0 && ulong.IsPow2(alignment) && alignment >= PageSize);
        Reservations.Add((hint, length, fixedAddress, alignment));
        ulong at = fixedAddress || hint != 0 ? hint : (_next - length) & ~(alignment - 1);
        if (length > target.AddressLimit || at > target.AddressLimit - length)
            return -LoadErrno.ENOMEM;
        if (_reserved.Exists(r => at < r.End && r.Start < at + length))
            return -LoadErrno.EEXIST;
        Assert.Equal(0UL, fixedAddress ? 0 : at % alignment);
        _reserved.Add((at, at + length));
        if (hint == 0)
            _next = at;
        return (long)at;
    }

    public long MapFile(ulong address, ulong length, int prot, IProgramFile file, long offset)
    {
        Check(address, length);
        Assert.True(offset >= 0 && offset % (long)PageSize == 0 && offset <= long.MaxValue - (long)length);
        Put(new Mapping(address, address + length, prot, (FakeFile)file, offset));
        return (long)address;
    }

    public long MapZero(ulong address, ulong length, int prot)
    {
        Check(address, length);
        if (length > MostZeroBytes)
            return -LoadErrno.ENOMEM;
        Put(new Mapping(address, address + length, prot, null, 0));
        return (long)address;
    }

    public long MapStack(ulong size, int prot, out ulong top)
    {
        StackProt = prot;
        top = target.Is64 ? 0x7FFF_0000_0000UL : 0xC000_0000UL;
        Mappings.Add(new Mapping(top - size, top, prot, null, 0));
        return (long)(top - size);
    }

    public bool Write(ulong address, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (!TryPage(address, out byte[]? page))
                return false;
            int at = (int)(address % PageSize), length = Math.Min(data.Length, (int)PageSize - at);
            data[..length].CopyTo(page.AsSpan(at));
            data = data[length..];
            address += (ulong)length;
        }
        return true;
    }

    public bool Zero(ulong address, ulong length)
    {
        Assert.True(length <= PageSize, "only the rest of a page is cleared");
        return Write(address, new byte[length]);
    }

    public byte[] Read(ulong address, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = ByteAt(address + (ulong)i);
        return bytes;
    }

    public Mapping? At(ulong address) => Mappings.FindLast(m => address >= m.Start && address < m.End);

    private byte ByteAt(ulong address)
    {
        if (_dirty.TryGetValue(address / PageSize, out byte[]? page))
            return page[address % PageSize];
        Mapping mapping = At(address) ?? throw new InvalidOperationException($"nothing mapped at 0x{address:x}");
        long offset = mapping.Offset + (long)(address - mapping.Start);
        return mapping.File is { } file && offset < file.Length ? file.Content[offset] : (byte)0;
    }

    private bool TryPage(ulong address, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? page)
    {
        page = null;
        if (At(address) is not { } mapping || (mapping.Prot & 2) == 0)
            return false;
        // Like a real mapping: a page wholly beyond the end of the file cannot be touched.
        if (mapping.File is { } file && mapping.Offset + (long)((address - mapping.Start) & ~(PageSize - 1)) >= file.Length)
            return false;
        if (!_dirty.TryGetValue(address / PageSize, out page))
        {
            page = mapping.File is null ? new byte[PageSize] : Read(address & ~(PageSize - 1), (int)PageSize);
            _dirty[address / PageSize] = page;
        }
        return true;
    }

    private void Check(ulong address, ulong length)
    {
        Assert.True(length > 0 && length % PageSize == 0 && address % PageSize == 0, $"0x{length:x} bytes at 0x{address:x} are not pages");
        Assert.True(_reserved.Exists(r => address >= r.Start && length <= r.End - r.Start && address <= r.End - length),
            $"0x{length:x} bytes at 0x{address:x} are outside of what was reserved");
    }

    private void Put(Mapping mapping)
    {
        Mappings.Add(mapping);
        foreach (ulong page in _dirty.Keys.Where(p => p * PageSize >= mapping.Start && p * PageSize < mapping.End).ToArray())
            _dirty.Remove(page);
    }
}
