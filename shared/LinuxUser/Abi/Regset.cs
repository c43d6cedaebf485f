using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// A set of registers in the layout and byte order in which the target's kernel shows it: to ptrace(PTRACE_GETREGSET), and as a note of a core
/// file (elf.h, NT_*). Debuggers, core files and diagnostics take registers from here.
/// </summary>
/// <param name="type">The note's type.</param>
/// <param name="size">Bytes.</param>
public abstract class Regset(uint type, int size)
{
    /// <summary>General registers; the data of prstatus' pr_reg.</summary>
    public const uint NT_PRSTATUS = 1;

    /// <summary>Floating-point registers.</summary>
    public const uint NT_PRFPREG = 2;

    /// <summary>x86: the FXSAVE image of 32-bit programs.</summary>
    public const uint NT_PRXFPREG = 0x46e62b7f;

    /// <summary>x86: the XSAVE image.</summary>
    public const uint NT_X86_XSTATE = 0x202;

    /// <summary>i386: the thread-local descriptors, as struct user_desc.</summary>
    public const uint NT_386_TLS = 0x200;

    /// <summary>PowerPC: AltiVec registers, VSCR, VRSAVE.</summary>
    public const uint NT_PPC_VMX = 0x100;

    /// <summary>PowerPC: SPE's upper halves, accumulator, SPEFSCR.</summary>
    public const uint NT_PPC_SPE = 0x101;

    /// <summary>The note's type.</summary>
    public uint Type { get; } = type;

    /// <summary>Bytes.</summary>
    public int Size { get; } = size;

    /// <summary>The owner's name of the note in a core file.</summary>
    public string Owner => Type is NT_PRSTATUS or NT_PRFPREG ? "CORE" : "LINUX";

    /// <summary>Reads a thread's registers.</summary>
    /// <param name="thread">The thread, which has left guest code; called on its own host thread.</param>
    /// <param name="to"><see cref="Size"/> bytes, all written.</param>
    public abstract void Read(GuestThread thread, Span<byte> to);

    /// <summary>Sets a thread's registers. What programs cannot change (reserved flags, privileged bits) stays as it is.</summary>
    /// <param name="thread">The thread, which has left guest code; called on its own host thread.</param>
    /// <param name="from"><see cref="Size"/> bytes.</param>
    /// <returns>False when the kernel would refuse a value (EINVAL); nothing is changed then.</returns>
    public abstract bool Write(GuestThread thread, ReadOnlySpan<byte> from);
}
