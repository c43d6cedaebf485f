using Suite.Host;

namespace Suite.LinuxUser.Memory;

/// <summary>One mapping of the guest, as /proc/self/maps would show it. Protection is the guest's; the host's never has PROT_EXEC.</summary>
public sealed class Vma
{
    /// <summary>Name of the mapping that holds the first thread's stack.</summary>
    public const string MainStack = "[stack]";

    public required ulong Start { get; set; }

    /// <summary>First address behind the mapping.</summary>
    public required ulong End { get; set; }

    /// <summary>PROT_ bits.</summary>
    public required int Protection { get; set; }

    public bool Shared { get; init; }

    /// <summary>Offset in the file, in bytes.</summary>
    public ulong Offset { get; set; }

    public ulong Device { get; init; }

    public ulong Inode { get; init; }

    /// <summary>Path or pseudo-name such as [heap]; empty for anonymous memory.</summary>
    public string Name { get; init; } = "";

    /// <summary>A part of this mapping.</summary>
    public Vma Slice(ulong start, ulong end) => new()
    {
        Start = start,
        End = end,
        Protection = Protection,
        Shared = Shared,
        Offset = Inode == 0 ? Offset : Offset + (start - Start),
        Device = Device,
        Inode = Inode,
        Name = Name,
    };

    public bool IsMainStack => Name == MainStack;

    public bool IsExecutable => (Protection & Linux.PROT_EXEC) != 0;

    public bool IsWritable => (Protection & Linux.PROT_WRITE) != 0;

    /// <summary>True when the next mapping is the same thing going on, so that the two are one.</summary>
    public bool Continues(Vma next) => End == next.Start && Protection == next.Protection && Shared == next.Shared && Inode == next.Inode
        && Device == next.Device && Name == next.Name && (Inode == 0 || Offset + (End - Start) == next.Offset);
}
