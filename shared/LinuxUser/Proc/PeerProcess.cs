using System.Globalization;
using System.Runtime.InteropServices;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// Another process that runs a program under a tool of the suite, as it publishes itself (<see cref="PublishedProcess"/>). All of it is that process' word: lengths and
/// counts are bounded here, addresses are only ever read through the kernel.
/// </summary>
internal sealed unsafe class PeerProcess : IProcSubject
{
    // As the kernel's own limits: vm.max_map_count is 65530 by default, but may be raised.
    private const int MostMappings = 1 << 20, MostPath = 4096, Tries = 8;

    private readonly int _pid;
    private readonly PublishedProcess _notice;
    private readonly ulong _place;
    private Vma[]? _mappings;

    private PeerProcess(int pid, ulong place, in PublishedProcess notice, string path)
    {
        (_pid, _place, _notice) = (pid, place, notice);
        Identity = new ProgramIdentity
        {
            Path = path,
            ArgStart = notice.ArgStart,
            ArgEnd = notice.ArgEnd,
            EnvEnd = notice.EnvEnd,
            AuxAddress = notice.AuxAddress,
            AuxLength = (int)Math.Min(notice.AuxBytes, GuestMemory.PageSize),
            StackPointer = notice.StackPointer,
            CodeStart = notice.CodeStart,
            CodeEnd = notice.CodeEnd,
            DataStart = notice.DataStart,
            DataEnd = notice.DataEnd,
        };
    }

    /// <inheritdoc/>
    public ProgramIdentity Identity { get; }

    /// <inheritdoc/>
    public GuestSettings Settings => _notice.Settings();

    /// <inheritdoc/>
    public Vma[] Mappings => _mappings ??= ReadMappings();

    /// <summary>Looks at a process; null when it is not emulated, has not got so far yet, or may not be looked at.</summary>
    public static PeerProcess? Read(int pid)
    {
        foreach (uint start in CodeRegion.UsualBases)
        {
            PublishedProcess notice;
            long got = Copy(pid, start + (ulong)CodeRegion.NoticeOffset, &notice, sizeof(PublishedProcess));
            if (got is -Abi.Errno.ESRCH or -Abi.Errno.EPERM)
                return null;
            if (got != sizeof(PublishedProcess) || notice.Signature != PublishedProcess.Mark || notice.PathBytes is < 0 or > MostPath)
                continue;
            byte[] path = new byte[notice.PathBytes];
            fixed (byte* into = path)
                if (Copy(pid, notice.PathAddress, into, path.Length) == path.Length)
                    return new PeerProcess(pid, start + (ulong)CodeRegion.NoticeOffset, notice, GuestText.FromBytes(path));
        }

        return null;
    }

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> into)
    {
        fixed (byte* to = into)
            return Copy(_pid, address, to, into.Length) == into.Length;
    }

    /// <summary>The runtime's threads have names of their own.</summary>
    public bool IsVisibleThread(int tid) => !IsRuntime(tid);

    /// <summary>How the names of the runtime's own threads begin.</summary>
    public static ReadOnlySpan<byte> RuntimeName => ".NET "u8;

    /// <summary>True when a thread is the runtime's own, which runs no guest code.</summary>
    public static bool IsRuntime(int tid) => HostFile.Read($"/proc/{tid}/comm") is { } name && name.AsSpan().StartsWith(RuntimeName);

    /// <inheritdoc/>
    public bool HidesDescriptor(int descriptor)
    {
        fixed (int* hidden = _notice.Descriptors)
            return new ReadOnlySpan<int>(hidden, Math.Clamp(_notice.DescriptorCount, 0, PublishedProcess.MostDescriptors)).Contains(descriptor);
    }

    /// <inheritdoc/>
    public ProcessFacts Facts(int tid)
    {
        int threads = 0;
        foreach (int thread in HostFile.Numbers($"/proc/{_pid}/task"))
            threads += IsVisibleThread(thread) ? 1 : 0;
        string host = HostFile.ReadText($"/proc/{_pid}/status") ?? "";
        return new ProcessFacts
        {
            Threads = threads,
            Blocked = null,
            Ignored = (Mask(host, "\nSigIgn:\t") & ~_notice.KnownSignals) | (_notice.IgnoredSignals & _notice.KnownSignals),
            Caught = (Mask(host, "\nSigCgt:\t") & ~_notice.KnownSignals) | (_notice.CaughtSignals & _notice.KnownSignals),
            Memory = MemoryTotals.Of(Mappings, Identity),
            Resident = ResidentMemory.Of($"/proc/{_pid}", Mappings),
            BreakStart = _notice.BreakStart,
            Identity = Identity,
        };
    }

    private static ulong Mask(string status, string key)
    {
        const int Digits = 16;
        int at = status.IndexOf(key, StringComparison.Ordinal) + key.Length;
        return at >= key.Length && at + Digits <= status.Length && ulong.TryParse(status.AsSpan(at, Digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong mask) ? mask : 0;
    }

    // A change may be under way: then the table is read again. One that never ends is that of a process stopped in the middle, whose table is nearly right.
    private Vma[] ReadMappings()
    {
        PublishedMapping[] table = [];
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            PublishedProcess before, after;
            if (Copy(_pid, _place, &before, sizeof(PublishedProcess)) != sizeof(PublishedProcess) || before.MappingCount is < 0 or > MostMappings)
                break;
            table = new PublishedMapping[before.MappingCount];
            if (!TryRead(before.MappingTable, MemoryMarshal.AsBytes(table.AsSpan())) || Copy(_pid, _place, &after, sizeof(PublishedProcess)) != sizeof(PublishedProcess))
                table = [];
            else if ((before.Sequence & 1) == 0 && after.Sequence == before.Sequence)
                break;
            Sys.Call(Nr.sched_yield);
        }

        List<Vma> mappings = new(table.Length);
        foreach (PublishedMapping mapping in table)
            if (mapping.Start < mapping.End && (mappings.Count == 0 || mappings[^1].End <= mapping.Start))
                mappings.Add(mapping.ToVma());
        return [.. mappings];
    }

    // Bytes read or -errno.
    private static long Copy(int pid, ulong address, void* into, long bytes)
    {
        if (bytes == 0)
            return 0;
        ulong* local = stackalloc ulong[2], remote = stackalloc ulong[2];
        (local[0], local[1], remote[0], remote[1]) = ((ulong)into, (ulong)bytes, address, (ulong)bytes);
        return Sys.Call(Nr.process_vm_readv, pid, (long)local, 1, (long)remote, 1);
    }
}
