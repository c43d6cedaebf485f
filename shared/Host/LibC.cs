using System.Runtime.InteropServices;

namespace Suite.Host;

/// <summary>The few functions taken from the C library; everything else goes through <see cref="Sys"/>.</summary>
internal static unsafe partial class LibC
{
    /// <summary>mmap(2), needed once before a raw system call can be made.</summary>
    [LibraryImport("libc")]
    public static partial void* mmap(void* address, nuint length, int protection, int flags, int fd, long offset);

    /// <summary>getauxval(3): a value of this process's auxiliary vector, 0 when absent.</summary>
    [LibraryImport("libc")]
    public static partial nuint getauxval(nuint type);

    /// <summary>environ(7), which only the runtime's library hands out as a function: strings that end with a NUL, then a null.</summary>
    [LibraryImport("libSystem.Native", EntryPoint = "SystemNative_GetEnviron")]
    public static partial byte** Environment();
}
