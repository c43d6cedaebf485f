using Suite.Jit.Runtime;

namespace Suite.Jit;

// Code segments of 32-bit x86 guests (docs/adr/019). Inside the engine the pc of code in a segment of the local descriptor table has the segment's
// selector in its upper half: what the same bytes mean in another segment is another translation. So has code of the flat segment while its stack is one
// of 16 bits, where returns go by sp. Everybody else sees the address alone.
public sealed unsafe partial class Engine
{
    // Upper halves of pages in _pages; nearly always there are none.
    private readonly HashSet<ulong> _segments = [];

    /// <summary>Descriptors of code segments have changed: drops every translation of code that is not in the flat one.</summary>
    public void SegmentsChanged()
    {
        using (_gate.Hold())
            foreach (ulong page in _pages.Keys.ToArray())
                if (page != AddressOf(page))
                    DropPage(page);
    }

    /// <summary>The guest address that a pc stands for.</summary>
    internal ulong AddressOf(ulong pc) => _traits.IsCompatibilityMode ? (uint)pc : pc;

    // What the pc of a thread's code has in its upper half. The other targets have no selectors. Only the local table has stacks of 16 bits.
    private ulong SegmentOf(VcpuState* s)
    {
        const int LocalTable = 4;
        const uint Big = 0x400000; // the B bit in what lar gives
        ulong selector = s->Segments[Stubs.Cs];
        ushort stack = s->Segments[Stubs.Ss];
        return (selector & LocalTable) != 0 || ((stack & LocalTable) != 0 && (_stubs.AccessRights(stack) & Big) == 0) ? selector << 32 : 0;
    }
}
