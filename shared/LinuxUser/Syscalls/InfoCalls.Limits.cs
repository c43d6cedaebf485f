using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

// Resource limits. Those on memory stay with the guest (GuestSettings), the others are the host's.
public static unsafe partial class InfoCalls
{
    /// <summary>getrlimit(2): struct rlimit {soft, hard} of 64-bit words.</summary>
    public static long Getrlimit(GuestThread t, in SysArgs a) =>
        GuestSettings.Keeps(a.Int1) ? Show(t, a.A2, t.Process.Identity.Settings.Get(a.Int1)) : HostCall.Make(t, Nr.getrlimit, a.A1, a.A2);

    public static long Setrlimit(GuestThread t, in SysArgs a) =>
        GuestSettings.Keeps(a.Int1) ? Change(t, a.Int1, a.A2) : HostCall.Make(t, Nr.setrlimit, a.A1, a.A2);

    /// <summary>prlimit64(2): process, resource, new limit or 0, place for the old limit or 0.</summary>
    public static long Prlimit64(GuestThread t, in SysArgs a)
    {
        bool own = a.Int1 == 0 || a.Int1 == (int)Sys.Call(Nr.getpid) || a.Int1 == t.Tid;
        if (!own && a.A3 == 0 && GuestSettings.Keeps(a.Int2) && PeerProcess.Read(a.Int1)?.Settings.SetFor(a.Int2) is { } its)
            return a.A4 == 0 ? 0 : Show(t, a.A4, its);
        if (!own || !GuestSettings.Keeps(a.Int2))
            return HostCall.Make(t, Nr.prlimit64, a.A1, a.A2, a.A3, a.A4);
        GuestSettings.Limit old = t.Process.Identity.Settings.Get(a.Int2);
        long result = a.A3 == 0 ? 0 : Change(t, a.Int2, a.A3);
        return result == 0 && a.A4 != 0 ? Show(t, a.A4, old) : result;
    }

    private static long Show(GuestThread t, ulong address, GuestSettings.Limit limit)
    {
        ulong* raw = stackalloc ulong[2];
        (raw[0], raw[1]) = (limit.Soft, limit.Hard);
        return t.Memory.TryWrite(address, new ReadOnlySpan<byte>(raw, 16)) ? 0 : EFAULT;
    }

    private static long Change(GuestThread t, int resource, ulong address)
    {
        ulong* raw = stackalloc ulong[2];
        if (!t.Memory.TryRead(address, new Span<byte>(raw, 16)))
            return EFAULT;
        GuestSettings settings = t.Process.Identity.Settings;
        long result = settings.Set(resource, new GuestSettings.Limit(raw[0], raw[1]), HostCapability.Has(HostCapability.CAP_SYS_RESOURCE));
        PublishedProcess.In(t.Engine.Region)->Put(settings);
        return result;
    }
}
