using Suite.Devices.Block.Qcow;

namespace Suite.Devices.Block;

/// <summary>Opens disk images.</summary>
public static class BlockImage
{
    private const int DeepestChain = 64;

    /// <summary>Opens an image with everything it stands on.</summary>
    /// <param name="options">How.</param>
    /// <param name="warn">Called with what a user should know but what is no error.</param>
    /// <exception cref="IOException">It cannot be opened; the message names the file, the cause, and the way out.</exception>
    public static IBlockDevice Open(BlockOptions options, Action<string> warn)
    {
        if (!options.IsSnapshot)
            return Open(options, warn, depth: 0);
        IBlockDevice below = Open(options with { IsReadOnly = true, IsSnapshot = false }, warn, depth: 0);
        try
        {
            return Qcow2Image.CreateOverlay(HostFile.CreateTemporary(TemporaryDirectory()), below, options.File);
        }
        catch
        {
            below.Dispose();
            throw;
        }
    }

    /// <summary>Makes an empty qcow2 image.</summary>
    /// <param name="path">A file that is made, or emptied.</param>
    /// <param name="size">Bytes of the disk, a multiple of 512.</param>
    /// <param name="backing">Path of the image it stands on, relative to its own; null for none.</param>
    /// <param name="backingFormat">That one's format.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void CreateQcow2(string path, long size, string? backing = null, string? backingFormat = null)
    {
        using HostFile file = HostFile.Create(path);
        using Qcow2Image image = Qcow2Image.Create(file, size, backing, backingFormat);
    }

    /// <summary>Puts a new qcow2 image over one that is open: what is written from now on goes to the new one.</summary>
    /// <param name="path">The new image, which is made; or, if it exists already, has that one as its backing file.</param>
    /// <param name="exists">It is there already.</param>
    /// <param name="below">The image that is open; disposed with the result.</param>
    /// <param name="options">How that one was opened.</param>
    /// <exception cref="IOException">It cannot be made; nothing has changed then.</exception>
    public static IBlockDevice Overlay(string path, bool exists, IBlockDevice below, BlockOptions options)
    {
        HostFile file = exists ? HostFile.Open(options with { File = path, IsReadOnly = false }) : HostFile.Create(path);
        try
        {
            (string backing, string format) = below.Description;
            return exists ? OpenOverlay(file, below, options) : Qcow2Image.Create(file, below.Length, Path.GetFullPath(backing), format, below);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Closes what <see cref="Overlay"/> gave and leaves the image below open.</summary>
    public static void DropOverlay(IBlockDevice overlay) => ((Qcow2Image)overlay).DisposeAlone();

    /// <summary>Writes what an image has into the one it stands on. False when it stands on none.</summary>
    /// <param name="image">The image.</param>
    /// <param name="options">How it was opened.</param>
    /// <param name="warn">As for <see cref="Open(BlockOptions, Action{string})"/>.</param>
    /// <exception cref="IOException">The one below cannot be written.</exception>
    public static bool Commit(IBlockDevice image, BlockOptions options, Action<string> warn)
    {
        if (image is not Qcow2Image { Below: { } below } overlay)
            return false;
        (string file, string format) = below;
        overlay.CommitBelow((before, isWritable) => Open(
            options with
            {
                File = file,
                Format = format,
                IsReadOnly = !isWritable,
                IsSnapshot = false,
                Succeeds = before,
                GuardsHeader = before is RawImage { GuardsHeader: true },
            },
            warn,
            depth: 0));
        return true;
    }

    private static Qcow2Image OpenOverlay(HostFile file, IBlockDevice below, BlockOptions options)
    {
        bool stands = false;
        IBlockDevice Below()
        {
            stands = true;
            return below;
        }

        Qcow2Image overlay = Qcow2Image.Open(file, options.Discards, (_, _) => Below(), keepsBacking: true);
        string? why = !stands ? "it names no backing file" : overlay.Length != below.Length ? $"it has {overlay.Length} bytes, not {below.Length}" : null;
        return why is null ? overlay : throw new IOException($"{file.Path} cannot be put over the disk: {why}");
    }

    private static string TemporaryDirectory() => Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } given ? given : "/var/tmp";

    private static IBlockDevice Open(BlockOptions options, Action<string> warn, int depth)
    {
        if (depth > DeepestChain)
            throw new IOException($"{options.File}: more than {DeepestChain} images stand on each other; do they form a circle?");
        HostFile file = HostFile.Open(options);
        try
        {
            return Open(file, options, warn, depth);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static IBlockDevice Open(HostFile file, BlockOptions options, Action<string> warn, int depth)
    {
        string? format = options.Format;
        bool guards = options.GuardsHeader || format is null;
        if (format is null)
        {
            Span<byte> start = stackalloc byte[IBlockDevice.SectorSize];
            file.Read(0, start);
            format = ImageFormat.Probe(start);
        }

        switch (format)
        {
            case ImageFormat.Raw:
                if (format != options.Format && !file.IsReadOnly)
                    warn($"{file.Path}: the format was not given and looks like raw; writes to sector 0 that look like another format's header will be refused. Give format=raw to allow them.");
                return new RawImage(file, options.Discards, guards);
            case ImageFormat.Qcow2:
                return Qcow2Image.Open(file, options.Discards, (name, backingFormat) => OpenBacking(options, name, backingFormat, warn, depth));
            default:
                throw new IOException($"{file.Path}: format {format} is not supported; convert the image with 'qemu-img convert -O qcow2', or give format=raw to use it byte for byte");
        }
    }

    private static IBlockDevice OpenBacking(BlockOptions options, string name, string? format, Action<string> warn, int depth)
    {
        const string filePrefix = "file:";
        if (name.StartsWith(filePrefix, StringComparison.Ordinal))
            name = name[filePrefix.Length..];
        string path = Path.Combine(Path.GetDirectoryName(options.File) ?? "", name);
        try
        {
            return Open(options with { File = path, Format = format, IsReadOnly = true, WritesThrough = false, Succeeds = null, GuardsHeader = false }, warn, depth + 1);
        }
        catch (IOException e)
        {
            throw new IOException($"{options.File}: its backing file: {e.Message}", e);
        }
    }
}
