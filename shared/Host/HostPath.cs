using System.Runtime.InteropServices;

namespace Suite.Host;

/// <summary>Paths of the host's files.</summary>
public static unsafe partial class HostPath
{
    private const int PATH_MAX = 4096;

    /// <summary>realpath(3): the absolute path without links, found part by part.</summary>
    /// <param name="path">Bytes with a NUL behind them.</param>
    /// <returns>The path, without NUL; null when there is no such file.</returns>
    public static byte[]? Resolve(ReadOnlySpan<byte> path)
    {
        byte* resolved = stackalloc byte[PATH_MAX];
        fixed (byte* p = path)
            return RealPath(p, resolved) == null ? null : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(resolved).ToArray();
    }

    [LibraryImport("libc", EntryPoint = "realpath")]
    private static partial byte* RealPath(byte* path, byte* resolved);
}
