using Suite.Guest.Ppc;

namespace Suite.Tools.Ppc.Vdso;

/// <summary>One exported function of the vDSO: its name and its instruction words.</summary>
/// <param name="Name">Symbol without NUL.</param>
/// <param name="Words">Machine code; empty for a function that makes the system call <paramref name="Call"/>.</param>
/// <param name="Call">Number of a system call.</param>
internal readonly ref struct VdsoFunction(ReadOnlySpan<byte> Name, ReadOnlySpan<uint> Words, int Call = 0)
{
    public readonly ReadOnlySpan<byte> Name = Name;
    public readonly ReadOnlySpan<uint> Words = Words;
    public readonly int Call = Call;
}

/// <summary>
/// The functions of the vDSO (arch/powerpc/kernel/vdso). They report an error as the system calls do, with CR0.SO and a positive errno, so
/// that most are the call and a return.
/// </summary>
internal static class VdsoCode
{
    public const uint Nop = 0x60000000, Sc = 0x44000002, Blr = 0x4E800020, LoadR0 = 0x38000000;

    /// <summary>System calls the map of __kernel_get_syscall_map tells about: a multiple of 32 that reaches behind the last one.</summary>
    public const int MappedCalls = 480;

    /// <summary>Index of the function whose addi is completed with the distance of the map, and the place of that addi.</summary>
    public const int SyscallMapFunction = 2, SyscallMapAddi = 5, SyscallMapAnchor = 3;

    public const int Count = 13;

    /// <summary>The functions in the order in which they lie in the image; 0 and 1 are the signal trampolines.</summary>
    public static VdsoFunction At(int index) => index switch
    {
        // An unwinder looks one byte before the return address: the word before a trampoline belongs to it.
        0 => new("__kernel_sigtramp32"u8, [LoadR0 | 119, Sc]),
        1 => new("__kernel_sigtramp_rt32"u8, [LoadR0 | 172, Sc]),
        2 => new("__kernel_get_syscall_map"u8,
        [
            0x7D8802A6, // mflr r12
            0x7C641B79, // mr. r4,r3
            0x429F0005, // bcl 20,31,.+4
            0x7C6802A6, // mflr r3
            0x7D8803A6, // mtlr r12
            0x38630000, // addi r3,r3,map - anchor
            0x4C631982, // crclr so
            0x4D820020, // beqlr
            LoadR0 | MappedCalls,
            0x90040000, // stw r0,0(r4)
            Blr,
        ]),
        3 => new("__kernel_get_tbfreq"u8,
        [
            0x38600000, // li r3,0
            0x3C800000 | PpcHelpers.TimeBaseFrequency >> 16, // lis r4
            0x60840000 | PpcHelpers.TimeBaseFrequency & 0xFFFF, // ori r4,r4
            0x4C631982, // crclr so
            Blr,
        ]),
        4 => new("__kernel_sync_dicache"u8,
        [
            0x54630034, // clrrwi r3,r3,5
            0x7D032050, // subf r8,r3,r4
            0x3908001F, // addi r8,r8,31
            0x5508D97F, // srwi. r8,r8,5
            0x7C661B78, // mr r6,r3
            0x4C631982, // crclr so
            0x4D820020, // beqlr
            0x7D0903A6, // mtctr r8
            0x7C00306C, // 1: dcbst 0,r6
            0x38C60020, // addi r6,r6,32
            0x4200FFF8, // bdnz 1b
            0x7C0004AC, // sync
            0x7D0903A6, // mtctr r8
            0x7C001FAC, // 2: icbi 0,r3
            0x38630020, // addi r3,r3,32
            0x4200FFF8, // bdnz 2b
            0x4C00012C, // isync
            0x38600000, // li r3,0
            Blr,
        ]),
        5 => new("__kernel_gettimeofday"u8, [], 78),
        6 => new("__kernel_clock_gettime"u8, [], 246),
        7 => new("__kernel_clock_gettime64"u8, [], 403),
        8 => new("__kernel_clock_getres"u8, [], 247),
        9 => new("__kernel_clock_getres_time64"u8, [], 406),
        10 => new("__kernel_time"u8, [], 13),
        11 => new("__kernel_getcpu"u8, [], 302),
        _ => new("__kernel_sync_dicache_p5"u8,
        [
            0x7C0004AC, // sync
            0x4C00012C, // isync
            0x38600000, // li r3,0
            0x4C631982, // crclr so
            Blr,
        ]),
    };
}
