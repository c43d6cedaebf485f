using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>A file in memory that counts reads and refuses reads outside of itself.</summary>
internal sealed class FakeFile(string path, byte[] content) : IProgramFile
{
    public byte[] Content { get; } = content;
    public int Reads { get; private set; }
    public bool Disposed { get; private set; }
    public long Length => Content.Length;
    public int Fd => -1;
    public string Path { get; } = path;

    public int ReadAt(long offset, Span<byte> into)
    {
        Assert.False(Disposed);
        Assert.InRange(offset, 0, Length);
        Assert.True(into.Length <= Length - offset, $"read of {into.Length} at 0x{offset:x} leaves the file of 0x{Length:x}");
        Reads++;
        Content.AsSpan((int)offset, into.Length).CopyTo(into);
        return into.Length;
    }

    public void Dispose() => Disposed = true;
}
