using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>
/// The memory that a call of some time ago read, as far as it is certain to be what it was: what the guest cannot write to, and the path that was noted when the call
/// was made. All else is not there, so that its address is shown.
/// </summary>
internal sealed class PastMemory(GuestMemory memory) : IGuestReader
{
    private NotedPath _noted;

    /// <summary>What was noted of the call that is shown next.</summary>
    public void Show(in NotedPath noted) => _noted = noted;

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> into)
    {
        ReadOnlySpan<byte> path = _noted.Bytes;
        if (address - _noted.Address < (ulong)path.Length)
        {
            into.Clear();
            path = path[(int)(address - _noted.Address)..];
            path[..Math.Min(path.Length, into.Length)].CopyTo(into);
            return true;
        }

        ulong end = address + (ulong)into.Length;
        while (address < end)
        {
            if (memory.Find(address) is not { IsWritable: false } vma)
                return false;
            if (vma.End >= end)
                return memory.TryRead(end - (ulong)into.Length, into);
            address = vma.End;
        }

        return memory.TryRead(address, into);
    }
}
