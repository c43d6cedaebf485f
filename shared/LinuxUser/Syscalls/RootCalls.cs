using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Calls that may change what paths mean: the tool's own file is held before, or the next exec would not find it.</summary>
public static class RootCalls
{
    /// <summary>chroot, pivot_root, mount, umount2, move_mount, unshare, setns.</summary>
    public static long Leave(GuestThread t, in SysArgs a)
    {
        t.Process.Respawn.HoldSelf();
        return HostCall.Make(t, a.Number, a.A1, a.A2, a.A3, a.A4, a.A5, a.A6);
    }
}
