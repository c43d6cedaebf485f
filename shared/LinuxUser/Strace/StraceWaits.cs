using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>Tells calls that are about to wait for something that may never come, so that a program that hangs shows where.</summary>
internal sealed unsafe class StraceWaits(GuestAbi abi, IGuestReader memory)
{
    private const int NoHang = 1, FutexCommand = 0x7f, FutexWait = 0, FutexWaitBitset = 9;
    private readonly GuestView _memory = new(abi, memory);

    /// <summary>Whether the call would wait now, without a limit of time. Errs to no.</summary>
    public bool MayWaitForEver(SyscallRow? row, ReadOnlySpan<ulong> args) => row?.Name switch
    {
        "wait4" or "waitpid" => ((int)args[2] & NoHang) == 0,
        "waitid" => ((int)args[3] & NoHang) == 0,
        "pause" or "rt_sigsuspend" or "sigsuspend" => true,
        "rt_sigtimedwait" or "rt_sigtimedwait_time64" => args[2] == 0,
        "read" or "recv" or "recvfrom" or "recvmsg" or "accept" or "accept4" => IsEmpty((int)args[0]),
        "epoll_wait" or "epoll_pwait" => (int)args[3] < 0 && IsEmpty((int)args[0]),
        "poll" => (int)args[2] < 0,
        "ppoll" or "ppoll_time64" => args[2] == 0,
        "select" or "_newselect" or "pselect6" or "pselect6_time64" => row.Signature.StartsWith('n') && args[4] == 0,
        "futex" or "futex_time64" => IsFutexWait(args),
        _ => false,
    };

    /// <summary>A path of the guest; null when it cannot be read.</summary>
    public string? ReadPath(ulong address)
    {
        const int Longest = 4096;
        List<byte> path = [];
        while (path.Count < Longest && _memory.TryReadUnsigned(address + (ulong)path.Count, 1, out ulong next))
        {
            if (next == 0)
                return GuestText.FromBytes([.. path]);
            path.Add((byte)next);
        }
        return null;
    }

    private bool IsFutexWait(ReadOnlySpan<ulong> args) =>
        ((int)args[1] & FutexCommand) is FutexWait or FutexWaitBitset && args[3] == 0
        && _memory.TryReadUnsigned(args[0], 4, out ulong value) && (uint)value == (uint)args[2];

    // A descriptor the guest made non-blocking does not wait.
    private static bool IsEmpty(int descriptor)
    {
        const int POLLIN = 1, O_NONBLOCK = 0x800, F_GETFL = 3;
        Span<byte> poll = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(poll, descriptor);
        BinaryPrimitives.WriteInt32LittleEndian(poll[4..], POLLIN);
        fixed (byte* p = poll)
            return Sys.Call(Nr.poll, (long)p, 1, 0) == 0 && Sys.Call(Nr.fcntl, descriptor, F_GETFL) is >= 0 and long flags && (flags & O_NONBLOCK) == 0;
    }
}
