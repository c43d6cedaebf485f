using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// How one call of a 32-bit guest becomes a call of the 64-bit host: made once from the two rows, then carried out for every call.
/// Served by the same handlers as the x86-64 guest's, which see arguments and structs of the host's form.
/// </summary>
internal sealed unsafe class CallPlan
{
    private const int ArenaBytes = 1024, HostArguments = 6;

    private readonly CompatPersonality _personality;
    private readonly Signature _signature;
    private readonly Pointee?[] _pointees;
    private readonly FlagMap?[] _flags;
    private readonly sbyte[] _order;
    private readonly int _hostNumber;
    private readonly SyscallEntry _host;
    private readonly bool _shortIds;

    /// <exception cref="FormatException">The row points to something that cannot be converted.</exception>
    public CallPlan(CompatPersonality personality, SyscallRow row, SyscallRow hostRow, int hostNumber, SyscallEntry host)
    {
        (_personality, _hostNumber, _host) = (personality, hostNumber, host);
        _signature = Signature.Parse(row.Signature);
        Signature hostSignature = ReferenceEquals(row, hostRow) ? _signature : Signature.Parse(hostRow.Signature);
        _shortIds = personality.Abi.HasShortIds && ShortIds.Applies(row);
        _pointees = new Pointee?[_signature.Arguments.Count];
        _flags = new FlagMap?[_pointees.Length];
        _order = Order(_signature, hostSignature);
        for (int i = 0; i < _pointees.Length; i++)
        {
            SignatureType type = _signature.Arguments[i].Type;
            int other = HostIndex(_signature, i, hostSignature);
            if (type.Kind == SignatureKind.Pointer)
                _pointees[i] = Pointee.Create(type, other < 0 ? type : hostSignature.Arguments[other].Type, personality);
            else if (type.Kind == SignatureKind.Flags)
                _flags[i] = personality.Flags(type.Name);
        }
    }

    /// <summary>Makes the call. <paramref name="a"/> holds the guest's registers.</summary>
    public long Run(GuestThread t, in SysArgs a)
    {
        ReadOnlySpan<ulong> registers = [a.A1, a.A2, a.A3, a.A4, a.A5, a.A6];
        Span<ulong> values = stackalloc ulong[CallFormatter.MaximumArguments];
        CallFormatter.GatherValues(_personality.Abi, _signature, registers, values);
        byte* room = stackalloc byte[ArenaBytes];
        HostArena arena = new(room, ArenaBytes);
        Span<HostCopy> copies = stackalloc HostCopy[CallFormatter.MaximumArguments];
        Span<ulong> host = stackalloc ulong[CallFormatter.MaximumArguments];
        try
        {
            for (int i = 0; i < _pointees.Length; i++)
            {
                if (values[i] == 0 || PointeeOf(i, values) is not { } pointee)
                    continue;
                host[i] = pointee.ToHost(t.Memory, _signature, values, values[i], ref arena, out copies[i]);
                if (host[i] == 0)
                    return -Errno.ENOMEM;
            }

            // Only now: a conversion may have lowered the count that stands beside its pointer.
            for (int i = 0; i < _pointees.Length; i++)
                if (host[i] == 0)
                    host[i] = Scalar(i, values);
            long result = Invoke(t, a.Number, host);
            return result is SysResult.Restart or SysResult.RegistersSet ? result : Finish(t, values, copies, result);
        }
        finally
        {
            arena.Dispose();
        }
    }

    private Pointee? PointeeOf(int index, ReadOnlySpan<ulong> values)
    {
        SignatureType type = _signature.Arguments[index].Type;
        if (type.Kind != SignatureKind.By)
            return _pointees[index];
        type = Selected(type, values);
        return type.Kind == SignatureKind.Pointer ? _personality.PointeeOf(type) : null;
    }

    private ulong Scalar(int index, ReadOnlySpan<ulong> values)
    {
        SignatureType type = _signature.Arguments[index].Type;
        FlagMap? flags = _flags[index];
        if (type.Kind == SignatureKind.By && Selected(type, values) is { Kind: SignatureKind.Flags } selected)
            flags = _personality.Flags(selected.Name);
        if (flags is not null)
            return flags.ToHost(values[index]);
        return _shortIds && type.Kind is (SignatureKind.Uid or SignatureKind.Gid) ? ShortIds.ToHost(values[index]) : values[index];
    }

    private long Finish(GuestThread t, ReadOnlySpan<ulong> values, ReadOnlySpan<HostCopy> copies, long result)
    {
        for (int i = 0; i < _pointees.Length; i++)
        {
            if (copies[i].Host is null)
                continue;
            long error = PointeeOf(i, values)!.ToGuest(t.Memory, copies[i], result);
            if (error != 0)
                return error;
        }

        if (Host.Sys.IsError(result))
            return result;
        if (_signature.Result.Kind == SignatureKind.Offset && result != (int)result)
            return -Errno.EOVERFLOW;
        return _shortIds && _signature.Result.Kind == SignatureKind.Uint ? ShortIds.ToGuest((uint)result) : result;
    }

    private long Invoke(GuestThread t, long number, ReadOnlySpan<ulong> values)
    {
        Span<ulong> h = stackalloc ulong[HostArguments];
        for (int i = 0; i < HostArguments; i++)
            h[i] = _order[i] < 0 ? 0 : values[_order[i]];
        switch (_host.Flow)
        {
            case SyscallFlow.Handled:
                return _host.Handler(t, new SysArgs(_hostNumber, h[0], h[1], h[2], h[3], h[4], h[5]));
            case SyscallFlow.Unimplemented:
                t.Process.ReportUnimplemented(number);
                return -Errno.ENOSYS;
            default:
                return HostCall.Make(t, _hostNumber, h[0], h[1], h[2], h[3], h[4], h[5]);
        }
    }

    private SignatureType Selected(SignatureType type, ReadOnlySpan<ulong> values)
    {
        int selector = _signature.IndexOf(type.Name);
        SignatureType[]? types = _personality.Constants(_signature.Arguments[selector].Type.Name)?.Match(values[selector])?.Types;
        return types is not null && type.Slot < types.Length ? types[type.Slot] : new SignatureType(SignatureKind.Hex);
    }

    // For every register of the host's call the guest's argument of that name, or else of that place.
    private static sbyte[] Order(Signature guest, Signature host)
    {
        sbyte[] order = [-1, -1, -1, -1, -1, -1];
        int next = 0;
        for (int i = 0; i < host.Arguments.Count && next < order.Length; i++)
        {
            int from = guest.IndexOf(host.Arguments[i].Name);
            order[next++] = (sbyte)(from >= 0 ? from : i < guest.Arguments.Count ? i : -1);
            if (host.Arguments[i].Type.Kind == SignatureKind.SplitOffset)
                next++; // the high half, which a 64-bit kernel shifts away
        }

        return order;
    }

    private static int HostIndex(Signature guest, int index, Signature host)
    {
        int named = host.IndexOf(guest.Arguments[index].Name);
        return named >= 0 ? named : index < host.Arguments.Count ? index : -1;
    }
}
