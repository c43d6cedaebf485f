using System.Globalization;
using System.Text;
using Suite.Host;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// /proc/PID/maps and smaps of the guest (fs/proc/task_mmu.c): its own mappings with its own protection. What only the host knows, such as
/// the device of a file or how much is resident, comes from the host's entries for the same addresses.
/// </summary>
internal static class MapsText
{
    // Where the name begins: seq_setwidth(25 + 6 * sizeof(void *) - 1), then a blank.
    private const int NameColumn = 73;

    /// <summary>The text of maps.</summary>
    /// <param name="guest">The guest's mappings in address order.</param>
    /// <param name="host">The host's in address order; may be empty.</param>
    public static string Maps(Vma[] guest, List<HostMapping> host)
    {
        StringBuilder text = new(guest.Length * 96);
        foreach (Vma vma in guest)
            Entry(text, vma, HostMapping.Find(host, vma.Start));
        return text.ToString();
    }

    /// <summary>The text of smaps.</summary>
    /// <inheritdoc cref="Maps"/>
    public static string Smaps(Vma[] guest, List<HostMapping> host)
    {
        StringBuilder text = new(guest.Length * 800);
        foreach (Vma vma in guest)
        {
            Entry(text, vma, HostMapping.Find(host, vma.Start));
            Fields(text, vma, host);
        }

        return text.ToString();
    }

    /// <summary>The text of smaps_rollup: the sums of what smaps says.</summary>
    /// <inheritdoc cref="Maps"/>
    public static string Rollup(Vma[] guest, List<HostMapping> host)
    {
        if (guest.Length == 0)
            return "";
        StringBuilder text = new(1024);
        Entry(text, new Vma { Start = guest[0].Start, End = guest[^1].End, Protection = Linux.PROT_NONE, Name = "[rollup]" }, null);
        List<SmapsField> shape = host.Find(h => h.Fields.Count > 0)?.Fields ?? [];
        for (int i = 0; i < shape.Count; i++)
        {
            if (shape[i].Kilobytes is null || shape[i].Name is "Size" || shape[i].Name.EndsWith("PageSize", StringComparison.Ordinal))
                continue;
            Sized(text, shape[i].Name, Total(guest, host, i));
            if (shape[i].Name != "Pss_Dirty")
                continue;
            // smaps itself does not tell these three apart; what is anonymous is nearly always this process' alone.
            ulong whole = Total(guest, host, shape.FindIndex(f => f.Name == "Pss")), anonymous = Math.Min(whole, Total(guest, host, shape.FindIndex(f => f.Name == "Anonymous")));
            Sized(text, "Pss_Anon", anonymous);
            Sized(text, "Pss_File", whole - anonymous);
            Sized(text, "Pss_Shmem", 0);
        }

        return text.ToString();
    }

    private static ulong Total(Vma[] guest, List<HostMapping> host, int field)
    {
        ulong sum = 0;
        if (field < 0)
            return 0;
        foreach (Vma vma in guest)
        {
            (int first, int end) = Inside(vma, host);
            sum += Sum(vma, host, first, end, field);
        }

        return sum;
    }

    private static void Entry(StringBuilder text, Vma vma, HostMapping? host)
    {
        int start = text.Length;
        bool named = host is not null && (vma.Inode != 0 ? host.Inode != 0 : vma.Shared || host.Name.StartsWith("[anon", StringComparison.Ordinal));
        ulong offset = vma.Inode != 0 ? vma.Offset : 0;
        text.Append(CultureInfo.InvariantCulture, $"{vma.Start:x8}-{vma.End:x8} ");
        text.Append((vma.Protection & Linux.PROT_READ) != 0 ? 'r' : '-').Append(vma.IsWritable ? 'w' : '-').Append(vma.IsExecutable ? 'x' : '-');
        text.Append(vma.Shared ? 's' : 'p');
        text.Append(CultureInfo.InvariantCulture, $" {offset:x8} {(named ? host!.Device : Device(vma.Device))} {(named ? host!.Inode : vma.Inode)} ");
        string name = named ? host!.Name : vma.Name.Replace("\n", "\\012");
        if (name.Length > 0)
            text.Append(' ', Math.Max(NameColumn - (text.Length - start), 1)).Append(name);
        text.Append('\n');
    }

    // st_dev as the kernel encodes it for user space (new_encode_dev).
    private static string Device(ulong device)
    {
        ulong major = ((device >> 8) & 0xFFF) | ((device >> 32) & ~0xFFFUL), minor = (device & 0xFF) | ((device >> 12) & ~0xFFUL & uint.MaxValue);
        return $"{major:x2}:{minor:x2}";
    }

    private static void Fields(StringBuilder text, Vma vma, List<HostMapping> host)
    {
        (int first, int end) = Inside(vma, host);
        ulong size = (vma.End - vma.Start) >> 10;
        if (first == end)
        {
            Sized(text, "Size", size);
            Sized(text, "Rss", 0);
            return;
        }

        List<SmapsField> shape = host[first].Fields;
        for (int i = 0; i < shape.Count; i++)
        {
            SmapsField field = shape[i];
            if (field.Name == "Size")
                Sized(text, field.Name, size);
            else if (field.Name == "VmFlags")
                Flags(text, vma, field.Text);
            else if (field.Kilobytes is null || field.Name.EndsWith("PageSize", StringComparison.Ordinal))
                text.Append(field.Name).Append(':').Append(field.Text).Append('\n');
            else
                Sized(text, field.Name, Sum(vma, host, first, end, i));
        }
    }

    // The host's entries that overlap a mapping.
    private static (int First, int End) Inside(Vma vma, List<HostMapping> host)
    {
        int first = HostMapping.FirstEndingAfter(host, vma.Start), end = first;
        while (end < host.Count && host[end].Start < vma.End)
            end++;
        return (first, end);
    }

    // A host entry that reaches beyond the guest's (anonymous memory side by side is one entry there) counts with the part inside.
    private static ulong Sum(Vma vma, List<HostMapping> host, int first, int end, int field)
    {
        ulong sum = 0;
        for (int i = first; i < end; i++)
        {
            if (field >= host[i].Fields.Count || host[i].Fields[field].Kilobytes is not { } kilobytes)
                continue;
            ulong inside = (Math.Min(vma.End, host[i].End) - Math.Max(vma.Start, host[i].Start)) >> 10;
            sum += Math.Min(kilobytes, inside);
        }

        return sum;
    }

    private static void Flags(StringBuilder text, Vma vma, string flags)
    {
        text.Append("VmFlags: ");
        if ((vma.Protection & Linux.PROT_READ) != 0)
            text.Append("rd ");
        if (vma.IsWritable)
            text.Append("wr ");
        if (vma.IsExecutable)
            text.Append("ex ");
        foreach (string flag in flags.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            if (flag is not ("rd" or "wr" or "ex"))
                text.Append(flag).Append(' ');
        text.Append('\n');
    }

    private static void Sized(StringBuilder text, string name, ulong kilobytes)
    {
        int start = text.Length;
        text.Append(name).Append(':');
        text.Append(' ', Math.Max(16 - (text.Length - start), 0));
        text.Append(CultureInfo.InvariantCulture, $"{kilobytes,8} kB\n");
    }
}
