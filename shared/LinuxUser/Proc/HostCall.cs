using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>Handing a call to the host with the guest's own pointers.</summary>
internal static class HostCall
{
    /// <summary>
    /// Makes the call. The kernel cannot write to pages that are protected because code was translated from them: it is asked again once
    /// they are open.
    /// </summary>
    public static long Make(GuestThread t, long number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0, ulong a6 = 0)
    {
        long result = t.BlockingCall(number, a1, a2, a3, a4, a5, a6);
        return result == -Errno.EFAULT && t.Memory.AllowKernelWrites(0, ulong.MaxValue) ? t.BlockingCall(number, a1, a2, a3, a4, a5, a6) : result;
    }
}
