namespace Suite.Cli;

/// <summary>
/// The environment variables that stand for options, apart from the option table so that the fast path need not build it. A test holds the two
/// together. QEMU_VERSION is left out on purpose: QEMU prints its version and exits when it is set, which is of no use to anybody and stops programs.
/// </summary>
internal static class UserVariables
{
    /// <summary>Every variable that is looked at.</summary>
    public static ReadOnlySpan<string> All => Names;

    private static readonly string[] Names =
    [
        "QEMU_LD_PREFIX", "QEMU_CPU", "QEMU_SET_ENV", "QEMU_UNSET_ENV", "QEMU_ARGV0", "QEMU_STACK_SIZE", "QEMU_GUEST_BASE", "QEMU_RESERVED_VA",
        "QEMU_UNAME", "QEMU_STRACE", "QEMU_LOG", "QEMU_LOG_FILENAME", "QEMU_DFILTER", "QEMU_ONE_INSN_PER_TB", "QEMU_SINGLESTEP", "QEMU_RAND_SEED",
        "QEMU_TB_SIZE", "QEMU_GDB", "QEMU_REPORT", "QEMU_WATCHDOG", "QEMU_PROFILE", "QEMU_PERF_MAP",
    ];

    /// <summary>True when at least one variable is set.</summary>
    public static bool AnySet(Func<string, string?> env)
    {
        foreach (string name in Names)
        {
            if (env(name) is not null)
                return true;
        }
        return false;
    }
}
