using Suite.Jit.Runtime;

namespace Suite.Jit;

// A forked child has a copy of the code cache; what it adds is lost with it, except for its notes.
public sealed unsafe partial class Engine
{
    private ForkNotes? _notes;
    private int _linksMade;

    /// <summary>To be called before a fork, with <see cref="Gate"/> held: translates what earlier children had to, so that the next one need not.</summary>
    public void PrepareFork()
    {
        if (_options.IsObserved)
            return;
        _notes ??= ForkNotes.TryCreate();
        // No more than there is room for: children may write faster than they are read.
        for (int i = 0; i < ForkNotes.Capacity && _current.HasRoom && _notes is not null && _notes.TryRead(out ulong pc, out ThunkKind kind); i++)
            Learn(pc, kind);
        if (_linksMade != _current.Links.Count)
            LinkAll();
    }

    /// <summary>In a forked child.</summary>
    public void BecomeChild() => _notes?.BecomeChild();

    private void Learn(ulong pc, ThunkKind kind)
    {
        byte* host = Find(pc);
        if ((host == null && !_source.IsExecutable(pc)) || kind > ThunkKind.Return)
            return;
        _cold?.MakeHot(pc);
        if (kind != ThunkKind.None && !IsEntered(pc, kind))
            OpenTo(pc, kind, host);
        else if (host == null)
            Translate(pc, ThunkKind.None);
    }

    // Also a target of another block's branch: whichever of the two is the more frequent, this process has its own.
    private bool IsEntered(ulong pc, ThunkKind kind) => _traits.ComparesTargets
        ? (uint)TargetEntry(pc) != NoTarget && TargetEntry(pc) != 0
        : kind == ThunkKind.Return
            ? _region.ReturnTable[pc & 0xFFFF] != (uint)_stubs.ReturnEmpty
            : _region.JumpTable[pc & 0xFFFF] != (uint)_stubs.JumpEmpty;

    // Links are made when they are first taken, or as their block is translated. Every child would take those that its parent does not anew.
    private void LinkAll()
    {
        _linksMade = _current.Links.Count;
        for (int i = 0; i < _linksMade; i++)
        {
            ref Link link = ref _current.Links[i];
            byte* host = link.Linked ? null : Find(link.Target);
            if (host != null)
                Connect(ref link, i, host);
        }
    }
}
