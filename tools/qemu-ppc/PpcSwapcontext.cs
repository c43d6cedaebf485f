using Suite.Host;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.Ppc;

/// <summary>swapcontext(2), which only PowerPC has.</summary>
internal static class PpcSwapcontext
{
    private const ulong Unblockable = 1UL << (Linux.SIGKILL - 1) | 1UL << (Linux.SIGSTOP - 1);

    public static long Swapcontext(GuestThread t, in SysArgs a)
    {
        long? result = ((PpcLinuxAbi)t.Abi).Frames.Swap(t, (uint)a.A1, (uint)a.A2, (uint)a.A3, out ulong mask);
        if (result is { } done)
            return done;
        t.SignalMask = mask & ~Unblockable;
        t.ApplyMask();
        return SysResult.RegistersSet;
    }
}
