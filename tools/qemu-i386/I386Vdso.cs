using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.Tools.I386;

/// <summary>The page of code that a kernel maps beside every 32-bit program: entry to system calls, return from signals, clocks.</summary>
internal sealed class I386Vdso
{
    private readonly I386VdsoImage _image;

    private I386Vdso(ulong start, I386VdsoImage image)
    {
        Base = start;
        _image = image;
    }

    /// <summary>AT_SYSINFO_EHDR; 0 when there was no room.</summary>
    public ulong Base { get; }

    /// <summary>__kernel_vsyscall: AT_SYSINFO.</summary>
    public ulong Vsyscall => Base + (uint)_image.Vsyscall;

    /// <summary>__kernel_sigreturn: where handlers without SA_SIGINFO return to.</summary>
    public ulong Sigreturn => Base + (uint)_image.Sigreturn;

    /// <summary>__kernel_rt_sigreturn.</summary>
    public ulong RtSigreturn => Base + (uint)_image.RtSigreturn;

    /// <summary>
    /// Where sysenter comes back: behind an int 80h, which a restarted call repeats, and before the pops of ebp, edx and ecx that callers rely on
    /// (arch/x86/entry/vdso/vdso32/system_call.S).
    /// </summary>
    public ulong SysenterReturn => Base + (uint)_image.SysenterReturn;

    /// <summary>Builds and maps it.</summary>
    public static I386Vdso Map(GuestMemory memory)
    {
        I386VdsoImage image = new();
        const int Flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS;
        long at = memory.Map(0, GuestMemory.PageSize, Linux.PROT_READ | Linux.PROT_WRITE, Flags, -1, 0);
        if (Sys.IsError(at) || !((IImageMapper)memory).Write((ulong)at, image.Bytes))
            return new I386Vdso(0, image);
        memory.Protect((ulong)at, GuestMemory.PageSize, Linux.PROT_READ | Linux.PROT_EXEC);
        memory.Adopt(new Vma { Start = (ulong)at, End = (ulong)at + GuestMemory.PageSize, Protection = Linux.PROT_READ | Linux.PROT_EXEC, Name = "[vdso]" });
        return new I386Vdso((ulong)at, image);
    }
}
