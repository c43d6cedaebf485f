using Suite.Jit.Runtime;

namespace Suite.UserMode.X86;

/// <summary>Which bits of rflags a program can change without an instruction of its own: FIX_EFLAGS of arch/x86/include/asm/sighandling.h, FLAG_MASK of ptrace.c.</summary>
public static unsafe class UserFlags
{
    public const ulong Direction = 0x400, Resume = 0x10000, Trap = 0x100;

    // AC OF DF TF SF ZF AF PF CF RF
    private const ulong Restorable = 0x40000 | 0x800 | Direction | Trap | 0x80 | 0x40 | 0x10 | 4 | 1 | Resume;

    /// <summary>Sets a thread's flags from a signal frame or a debugger.</summary>
    public static void Restore(VcpuState* s, ulong flags) => s->Flags = (s->Flags & ~Restorable) | (flags & Restorable);
}
