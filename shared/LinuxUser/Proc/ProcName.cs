using System.Buffers.Text;

namespace Suite.LinuxUser.Proc;

/// <summary>The entries of /proc whose truth for a guest is not the host's.</summary>
public enum ProcFile : byte
{
    /// <summary>Nothing to care about.</summary>
    None,

    /// <summary>Something about a process that the host tells right.</summary>
    Other,
    Exe,
    Cmdline,
    Environ,
    Auxv,
    Maps,
    Smaps,
    SmapsRollup,
    Stat,
    Statm,
    Status,
    Limits,
    TaskDirectory,
    DescriptorDirectory,

    /// <summary>fd/N or fdinfo/N.</summary>
    Descriptor,

    /// <summary>mem: the memory itself.</summary>
    Memory,
    CpuInfo,
    KernelRelease,
    Version,
}

/// <summary>What a path below /proc names.</summary>
/// <param name="File">The entry.</param>
/// <param name="Pid">The process, 0 for entries about the system.</param>
/// <param name="Tid">The thread when the path goes through task/ or thread-self, else 0.</param>
/// <param name="Number">The descriptor of <see cref="ProcFile.Descriptor"/>.</param>
public readonly record struct ProcName(ProcFile File, int Pid = 0, int Tid = 0, int Number = 0)
{
    /// <summary>True for files whose text is made here, at least for the guest's own process.</summary>
    public bool IsText => File is >= ProcFile.Cmdline and <= ProcFile.Limits or >= ProcFile.CpuInfo;

    /// <summary>The thread the entry is about: of a process without a thread named, its main thread.</summary>
    public int Subject => Tid != 0 ? Tid : Pid;

    /// <summary>
    /// Reads an absolute path. Paths that leave a directory again with ".." are not followed and give <see cref="ProcFile.None"/>.
    /// </summary>
    /// <param name="path">Without NUL.</param>
    /// <param name="pid">What /proc/self stands for.</param>
    /// <param name="tid">With <paramref name="pid"/>, what /proc/thread-self stands for.</param>
    public static ProcName Parse(ReadOnlySpan<byte> path, int pid, int tid)
    {
        if (!path.StartsWith("/proc/"u8))
            return default;
        ReadOnlySpan<byte> rest = path[5..];
        ReadOnlySpan<byte> name = Next(ref rest);
        int process, thread = 0;
        if (name.SequenceEqual("self"u8))
            process = pid;
        else if (name.SequenceEqual("thread-self"u8))
            (process, thread) = (pid, tid);
        else if (!TryNumber(name, out process))
            return OfSystem(name, rest);

        name = Next(ref rest);
        if (name.SequenceEqual("task"u8) && thread == 0)
        {
            name = Next(ref rest);
            if (name.IsEmpty)
                return new ProcName(ProcFile.TaskDirectory, process);
            if (!TryNumber(name, out thread))
                return default;
            name = Next(ref rest);
        }

        if (name.SequenceEqual("fd"u8) || name.SequenceEqual("fdinfo"u8))
        {
            ReadOnlySpan<byte> number = Next(ref rest);
            return number.IsEmpty ? new ProcName(ProcFile.DescriptorDirectory, process, thread)
                : TryNumber(number, out int fd) ? new ProcName(ProcFile.Descriptor, process, thread, fd) : default;
        }

        return new ProcName(rest.IsEmpty ? OfProcess(name) : ProcFile.Other, process, thread);
    }

    /// <summary>
    /// True when a relative path could name one of these entries, were it looked up below /proc. Most paths are refused by their last
    /// component.
    /// </summary>
    public static bool MayBeRelative(ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> last = path[(path.LastIndexOf((byte)'/') + 1)..];
        if (TryNumber(last, out _))
            return true;
        return OfProcess(last) != ProcFile.Other || OfSystem(last, default).File != ProcFile.None || last.SequenceEqual("osrelease"u8);
    }

    /// <summary>A number as /proc writes them: decimal, positive or 0, without sign or leading zeros.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        return !text.IsEmpty && text[0] is >= (byte)'0' and <= (byte)'9' && (text[0] != '0' || text.Length == 1)
            && Utf8Parser.TryParse(text, out number, out int used) && used == text.Length;
    }

    private static ProcFile OfProcess(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 when name.SequenceEqual("exe"u8) => ProcFile.Exe,
        3 when name.SequenceEqual("mem"u8) => ProcFile.Memory,
        4 when name.SequenceEqual("maps"u8) => ProcFile.Maps,
        4 when name.SequenceEqual("stat"u8) => ProcFile.Stat,
        4 when name.SequenceEqual("auxv"u8) => ProcFile.Auxv,
        5 when name.SequenceEqual("smaps"u8) => ProcFile.Smaps,
        5 when name.SequenceEqual("statm"u8) => ProcFile.Statm,
        6 when name.SequenceEqual("status"u8) => ProcFile.Status,
        6 when name.SequenceEqual("limits"u8) => ProcFile.Limits,
        7 when name.SequenceEqual("cmdline"u8) => ProcFile.Cmdline,
        7 when name.SequenceEqual("environ"u8) => ProcFile.Environ,
        12 when name.SequenceEqual("smaps_rollup"u8) => ProcFile.SmapsRollup,
        _ => ProcFile.Other,
    };

    private static ProcName OfSystem(ReadOnlySpan<byte> name, ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
            return new ProcName(name.SequenceEqual("cpuinfo"u8) ? ProcFile.CpuInfo : name.SequenceEqual("version"u8) ? ProcFile.Version : ProcFile.None);
        bool release = name.SequenceEqual("sys"u8) && Next(ref rest).SequenceEqual("kernel"u8) && Next(ref rest).SequenceEqual("osrelease"u8) && rest.IsEmpty;
        return new ProcName(release ? ProcFile.KernelRelease : ProcFile.None);
    }

    // The next component, without "." and doubled slashes. A slash at the end stays in the rest: the name must be a directory then.
    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> rest)
    {
        while (true)
        {
            int start = rest.IndexOfAnyExcept((byte)'/');
            if (start < 0)
                return default;
            int length = rest[start..].IndexOf((byte)'/');
            ReadOnlySpan<byte> name = length < 0 ? rest[start..] : rest.Slice(start, length);
            rest = rest[(start + name.Length)..];
            if (!name.SequenceEqual("."u8))
                return name;
        }
    }
}
