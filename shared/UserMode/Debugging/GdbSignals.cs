namespace Suite.UserMode.Debugging;

/// <summary>Signal numbers of Linux, which x86 and PowerPC share, and those of the debugger's protocol (include/gdb/signals.def of gdb).</summary>
internal static class GdbSignals
{
    /// <summary>What has no number there.</summary>
    public const int Unknown = 143;

    private const int FirstRealTime = 33, LastRealTime = 63, GdbRealTime33 = 45, GdbRealTime32 = 77, GdbRealTime64 = 78;

    // By Linux number, 0 to 31; 16 (SIGSTKFLT) is not known there.
    private static ReadOnlySpan<byte> Classic =>
    [
        0, 1, 2, 3, 4, 5, 6, 10, 8, 9, 30, 11, 31, 13, 14, 15, Unknown, 20, 19, 17, 18, 21, 22, 16, 24, 25, 26, 27, 28, 23, 32, 12,
    ];

    /// <summary>The protocol's number.</summary>
    public static int FromLinux(int signal) => signal switch
    {
        >= 0 and < 32 => Classic[signal],
        32 => GdbRealTime32,
        64 => GdbRealTime64,
        >= FirstRealTime and <= LastRealTime => GdbRealTime33 + signal - FirstRealTime,
        _ => Unknown,
    };

    /// <summary>The number of Linux; 0 when there is none.</summary>
    public static int ToLinux(int signal)
    {
        for (int linux = 1; linux <= 64; linux++)
            if (FromLinux(linux) == signal && signal != Unknown)
                return linux;
        return 0;
    }
}
