using Suite.Host;

namespace Suite.LinuxUser.Memory;

// Pages that a debugger watches: the host closes them, so that an access faults (Tracing.ITracer.FaultArose).
public sealed unsafe partial class GuestMemory
{
    private IReadOnlyDictionary<ulong, int>? _watched;
    private volatile bool _watchesOpen;

    /// <summary>True when watched pages are open, or may be: something had to be let through since they were last closed.</summary>
    public bool WatchesOpen => _watchesOpen;

    /// <summary>Says which pages are watched, and closes them.</summary>
    /// <param name="pages">By address, the PROT_ bits taken away from each; null for none.</param>
    public void WatchPages(IReadOnlyDictionary<ulong, int>? pages)
    {
        using (Hold())
        {
            OpenWatches();
            (_watched, _watchesOpen) = (pages, false);
            CloseWatches();
        }
    }

    /// <summary>Closes the watched pages again, whatever has become of their mappings.</summary>
    public void CloseWatches()
    {
        using (Hold())
        {
            _watchesOpen = false;
            if (_watched is { } watched)
                foreach ((ulong page, int taken) in watched)
                    SetHostProtection(page, taken);
        }
    }

    /// <summary>Opens the watched pages: for the kernel, or for one instruction. False when there are none that are closed.</summary>
    public bool OpenWatches()
    {
        if (_watched is null || _watchesOpen)
            return false;
        using (Hold())
        {
            _watchesOpen = true;
            if (_watched is { } watched)
                foreach (ulong page in watched.Keys)
                    SetHostProtection(page, taken: 0);
            return true;
        }
    }

    private void SetHostProtection(ulong page, int taken)
    {
        if (_map.Find(page) is not { } vma)
            return;
        int host = HostProtection(vma.Protection) & ~taken;
        if (_protected.Contains(page))
            host &= ~Linux.PROT_WRITE;
        Sys.Call(Nr.mprotect, (long)page, (long)PageSize, host);
    }
}
