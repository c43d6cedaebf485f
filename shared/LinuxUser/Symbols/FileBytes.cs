using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Symbols;

/// <summary>An ELF file on disk. It is open only while it is read, so that no descriptor of the emulator's stays in the guest's way.</summary>
internal sealed class FileBytes : IImageBytes
{
    private static readonly HostFiles Files = new([]);

    private readonly string _path;

    private FileBytes(string path, ulong length) => (_path, Length) = (path, length);

    /// <inheritdoc/>
    public ulong Length { get; }

    /// <summary>The file of that name; null when it cannot be read or is no regular file.</summary>
    public static FileBytes? Find(string path)
    {
        using IProgramFile? file = Files.Open(path, out _);
        return file is null || file.Length <= 0 ? null : new FileBytes(path, (ulong)file.Length);
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, Span<byte> into)
    {
        if (offset > Length || (ulong)into.Length > Length - offset)
            return false;
        using IProgramFile? file = Files.Open(_path, out _);
        return file is not null && FileReading.ReadUpTo(file, (long)offset, into) == into.Length;
    }
}
