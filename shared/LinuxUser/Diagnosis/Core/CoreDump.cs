using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>A core file of a guest that dies, when its limits allow one.</summary>
internal static unsafe class CoreDump
{
    private const int O_EXCL = 0x80, OwnerReadWrite = 0x180;

    /// <summary>Whether a file is wanted: RLIMIT_CORE and prctl(PR_SET_DUMPABLE) allow it.</summary>
    public static bool IsAllowed => CoreLimit.Soft() >= CoreLimit.Smallest && CoreName.Dumpable() == 1;

    /// <summary>Writes the file.</summary>
    /// <param name="t">The thread the signal struck.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="info">Its siginfo in host layout.</param>
    /// <param name="threads">All threads, that one first.</param>
    /// <returns>The file, or why there is none; a word about either.</returns>
    public static CoreOutcome Write(GuestThread t, int signal, ReadOnlySpan<byte> info, IReadOnlyList<CoreThread> threads)
    {
        CoreName name = CoreName.Of(t, signal);
        byte[] path = [.. GuestText.ToBytes(name.Path), 0];
        long fd;
        fixed (byte* p = path)
        {
            Sys.Call(Nr.unlink, (long)p); // the kernel never writes into a file that is there
            fd = Sys.Call(Nr.open, (long)p, Linux.O_WRONLY | Linux.O_CREAT | O_EXCL | Linux.O_NOFOLLOW | Linux.O_CLOEXEC, OwnerReadWrite);
        }

        if (Sys.IsError(fd))
            return new CoreOutcome(null, $"{name.Path} cannot be created (errno {-fd})", false);
        ulong limit = CoreLimit.Soft();
        Vma[] map = t.Memory.Snapshot();
        Vma.AskNames(map);
        CoreNotes notes = new(t, signal, info, threads, map);
        bool written = CoreFile.Write((int)fd, limit, t.Process.Target, notes.Bytes, CoreSegment.Choose(map, t.Memory), t.Memory);
        Sys.Call(Nr.close, fd);
        return new CoreOutcome(name.Path, written ? name.Note : "it is not complete: RLIMIT_CORE cut it off, or the device is full", name.IsRelative && name.Note is null);
    }
}

/// <summary>What became of a core file.</summary>
/// <param name="File">Its name; null when there is none.</param>
/// <param name="Note">Why there is none, or why it is not as one would expect; null for nothing to say.</param>
/// <param name="IsUsual">It is where the kernel would have written it, in the current folder.</param>
internal sealed record CoreOutcome(string? File, string? Note, bool IsUsual);
