using Suite.Host;

namespace Suite.LinuxUser.Memory;

// Mappings that grow downwards (MAP_GROWSDOWN). The kernel grows them, but not within a mebibyte of something else: natively there is nothing, while the
// emulator's own memory for a new thread is put right there, the highest place that is free.
public sealed unsafe partial class GuestMemory
{
    private const ulong GuardGap = 256 * PageSize; // stack_guard_gap
    private const ulong RoomBytes = 8 << 20, LeastRoom = 64 << 10; // the usual limit of a stack

    private List<ulong>? _growing;

    /// <summary>Keeps what lies below growing mappings free of the emulator's own memory until it is disposed of.</summary>
    public RoomToGrow KeepRoomToGrow()
    {
        if (_growing is null)
            return default;
        const int Flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE | Linux.MAP_FIXED_NOREPLACE;
        List<(ulong Start, ulong Size)> held = [];
        using (Hold())
        {
            _growing.RemoveAll(start => _map.Find(start) is null);
            foreach (ulong start in _growing)
            {
                for (ulong size = RoomBytes; size >= LeastRoom; size /= 2)
                {
                    ulong at = start - GuardGap - size;
                    if (_map.Overlaps(at, at + size) || Sys.IsError(Sys.Call(Nr.mmap, (long)at, (long)size, Linux.PROT_NONE, Flags, -1, 0)))
                        continue;
                    held.Add((at, size));
                    break;
                }
            }
        }

        return new RoomToGrow(held);
    }

    // With PROT_GROWSDOWN the change begins where the mapping does. The guest's stack is one that grows for the guest only: the host has all of it from the start.
    private ulong FromStart(ulong address, ref int protection)
    {
        if (_map.Find(address) is not { } vma)
            return address;
        if (vma.IsMainStack && (protection & Linux.PROT_GROWSUP) == 0)
            protection &= ~Linux.PROT_GROWSDOWN;
        return vma.Start;
    }

    private void NoteGrowing(ulong address, int flags)
    {
        if ((flags & Linux.MAP_GROWSDOWN) != 0 && !IsLow)
            (_growing ??= []).Add(address);
    }

    /// <summary>Reserved address space; see <see cref="KeepRoomToGrow"/>.</summary>
    public readonly struct RoomToGrow(List<(ulong Start, ulong Size)> held) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose()
        {
            foreach ((ulong start, ulong size) in held ?? [])
                Sys.Call(Nr.munmap, (long)start, (long)size);
        }
    }
}
