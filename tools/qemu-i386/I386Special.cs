using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>The few instructions that generated code leaves to managed code and that are 32-bit mode's own.</summary>
internal static unsafe class I386Special
{
    private const int Eax = 0, Esp = 4, Ebp = 5;

    /// <summary>Does what the instruction at Pc says, or raises its fault.</summary>
    public static void Execute(GuestThread t, SpecialInsn what, int length, I386Vdso vdso)
    {
        switch (what)
        {
            default:
                X86Faults.Protection(t, 0);
                break;
        }
    }

    /// <summary>
    /// sysenter: the sixth argument is on the stack that ebp points to, and the call comes back in the vDSO whatever the place of the
    /// instruction (do_SYSENTER_32, arch/x86/entry/syscall_32.c).
    /// </summary>
    private static void Sysenter(GuestThread t, I386Vdso vdso)
    {
        VcpuState* s = t.State;
        s->Gpr[Esp] = (uint)s->Gpr[Ebp];
        s->Pc = vdso.SysenterReturn;
        if (t.Memory.TryRead(s->Gpr[Esp], out uint sixth))
        {
            s->Gpr[Ebp] = sixth;
            Dispatcher.Serve(t);
        }
        else
        {
            s->Gpr[Eax] = unchecked((uint)-Errno.EFAULT);
        }
    }
}
