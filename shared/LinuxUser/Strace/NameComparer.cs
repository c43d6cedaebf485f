using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>
/// Hashes the names used in signatures without the runtime's random seed, for which it would open /dev/urandom: that descriptor stays, at
/// a number the guest expects to be free.
/// </summary>
internal sealed class NameComparer : IEqualityComparer<string>, IEqualityComparer<SignatureType>
{
    /// <summary>The only one; it has no state.</summary>
    public static readonly NameComparer Instance = new();

    public bool Equals(string? x, string? y) => string.Equals(x, y);

    public int GetHashCode(string name)
    {
        uint hash = 0;
        foreach (char c in name)
            hash = hash * 31 + c;
        return (int)hash;
    }

    public bool Equals(SignatureType x, SignatureType y) => x == y;

    public int GetHashCode(SignatureType type) => GetHashCode(type.Name) ^ (int)type.Kind << 24 ^ (int)type.Direction << 20 ^ GetHashCode(type.Count);
}
