using Suite.Jit.Runtime;

namespace Suite.Jit;

// Throwing translations away: rewritten code, changed mappings, a full cache.
public sealed unsafe partial class Engine
{
    /// <summary>Drops every translation that covers a byte of the range: its mapping or its bytes changed.</summary>
    public void Invalidate(ulong start, ulong length)
    {
        if (length == 0)
            return;
        using (_gate.Hold())
        {
            _cold?.ForgetPages();
            InvalidateIn(start, length);
            foreach (ulong segment in _segments)
                InvalidateIn(segment | start, length);
        }
    }

    /// <summary>A write to a page that was protected because code on it was translated: drop the code, and if this happens often, let the blocks check themselves.</summary>
    public void PageWritten(ulong address)
    {
        using (_gate.Hold())
        {
            CountRewrite(address);
            foreach (ulong segment in _segments)
                if (_pages.ContainsKey(segment | (address & PageMask)))
                    CountRewrite(segment | address);
        }
    }

    /// <summary>Writes to these pages cannot be noticed any more (a second, writable mapping): their blocks must check themselves.</summary>
    public void MakeChecked(ulong start, ulong length)
    {
        using (_gate.Hold())
        {
            CheckIn(start, length);
            foreach (ulong segment in _segments)
                CheckIn(segment | start, length);
        }
    }

    /// <summary>True when the page holds translated code.</summary>
    public bool HasCode(ulong address)
    {
        using (_gate.Hold())
        {
            bool has = HasCodeIn(address);
            foreach (ulong segment in _segments)
                has |= HasCodeIn(segment | address);
            return has;
        }
    }

    // Addresses of one code segment: with its selector in their upper half (Engine.Segments.cs).
    private void InvalidateIn(ulong start, ulong length)
    {
        ulong first = start & PageMask, last = (start + length - 1) & PageMask;
        if ((last - first) / PageSize > (ulong)_pages.Count)
        {
            foreach (ulong page in _pages.Keys.ToArray())
                if (page >= first && page <= last)
                    DropPage(page);
            return;
        }

        for (ulong page = first; ; page += PageSize)
        {
            DropPage(page);
            if (page == last)
                break;
        }
    }

    private void CountRewrite(ulong address)
    {
        DropPage(address & PageMask);
        CodePage page = PageOf(address);
        if (++page.Rewrites >= RewritesBeforeChecking)
            page.Checked = true;
    }

    private void CheckIn(ulong start, ulong length)
    {
        for (ulong page = start & PageMask; page < start + length; page += PageSize)
        {
            if (KnownPage(page) is not { } known)
                continue;
            DropPage(page);
            known.Checked = true;
        }
    }

    private bool HasCodeIn(ulong address) => KnownPage(address) is { FirstBlock: >= 0 };

    private void DropPage(ulong pageAddress)
    {
        if (KnownPage(pageAddress) is not { } page)
            return;
        for (int i = page.FirstBlock; i >= 0;)
        {
            int next = NextOnPage(_current.Blocks[i], pageAddress);
            InvalidateBlock(i);
            i = next;
        }

        page.FirstBlock = -1;
        Array.Clear(page.Starts);
    }

    private void InvalidateBlock(int index)
    {
        ref Block b = ref _current.Blocks[index];
        if (!b.Valid)
            return;
        b.Valid = false;
        for (int i = b.Incoming; i >= 0;)
        {
            ref Link link = ref _current.Links[i];
            Patch(ref link, _region.Base + link.Stub);
            link.Linked = false;
            i = link.NextIncoming;
        }

        b.Incoming = -1;
        if (b.Isolated)
            _steps?.Remove(b.GuestStart);
        ulong at = b.GuestStart;
        for (int r = 0; r < b.InsnCount; r++)
        {
            Forget(at, b);
            at = _current.Records[b.FirstRecord + r].Next(at, b.GuestStart);
        }

        UnlinkFromPage(index, b.GuestStart & PageMask);
        if (b.OtherPage != (b.GuestStart & PageMask))
            UnlinkFromPage(index, b.OtherPage);
    }

    // Entries of the block map and of the branch tables that lead into the block.
    private void Forget(ulong pc, in Block b)
    {
        byte* host = _map.Find(pc);
        if (host == null || !Within(host, b))
            return;
        _map.Remove(pc);
        if (_traits.ComparesTargets)
        {
            if ((uint)TargetEntry(pc) == pc)
                Volatile.Write(ref TargetEntry(pc), NoTarget);
            return;
        }

        Volatile.Write(ref _region.ReturnTable[pc & 0xFFFF], (uint)_stubs.ReturnEmpty);
        Volatile.Write(ref _region.JumpTable[pc & 0xFFFF], (uint)_stubs.JumpEmpty);
    }

    private bool Within(byte* host, in Block b) => (uint)(host - _region.Base) - b.HostStart < b.HostLength;

    private void UnlinkFromPage(int index, ulong pageAddress)
    {
        CodePage page = PageOf(pageAddress);
        int next = NextOnPage(_current.Blocks[index], pageAddress);
        if (page.FirstBlock == index)
        {
            page.FirstBlock = next;
            return;
        }

        for (int i = page.FirstBlock; i >= 0;)
        {
            ref Block b = ref _current.Blocks[i];
            bool onFirst = (b.GuestStart & PageMask) == pageAddress;
            ref int link = ref onFirst ? ref b.NextOnPage : ref b.NextOnSecondPage;
            if (link == index)
            {
                link = next;
                return;
            }

            i = link;
        }
    }

    // The lock may be in other hands meanwhile.
    private void MakeRoom()
    {
        while (!_current.HasRoom)
        {
            // The half that comes next was left with the last flush; a thread may still have to look up where in it it was.
            if (World.AnyHoldsBefore(*_region.StopWord & ~1u))
                _gate.LetOthersIn();
            else
                FlushLocked();
        }
    }

    // The cache is full: everyone leaves generated code, and the other half is taken.
    private void FlushLocked()
    {
        World.Stop(WorldStop.LeaveGeneratedCode);
        _current = _generations[_current.Tag ^ 1] ??= new Generation(_middle, _region.CodeEnd, 1);
        _current.Reset();
        _map.Clear();
        _steps?.Clear();
        _pages.Clear();
        _recentPage = NoPage;
        _segments.Clear();
        ClearTables();
        World.Start(flushed: true);
    }
}
