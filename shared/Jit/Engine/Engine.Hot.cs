using Suite.Jit.Runtime;

namespace Suite.Jit;

// The second tier: blocks that are entered often are translated again, as traces that follow jumps.
public sealed unsafe partial class Engine
{
    // A block whose jump is followed has been entered at least half as often as one that is translated again.
    private const uint OftenEnough = 1U << 31;

    private uint* EntryCounter(ulong pc) => _region.EntryCounters + (pc >> 2 & (CodeRegion.TableEntries - 1));

    /// <summary>Copies guest code that a trace may go on with (<see cref="BlockBuilder.Follow"/>).</summary>
    /// <param name="pc">Guest address.</param>
    /// <param name="into">Room for a page.</param>
    /// <returns>Bytes copied, up to the end of the page; 0 when the trace has to end.</returns>
    internal int FetchAhead(ulong pc, byte* into)
    {
        if (_breakpoints is not null || !IsHot(pc) || PageOf(pc).Checked)
            return 0;
        int bytes = _source.Fetch(pc, into, PageSize - (int)(pc & (PageSize - 1)), true, out bool canProtect);
        return canProtect ? bytes : 0;
    }

    private bool IsHot(ulong pc)
    {
        byte* host = _map.Find(pc);
        if (host == null)
            return false;
        int index = _current.BlockAt((uint)(host - _region.Base));
        return index >= 0 && (_current.Blocks[index].IsTrace || *EntryCounter(pc) >= OftenEnough);
    }

    // The better translation takes the place of the block that says it is hot, unless another thread has seen to that.
    private byte* TranslateHot(VcpuState* s)
    {
        using (_gate.Hold())
        {
            Generation generation = _generations[s->ExitArg & 1];
            int index = (int)(s->ExitArg >> 1);
            s->Held = 0;
            if (generation == _current && generation.Blocks[index].Valid)
                InvalidateBlock(index);
            byte* host = Find(s->Pc);
            return host != null ? host : Translate(s->Pc, ThunkKind.None, hot: true);
        }
    }
}
