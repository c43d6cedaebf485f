using System.Collections.Concurrent;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Syscalls.Tables;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// What a process needs to serve a 32-bit guest: its calls by number and everything worked out from their rows so far. Nothing is worked
/// out before it is asked for. Any thread may ask.
/// </summary>
public sealed class CompatPersonality
{
    private readonly Func<int, SyscallRow?> _rows;
    private readonly CompatCall?[] _calls;
    private readonly DecoderTables _guest;
    private readonly DecoderTables _host = new(GuestAbi.X64);
    private readonly ConcurrentDictionary<string, StructConverter> _converters = new(NameComparer.Instance);
    private readonly ConcurrentDictionary<SignatureType, Pointee?> _pointees = new(NameComparer.Instance);
    private readonly ConcurrentDictionary<string, FlagMap?> _flags = new(NameComparer.Instance);
    private SyscallEntry[]? _hostEntries;
    private SyscallRow?[]? _hostRows;

    /// <param name="abi">The guest's, with words of 4 bytes.</param>
    /// <param name="rows">The guest's table.</param>
    /// <param name="highest">Its last number.</param>
    public CompatPersonality(GuestAbi abi, Func<int, SyscallRow?> rows, int highest)
    {
        (Abi, _rows) = (abi, rows);
        _calls = new CompatCall?[highest + 1];
        _guest = new DecoderTables(abi);
    }

    /// <summary>i386.</summary>
    public static CompatPersonality I386() => new(GuestAbi.I386, I386SyscallNumbers.Find, I386SyscallNumbers.Highest);

    /// <summary>32-bit big-endian PowerPC.</summary>
    public static CompatPersonality Ppc()
    {
        CompatPersonality made = new(GuestAbi.Ppc, PpcSyscallNumbers.Find, PpcSyscallNumbers.Highest);
        made.Kinds.LearnInherited();
        return made;
    }

    /// <summary>The guest's word size and byte order.</summary>
    public GuestAbi Abi { get; }

    /// <summary>Descriptors whose data a big-endian guest must have converted.</summary>
    internal DescriptorKinds Kinds { get; } = new();

    /// <summary>The dispatch table for <see cref="Process.GuestProcess.Syscalls"/>: every number goes through <see cref="CompatCalls.Serve"/>.</summary>
    public unsafe SyscallEntry[] BuildTable()
    {
        var table = new SyscallEntry[_calls.Length];
        Array.Fill(table, new SyscallEntry { Flow = SyscallFlow.Handled, Handler = &CompatCalls.Serve });
        return table;
    }

    /// <summary>All rows by number, for -strace and the coverage report.</summary>
    public SyscallRow?[] Rows()
    {
        var rows = new SyscallRow?[_calls.Length];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = _rows(i);
        return rows;
    }

    /// <summary>How a number is served, for the coverage report.</summary>
    public SyscallFlow FlowOf(int number) => Call(number)?.Flow ?? SyscallFlow.Unimplemented;

    /// <summary>The call of a number; null when there is none.</summary>
    internal CompatCall? Call(int number)
    {
        if ((uint)number >= (uint)_calls.Length)
            return null;
        return _calls[number] ??= _rows(number) is { } row ? new CompatCall(this, row) : null;
    }

    /// <summary>The guest's version of a set of constants.</summary>
    internal ConstantSet? Constants(string set) => _guest.Set(set);

    /// <summary>How a set of flags differs from the host's; null when it does not.</summary>
    internal FlagMap? Flags(string set) => _flags.GetOrAdd(set, static (name, self) =>
        ConstantSets.Find(name + self.Abi.Suffix) is null || self._guest.Set(name) is not { } guest || self._host.Set(name) is not { } host
            ? null : FlagMap.Between(guest, host), this);

    /// <summary>Converts the guest's layout of one name to the host's of another.</summary>
    /// <exception cref="FormatException">There is no such layout, or it leaves fields out.</exception>
    internal StructConverter Converter(string guest, string host) =>
        guest == host ? Converter(guest) : _converters.GetOrAdd($"{guest} {host}", static (_, c) => c.Self.MakeConverter(c.guest, c.host), (Self: this, guest, host));

    /// <summary>As <see cref="Converter(string, string)"/>, of a struct that has the same name on both sides.</summary>
    internal StructConverter Converter(string name) => _converters.GetOrAdd(name, static (n, self) => self.MakeConverter(n, n), this);

    private StructConverter MakeConverter(string guest, string host) => _guest.Layout(guest) is { } from && _host.Layout(host) is { } to
        ? StructConverter.Between(from, to, this) : throw new FormatException($"no layout {guest} or {host}");

    /// <summary>Reads a struct of the guest in the host's form; false when the address is bad.</summary>
    internal bool TryRead(GuestMemory memory, ulong address, string layout, Span<byte> host)
    {
        StructConverter converter = Converter(layout);
        Span<byte> raw = stackalloc byte[converter.GuestSize];
        if (!memory.TryRead(address, raw))
            return false;
        converter.ToHost(raw, host);
        return true;
    }

    /// <summary>Writes a struct of the host in the guest's form, padding as zeros; false when the address is bad.</summary>
    internal bool TryWrite(GuestMemory memory, ulong address, string layout, ReadOnlySpan<byte> host)
    {
        StructConverter converter = Converter(layout);
        Span<byte> raw = stackalloc byte[converter.GuestSize];
        raw.Clear();
        converter.ToGuest(host, raw);
        return memory.TryWrite(address, raw);
    }

    /// <summary>What to do about a pointer of a type that a command selects.</summary>
    /// <remarks>A type nothing is known of goes to the host as it is.</remarks>
    internal Pointee? PointeeOf(SignatureType type) => _pointees.GetOrAdd(type, static (t, self) => self.Knows(t) ? Pointee.Create(t, t, self) : null, this);

    private bool Knows(SignatureType type) =>
        !CallFormatter.IsSpecial(type.Name) && (StructLayout.Scalar(type.Name, Abi).Bytes != 0 || _guest.Layout(type.Name) is { IsWhole: true })
        || type.Name is "iov" or "fdpair" or "wstatus" or "sigset";

    /// <summary>The host's number of a row of its table, or -1.</summary>
    internal int HostNumber(SyscallRow row) => Array.IndexOf(_hostRows ??= X64SyscallNumbers.Build(), row);

    /// <summary>How the x86-64 personality serves a number.</summary>
    internal SyscallEntry HostEntry(int number) => (_hostEntries ??= X64Syscalls.Build())[number];
}
