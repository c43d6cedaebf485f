using Suite.Host;
using Suite.LinuxUser.Abi;

namespace Suite.LinuxUser.Memory;

// mlockall(2) of what is the guest's. The host's own call would lock the emulator too, and count it against the limit.
public sealed unsafe partial class GuestMemory
{
    private const int MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4, MLOCK_ONFAULT = 1, MAP_LOCKED = 0x2000;

    private int _lockFuture;

    /// <summary>mlockall(2).</summary>
    /// <param name="flags">MCL_...</param>
    /// <param name="stackPointer">Of the stack only what is in use exists under a kernel that lets it grow.</param>
    public long LockAll(int flags, ulong stackPointer)
    {
        if ((flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0 || (flags & (MCL_CURRENT | MCL_FUTURE)) == 0)
            return EINVAL;
        using (Hold())
        {
            foreach (Vma vma in (flags & MCL_CURRENT) != 0 ? _map.All.ToArray() : [])
            {
                bool stack = stackPointer >= vma.Start && stackPointer < vma.End;
                ulong from = stack ? stackPointer & PageMask : vma.Start;
                // In two steps: what cannot be populated (PROT_NONE, past the end of a file) does not make the kernel's mlockall fail.
                long error = Sys.Call(Nr.mlock2, (long)from, (long)(vma.End - from), MLOCK_ONFAULT);
                if (error != 0)
                {
                    UnlockAll();
                    return error;
                }

                if ((flags & MCL_ONFAULT) == 0)
                    Sys.Call(Nr.mlock2, (long)from, (long)(vma.End - from), 0);
            }

            _lockFuture = (flags & MCL_FUTURE) != 0 ? flags : 0;
            return 0;
        }
    }

    /// <summary>munlockall(2).</summary>
    public long UnlockAll()
    {
        using (Hold())
        {
            _lockFuture = 0;
            foreach (Vma vma in _map.All)
                Sys.Call(Nr.munlock, (long)vma.Start, (long)(vma.End - vma.Start));
            return 0;
        }
    }

    /// <summary>In a forked child: it inherits no locks.</summary>
    public void ForgetLocks() => _lockFuture = 0;

    // What a new mapping is to be made with, or to be told afterwards.
    private int LockedFlag => (_lockFuture & MCL_ONFAULT) == 0 && _lockFuture != 0 ? MAP_LOCKED : 0;

    private void LockNew(ulong address, ulong size)
    {
        if ((_lockFuture & MCL_ONFAULT) != 0)
            Sys.Call(Nr.mlock2, (long)address, (long)size, MLOCK_ONFAULT);
    }
}
