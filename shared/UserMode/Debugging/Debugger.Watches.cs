using Suite.Gdb;

namespace Suite.UserMode.Debugging;

internal sealed unsafe partial class Debugger
{
    private readonly List<ulong> _watchedPages = [];

    private static bool OffersWatches => false;

    private bool InsertWatch(GdbPoint kind, ulong address, int length) => false;

    private bool RemoveWatch(GdbPoint kind, ulong address, int length) => false;

    private void ClearWatches()
    {
    }

    private void NoteValue(ulong address, int length)
    {
    }
}
