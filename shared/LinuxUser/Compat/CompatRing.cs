using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// io_uring. Its entries lie in memory that the guest and the kernel share, so that nothing stands between them that could swap bytes: a
/// big-endian guest finds a kernel without it. For i386 all structs are the host's, except those that entries point to (iovec, msghdr): how
/// the kernel reads these is settled by the table through which the ring was set up.
/// </summary>
internal static unsafe class CompatRing
{
    /// <summary>io_uring_setup(2), by the 32-bit table.</summary>
    public static long Setup(GuestThread t, in SysArgs a)
    {
        const int io_uring_setup = 425;
        return t.Process.Compat!.Abi.BigEndian ? CompatProcesses.LittleEndianOnly(t, a) : t.Engine.Stubs.Int80(io_uring_setup, (uint)a.A1, (uint)a.A2);
    }
}
