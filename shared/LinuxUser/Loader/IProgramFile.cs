namespace Suite.LinuxUser.Loader;

/// <summary>An open regular file the loader reads headers from and hands to <see cref="IImageMapper.MapFile"/>.</summary>
public interface IProgramFile : IDisposable
{
    /// <summary>Size in bytes when the file was opened.</summary>
    long Length { get; }

    /// <summary>The descriptor, for whoever maps the file; the loader never uses it itself.</summary>
    int Fd { get; }

    /// <summary>The name it was opened by, for messages.</summary>
    string Path { get; }

    /// <summary>Like pread(2): returns the number of bytes read, 0 at the end, or a negative errno. Short reads are allowed.</summary>
    int ReadAt(long offset, Span<byte> into);
}
