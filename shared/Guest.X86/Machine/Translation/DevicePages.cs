namespace Suite.Guest.X86.Machine.Translation;

/// <summary>
/// Where pages of devices are that loads have met: a look-up in the TLB misses for them each time, and a walk of the page tables would cost more than the device's answer.
/// Loops that ask for the number of their processor read the local APIC so.
/// </summary>
internal sealed class DevicePages
{
    private const int Entries = 4; // of each view
    private const ulong PageOffset = 4095, NoPage = 1; // no page begins there

    private readonly ulong[] _tags = new ulong[VcpuArea.Views * Entries], _pages = new ulong[VcpuArea.Views * Entries];

    /// <summary>Without pages.</summary>
    public DevicePages() => Clear();

    /// <summary>The physical address of a linear one that was added for the same view.</summary>
    public bool TryFind(int view, ulong linear, out ulong physical)
    {
        int entry = Entry(view, linear);
        physical = _pages[entry] | (linear & PageOffset);
        return _tags[entry] == (linear & ~PageOffset);
    }

    /// <summary>Takes a page that may be read.</summary>
    public void Add(int view, ulong linear, ulong physical)
    {
        int entry = Entry(view, linear);
        (_tags[entry], _pages[entry]) = (linear & ~PageOffset, physical & ~PageOffset);
    }

    /// <summary>Forgets all: linear addresses may mean something else.</summary>
    public void Clear() => Array.Fill(_tags, NoPage);

    private static int Entry(int view, ulong linear) => view * Entries + (int)(linear >> 12 & (Entries - 1));
}
