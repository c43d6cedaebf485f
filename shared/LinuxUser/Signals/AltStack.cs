using Suite.LinuxUser.Abi;

namespace Suite.LinuxUser.Signals;

/// <summary>
/// A thread's alternate signal stack, as the kernel keeps it (sas_ss_... of kernel/signal.c). The flags are those that sigaltstack(2) was given last, which is what a signal
/// frame shows; a program that never called it has none.
/// </summary>
/// <param name="Address">Its lowest address.</param>
/// <param name="Flags">SS_... as given.</param>
/// <param name="Size">In bytes; 0 when there is no such stack.</param>
public readonly record struct AltStack(ulong Address, int Flags, ulong Size)
{
    private const int OnStack = 1, Disable = 2, AutoDisarm = unchecked((int)0x80000000);
    private const ulong SmallestSize = 2048; // MINSIGSTKSZ

    /// <summary>What a new thread has, and one whose handler was entered under SS_AUTODISARM (sas_ss_reset).</summary>
    public static AltStack Reset => new(0, Disable, 0);

    /// <summary>True when a handler with SA_ONSTACK is to go there from a stack pointer.</summary>
    public bool Takes(ulong sp) => Size != 0 && !IsInUse(sp);

    /// <summary>True when the stack pointer lies on it. One that disarms itself is never in use.</summary>
    public bool IsInUse(ulong sp) => (Flags & AutoDisarm) == 0 && Holds(sp);

    /// <summary>True when a stack pointer lies within (__on_sig_stack).</summary>
    public bool Holds(ulong sp) => sp > Address && sp - Address <= Size;

    /// <summary>The stack behind the entry of a handler.</summary>
    public AltStack Entered() => (Flags & AutoDisarm) != 0 ? Reset : this;

    /// <summary>What sigaltstack(2) tells of it.</summary>
    public AltStack Shown(ulong sp) => this with { Flags = (Size == 0 ? Disable : IsInUse(sp) ? OnStack : 0) | (Flags & AutoDisarm) };

    /// <summary>Another stack in place of this one (do_sigaltstack).</summary>
    /// <param name="wanted">As the program describes it.</param>
    /// <param name="sp">The thread's stack pointer.</param>
    /// <param name="changed">The stack from now on.</param>
    /// <returns>0, -EPERM while it is in use, -EINVAL or -ENOMEM.</returns>
    public long Change(AltStack wanted, ulong sp, out AltStack changed)
    {
        changed = this;
        if (IsInUse(sp))
            return -Errno.EPERM;
        int mode = wanted.Flags & ~AutoDisarm;
        if (mode is not (0 or OnStack or Disable))
            return -Errno.EINVAL;
        if (wanted == this)
            return 0;
        if (mode == Disable)
            wanted = wanted with { Address = 0, Size = 0 };
        else if (wanted.Size < SmallestSize)
            return -Errno.ENOMEM;
        changed = wanted;
        return 0;
    }
}
