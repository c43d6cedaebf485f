using Microsoft.Win32.SafeHandles;

namespace Suite.Machines.X86.Boot;

/// <summary>A file of the user's that a loader takes pieces from. What lies behind its end is an error that names the file.</summary>
public sealed class LoaderFile
{
    private readonly SafeFileHandle _handle;

    private LoaderFile(string option, string path, SafeFileHandle handle) => (Option, Path, _handle, Length) = (option, path, handle, RandomAccess.GetLength(handle));

    /// <summary>The option it was given with, for messages.</summary>
    public string Option { get; }

    public string Path { get; }

    /// <summary>Bytes, when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens it.</summary>
    /// <param name="option">The option it was given with: "-kernel".</param>
    /// <param name="path">As the user wrote it.</param>
    /// <exception cref="BootException">It is not there, may not be read, or is no regular file.</exception>
    public static LoaderFile Open(string option, string path)
    {
        if (Directory.Exists(path))
            throw new BootException($"{option} {path}: a directory; give a file");
        try
        {
            return new LoaderFile(option, path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BootException($"{option} {path}: there is no such file; check the path (it is taken from the current directory)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BootException($"{option} {path}: cannot be read ({e.Message}); check the path and its permissions");
        }
    }

    /// <summary>An error that names the file.</summary>
    public BootException Error(string what) => new($"{Option} {Path}: {what}");

    /// <summary>True when a stretch lies within the file.</summary>
    public bool Holds(ulong offset, ulong length) => offset <= (ulong)Length && length <= (ulong)Length - offset;

    /// <summary>Fills a span.</summary>
    /// <param name="offset">In the file.</param>
    /// <param name="into">Where to.</param>
    /// <param name="what">For the error: "the setup code".</param>
    /// <exception cref="BootException">The file ends before, or reading fails.</exception>
    public void Read(ulong offset, Span<byte> into, string what)
    {
        if (!Holds(offset, (ulong)into.Length))
            throw Error($"ends before {what} does ({Length} bytes; {what} is at {offset}, {into.Length} bytes): the file is truncated, fetch it again");
        try
        {
            while (into.Length > 0)
            {
                int got = RandomAccess.Read(_handle, into, (long)offset);
                if (got == 0)
                    throw Error($"became shorter while it was read ({what})");
                into = into[got..];
                offset += (ulong)got;
            }
        }
        catch (IOException e)
        {
            throw Error($"cannot be read at {offset} ({e.Message})");
        }
    }

    /// <summary>Bytes from a place on, as many as there are up to a maximum.</summary>
    public byte[] Head(ulong offset, int most)
    {
        ulong there = offset < (ulong)Length ? (ulong)Length - offset : 0;
        byte[] bytes = new byte[(int)Math.Min(there, (ulong)most)];
        Read(offset, bytes, "its start");
        return bytes;
    }
}
