using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Tracing;

/// <summary>
/// struct user of PTRACE_PEEKUSER: which part of it is which register set (sys/user.h of x86-64 and i386, asm/ptrace.h of PowerPC).
/// </summary>
internal static class UserArea
{
    /// <summary>Where an offset leads.</summary>
    /// <param name="Set">Type of the register set; 0 for a part that reads as zero.</param>
    /// <param name="Offset">Offset in the set.</param>
    public readonly record struct Place(uint Set, int Offset);

    /// <summary>Finds a word of the area; null when there is none (EIO).</summary>
    public static Place? Find(ElfTarget target, ulong offset)
    {
        int word = target.Is64 ? 8 : 4;
        if (offset % (ulong)word != 0)
            return null;
        if (target == ElfTarget.Ppc)
            return FindPpc(offset);
        return target == ElfTarget.X86_64 ? FindX86(offset, 216, 912) : FindX86(offset, 68, 284);
    }

    /// <summary>True for one of the eight debug registers of x86; <paramref name="number"/> says which.</summary>
    public static bool IsDebug(ElfTarget target, ulong offset, out int number)
    {
        (ulong start, int word) = target == ElfTarget.X86_64 ? (848UL, 8) : (252UL, 4);
        number = (int)((offset - start) / (ulong)word);
        return target != ElfTarget.Ppc && offset >= start && offset < start + 8UL * (ulong)word;
    }

    // Of the rest of the struct the kernel serves nothing but the debug registers; all of it reads as 0.
    private static Place? FindX86(ulong offset, ulong general, ulong end) =>
        offset >= end ? null : offset < general ? new Place(Regset.NT_PRSTATUS, (int)offset) : new Place(0, 0);

    // PT_R0 to PT_RESULT, then the floating-point registers from word 48 on, then FPSCR.
    private static Place? FindPpc(ulong offset)
    {
        const int LastGeneral = 43, FirstFloat = 48, Fpscr = FirstFloat + 2 * 32 + 1;
        int word = (int)(offset / 4);
        return word switch
        {
            <= LastGeneral => new Place(Regset.NT_PRSTATUS, word * 4),
            >= FirstFloat and <= Fpscr => new Place(Regset.NT_PRFPREG, (word - FirstFloat) * 4),
            _ => null,
        };
    }
}
