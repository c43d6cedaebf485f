using System.Diagnostics.CodeAnalysis;
using Suite.Host;
using Suite.LinuxUser.Proc;

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

    /// <summary>True for a mapping of a file, which has an inode.</summary>
    public bool IsFile => Inode != 0;

    /// <summary>
    /// Path or pseudo-name such as [heap]; empty for anonymous memory. Where it is left out for a mapping of this process, the host's kernel is
    /// asked when somebody wants to know: starts of programs map many files, and few ask what they are called.
    /// </summary>
    [AllowNull]
    public string Name
    {
        get => _name ??= IsFile ? HostMapping.NameAt(HostMapping.Own(), Start) : "";
        init => _name = value;
    }

    private string? _name;

    /// <summary>Asks for all names that were left out, at once: each question alone would read all of the host's mappings.</summary>
    public static void AskNames(ReadOnlySpan<Vma> all)
    {
        List<HostMapping>? host = null;
        foreach (Vma vma in all)
            if (vma._name is null && vma.IsFile)
                vma._name = HostMapping.NameAt(host ??= HostMapping.Own(), vma.Start);
    }

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
        _name = _name,
    };

    public bool IsMainStack => !IsFile && Name == MainStack;

    public bool IsExecutable => (Protection & Linux.PROT_EXEC) != 0;

    /// <summary>True for what counts against RLIMIT_DATA (is_data_mapping of mm/internal.h).</summary>
    public bool IsData => IsWritable && !Shared && !IsMainStack;

    public bool IsWritable => (Protection & Linux.PROT_WRITE) != 0;

    /// <summary>True when the next mapping is the same thing going on, so that the two are one.</summary>
    public bool Continues(Vma next) => End == next.Start && Protection == next.Protection && Shared == next.Shared && Inode == next.Inode
        && Device == next.Device && (IsFile || Name == next.Name) && (Inode == 0 || Offset + (End - Start) == next.Offset);
}
