namespace Suite.LinuxUser.Seccomp;

/// <summary>A filter and those that were installed before it.</summary>
/// <param name="Program">What is run.</param>
/// <param name="Older">The next to be run; null for none.</param>
/// <param name="HasListener">Another process answers what it wants to have answered (SECCOMP_FILTER_FLAG_NEW_LISTENER).</param>
public sealed record SeccompFilter(BpfProgram Program, SeccompFilter? Older, bool HasListener)
{
    /// <summary>How many there are from here on.</summary>
    public int Count => 1 + (Older?.Count ?? 0);

    /// <summary>True when this filter is <paramref name="other"/>, or stands before it in its chain.</summary>
    public bool IsWithin(SeccompFilter? other)
    {
        for (; other is not null; other = other.Older)
            if (ReferenceEquals(this, other))
                return true;
        return false;
    }
}

/// <summary>What a thread may call: never changed, only replaced.</summary>
/// <param name="IsStrict">SECCOMP_MODE_STRICT; otherwise the filters decide.</param>
/// <param name="Newest">The filter that runs first.</param>
public sealed record SeccompState(bool IsStrict, SeccompFilter? Newest);

/// <summary>SECCOMP_RET_... (include/uapi/linux/seccomp.h).</summary>
internal static class SeccompAction
{
    public const uint KillProcess = 0x80000000, KillThread = 0, Trap = 0x30000, Errno = 0x50000, UserNotif = 0x7FC00000, Trace = 0x7FF00000,
        Log = 0x7FFC0000, Allow = 0x7FFF0000, ActionMask = 0xFFFF0000, DataMask = 0xFFFF;
}
