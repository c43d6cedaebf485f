namespace Suite.LinuxUser.Compat;

/// <summary>
/// Inode numbers of 64 bits, as overlay and XFS give them out, folded to the 32 that C libraries of 32-bit guests insist on: readdir and
/// stat would fail with EOVERFLOW. The same file folds to the same number everywhere; numbers that fit stay what they are.
/// </summary>
internal static class InodeNumber
{
    /// <summary>At most 32 bits; not 0, which directories use for "no file", unless it was 0.</summary>
    public static uint Fold(ulong inode)
    {
        uint folded = (uint)(inode ^ inode >> 32);
        return folded == 0 && inode != 0 ? 1 : folded;
    }
}
