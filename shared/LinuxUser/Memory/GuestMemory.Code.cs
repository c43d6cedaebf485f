using Suite.Host;
using Suite.Jit;

namespace Suite.LinuxUser.Memory;

// Code: where it may be fetched from, and noticing that it was rewritten (docs/adr/008).
public sealed unsafe partial class GuestMemory : ICodeSource
{
    /// <inheritdoc/>
    int ICodeSource.Fetch(ulong pc, byte* into, int max, bool allowProtect, out bool canProtect)
    {
        canProtect = true;
        int length = 0;
        using (Hold())
        {
            ulong end = pc;
            for (Vma? vma = _map.Find(pc); vma is { IsExecutable: true } && end < pc + (ulong)max; vma = _map.Find(end))
            {
                if (vma.IsWritable && allowProtect)
                    ProtectCode(vma, end, Math.Min(vma.End, pc + (ulong)max));
                if (vma.Shared && HasWritableAlias(vma))
                    canProtect = false;
                end = vma.End;
            }

            length = (int)Math.Min(end - pc, (ulong)max);
        }

        // The tail may be missing (a mapping that is longer than its file): take what is there.
        while (length > 0 && !_stubs.TryCopy(into, (void*)pc, (nuint)length))
            length = (int)Math.Min(length - 1, (long)(((pc + (ulong)length - 1) & PageMask) - pc));
        return Math.Max(length, 0);
    }

    /// <inheritdoc/>
    bool ICodeSource.IsExecutable(ulong pc)
    {
        using (Hold())
            return _map.Find(pc) is { IsExecutable: true };
    }

    /// <summary>
    /// A write fault: true when it hit a page that was only protected because it holds translated code. The code is dropped, the page writable again.
    /// </summary>
    public bool TryUnprotect(ulong address)
    {
        ulong page = address & PageMask;
        using (Hold())
        {
            if (_protected.Contains(page))
                Unprotect(page);
            else if (_map.Find(address) is not { IsWritable: true })
                return false;
            return true; // not protected any more: another thread was faster, the access will succeed now
        }
    }

    /// <summary>
    /// The kernel, or the emulator for it, could not write to a range: true when protection of translated code was the reason, which is gone now.
    /// </summary>
    public bool AllowKernelWrites(ulong start, ulong length)
    {
        using (Hold())
        {
            ulong[] pages = [.. _protected.Where(p => p + PageSize > start && (p <= start || p - start < length))];
            foreach (ulong page in pages)
                Unprotect(page);
            return OpenWatches() || pages.Length > 0;
        }
    }

    private void Unprotect(ulong page)
    {
        _protected.Remove(page);
        _watchesOpen |= _watched is not null && _watched.ContainsKey(page);
        _engine!.PageWritten(page);
        if (_map.Find(page) is { } vma)
            Sys.Call(Nr.mprotect, (long)page, (long)PageSize, HostProtection(vma.Protection));
    }

    private void ProtectCode(Vma vma, ulong from, ulong to)
    {
        for (ulong page = from & PageMask; page < to; page += PageSize)
            if (_protected.Add(page))
                Sys.Call(Nr.mprotect, (long)page, (long)PageSize, HostProtection(vma.Protection) & ~Linux.PROT_WRITE);
    }

    // The same part of the same file, writable somewhere else: protection of one page would not see writes through the other.
    private bool HasWritableAlias(Vma code)
    {
        foreach (Vma other in _map.All)
            if (!ReferenceEquals(other, code) && other.Shared && other.IsWritable && SameFileRange(other, code))
                return true;
        return false;
    }

    private static bool SameFileRange(Vma a, Vma b) => a.Inode == b.Inode && a.Device == b.Device && a.Inode != 0
        && a.Offset < b.Offset + (b.End - b.Start) && b.Offset < a.Offset + (a.End - a.Start);

    // A writable shared mapping came up: code translated from other mappings of that file can change unseen from now on.
    private void CheckAliases(Vma added)
    {
        if (!added.Shared || !added.IsWritable || added.Inode == 0 || _engine is null)
            return;
        foreach (Vma other in _map.All.ToArray())
        {
            if (other.Shared && other.IsExecutable && !ReferenceEquals(other, added) && SameFileRange(other, added))
                _engine.MakeChecked(other.Start, other.End - other.Start);
        }
    }

    // Guest code is never run in place, so the host needs no PROT_EXEC; what may be executed must be readable for the translator.
    private static int HostProtection(int guest)
    {
        int host = guest & (Linux.PROT_READ | Linux.PROT_WRITE);
        return (guest & Linux.PROT_EXEC) != 0 ? host | Linux.PROT_READ : host;
    }

    // Translations of a range are wrong from now on, and its protection is about to be set anew.
    private void DropCode(ulong start, ulong end)
    {
        if (_engine is null)
            return;
        if (_protected.Count > 0)
            _protected.RemoveWhere(p => p >= (start & PageMask) && p < end);
        bool executable = false;
        foreach (Vma vma in _map.Overlapping(start, end))
            executable |= vma.IsExecutable;
        if (executable)
            _engine.Invalidate(start, end - start);
    }
}
