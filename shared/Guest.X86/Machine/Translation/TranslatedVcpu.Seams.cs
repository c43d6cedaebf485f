using Suite.Host;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine.Translation;

// Operands across two pages. Such an access is executed by itself; where it happens again and again at the same place - a stack frame that lies across pages, with a loop that
// lives in it - the two pages of the machine's memory are mapped side by side, and generated code reaches the operand there. A seam is as void as a TLB entry is when one is dropped;
// the mapping behind it stays for the next.
public sealed unsafe partial class TranslatedVcpu
{
    private const int MostWindows = 32, CrossingCounts = 64, Often = 32;
    private const long WindowBytes = 2 * 4096;

    private readonly (ulong Page, int Count)[] _crossings = new (ulong, int)[CrossingCounts];
    private readonly (RamBlock? Block, ulong Offset, RamBlock? NextBlock, ulong NextOffset)[] _windows = new (RamBlock?, ulong, RamBlock?, ulong)[MostWindows];
    private byte* _windowMemory;
    private int _nextWindow;
    private bool _hasSeams;

    // A host address for the operand, or null when it is to be executed by itself.
    private byte* FindSeam(in TranslationSite site, ulong linear)
    {
        ulong page = linear & ~PageMask, next = page + PageMask + 1;
        ref (ulong Page, int Count) crossing = ref _crossings[(linear >> 12) % CrossingCounts];
        crossing = crossing.Page == page ? (page, crossing.Count + 1) : (page, 1);
        if (crossing.Count < Often || IsNotCanonical(linear) || IsNotCanonical(next) || (!_mode.Is64 && (uint)next == 0))
            return null;
        MemoryAccess access = site.IsWrite ? MemoryAccess.Write : MemoryAccess.Read;
        if (!TryFindShared(page, access, site.View == UserSet, out RamBlock? low, out ulong lowOffset) || !TryFindShared(next, access, site.View == UserSet, out RamBlock? high, out ulong highOffset))
            return null;
        byte* window = WindowOn(low!, lowOffset, high!, highOffset);
        if (window == null)
            return null;
        int entry = VcpuArea.SeamTable(site.View, site.IsWrite) + (int)(linear >> 12 & (VcpuArea.SeamEntries - 1));
        const ulong beforeSeam = 4096 - VcpuArea.SeamBytes;
        (_area->SeamTags[entry], _area->SeamHosts[entry]) = (page + beforeSeam, (ulong)window + beforeSeam);
        _hasSeams = true;
        return window + (linear & PageMask);
    }

    // The memory of a page that may be accessed so through the TLB too, and can be mapped a second time.
    private bool TryFindShared(ulong page, MemoryAccess access, bool isUser, out RamBlock? block, out ulong offset)
    {
        (block, offset) = (null, 0);
        if (!Core.TryTranslate(page, access, isUser, out ulong physical, out PageRights rights, out _))
            return false;
        NoteSize(page, rights);
        ref readonly MemorySlot slot = ref _memory.At(physical);
        if (slot.Reads is not { IsShared: true } memory)
            return false;
        if (access == MemoryAccess.Write && (slot.WritePointer(physical) != slot.ReadPointer(physical) || slot.CodeOwners(physical) != 0))
            return false;
        (block, offset) = (memory, slot.ReadOffset + (physical - slot.Start));
        return true;
    }

    private byte* WindowOn(RamBlock low, ulong lowOffset, RamBlock high, ulong highOffset)
    {
        for (int i = 0; i < MostWindows; i++)
            if (_windows[i].Block == low && _windows[i].Offset == lowOffset && _windows[i].NextBlock == high && _windows[i].NextOffset == highOffset)
                return _windowMemory + i * WindowBytes;
        if (_windowMemory == null)
        {
            long at = Sys.Call(Nr.mmap, 0, MostWindows * WindowBytes, Linux.PROT_NONE, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE, -1, 0);
            if (Sys.IsError(at))
                return null;
            _windowMemory = (byte*)at;
        }

        int number = _nextWindow;
        _nextWindow = (number + 1) % MostWindows;
        ClearSeams(); // one of them may lead to the window
        _windows[number] = default;
        byte* window = _windowMemory + number * WindowBytes;
        if (!low.TryMapPage(lowOffset, window) || !high.TryMapPage(highOffset, window + PageMask + 1))
            return null;
        _windows[number] = (low, lowOffset, high, highOffset);
        return window;
    }

    private void ClearSeams()
    {
        if (!_hasSeams)
            return;
        _hasSeams = false;
        new Span<ulong>(_area->SeamTags, VcpuArea.Seams).Fill(VcpuArea.NoPage);
        new Span<ulong>(_area->SeamHosts, VcpuArea.Seams).Fill(VcpuArea.NoPage);
    }

    // Memory may have been taken away.
    private void DropWindows()
    {
        ClearSeams();
        if (_windowMemory == null)
            return;
        Array.Clear(_windows);
        Sys.Call(Nr.munmap, (long)_windowMemory, MostWindows * WindowBytes);
        _windowMemory = null;
    }
}
