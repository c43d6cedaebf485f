namespace Suite.LinuxUser.Compat;

/// <summary>What happens to a value that does not fit into the guest's field.</summary>
internal enum FieldRule : byte
{
    /// <summary>The upper part is lost, as in the kernel's own assignments.</summary>
    Truncate,

    /// <summary>A resource limit: all ones on one side are all ones on the other, and what is more than the guest can say is that too.</summary>
    Limit,

    /// <summary>The guest's upper half is padding: the nanoseconds of a 64-bit timespec, of which a 32-bit C library fills in the lower half.</summary>
    LowHalf,

    /// <summary>The call fails with EOVERFLOW.</summary>
    Refuse,

    /// <summary>An inode number, made to fit whatever the guest's field is: programs with 32-bit numbers fail on larger ones.</summary>
    Inode,

    /// <summary>A user or group id in 16 bits.</summary>
    ShortId,
}

/// <summary>One scalar, or several of a kind side by side, and where it lies in the guest's and in the host's struct.</summary>
internal readonly record struct FieldMove(
    int GuestOffset, int GuestBytes, int HostOffset, int HostBytes, bool Signed, int Count, FieldRule Rule, FlagMap? Flags);
