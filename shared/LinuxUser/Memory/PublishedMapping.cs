using System.Runtime.InteropServices;
using Suite.Host;

namespace Suite.LinuxUser.Memory;

/// <summary>One mapping of the guest as it lies in memory for other processes to read (<see cref="PublishedMappings"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct PublishedMapping
{
    private const int NameBytes = 16;

    public ulong Start, End, Offset, Device, Inode;

    /// <summary>PROT_ bits.</summary>
    public int Protection;

    /// <summary>Not 0 for a shared mapping.</summary>
    public int Shared;

    // Pseudo-names only, such as [heap]: what files are called the host's kernel tells.
    private fixed byte _name[NameBytes];

    /// <summary>The mapping in this form.</summary>
    public static PublishedMapping Of(Vma vma)
    {
        PublishedMapping made = new()
        {
            Start = vma.Start,
            End = vma.End,
            Offset = vma.Offset,
            Device = vma.Device,
            Inode = vma.Inode,
            Protection = vma.Protection,
            Shared = vma.Shared ? 1 : 0,
        };
        if (!vma.IsFile && vma.Name.Length is > 0 and < NameBytes && vma.Name[0] == '[')
            for (int i = 0; i < vma.Name.Length; i++)
                made._name[i] = (byte)vma.Name[i];
        return made;
    }

    /// <summary>The mapping that another process published; every number in it is that process' word.</summary>
    public readonly Vma ToVma()
    {
        string name = "";
        for (int i = 0; i < NameBytes && _name[i] is >= (byte)' ' and < 0x7F; i++)
            name += (char)_name[i];
        return new Vma
        {
            Start = Start,
            End = End,
            Offset = Offset,
            Device = Device,
            Inode = Inode,
            Protection = Protection & (Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC),
            Shared = Shared != 0,
            Name = name,
        };
    }
}
