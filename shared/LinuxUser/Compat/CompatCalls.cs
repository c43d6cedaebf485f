using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>Entry points of the 32-bit personality.</summary>
public static unsafe class CompatCalls
{
    /// <summary>Serves the guest's call of this number; the arguments are the guest's registers.</summary>
    public static long Serve(GuestThread t, in SysArgs a)
    {
        CompatCall? call = t.Process.Compat!.Call((int)a.Number);
        if (call is null || call.Flow == SyscallFlow.Unimplemented)
        {
            t.Process.ReportUnimplemented(a.Number);
            return -Errno.ENOSYS;
        }

        return call.Special.Flow == SyscallFlow.Handled ? call.Special.Handler(t, a) : call.Plan.Run(t, a);
    }

    /// <summary>The host's call with the guest's own arguments, none of which differs.</summary>
    public static long AsHost(GuestThread t, in SysArgs a)
    {
        CompatPersonality personality = t.Process.Compat!;
        int number = personality.HostNumber(HostRows.Of(personality.Call((int)a.Number)!.Row));
        return HostCall.Make(t, number, a.A1, a.A2, a.A3, a.A4, a.A5, a.A6);
    }

    /// <summary>The call as its row describes it, for a handler that has nothing to add this time.</summary>
    public static long ByRow(GuestThread t, in SysArgs a) => t.Process.Compat!.Call((int)a.Number)!.Plan.Run(t, a);
}
