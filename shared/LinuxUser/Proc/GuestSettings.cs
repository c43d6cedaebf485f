using Suite.Host;
using Suite.LinuxUser.Abi;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// Settings of the process that the guest may change and read back but the host must not learn: limits on memory would hit the emulator's
/// own memory too. Any guest thread may use them: a limit is replaced as a whole.
/// </summary>
public sealed unsafe class GuestSettings
{
    private const int RLIMIT_DATA = 2, RLIMIT_AS = 9;

    private volatile Limit? _addressSpace, _data;

    /// <summary>Settings of a process that set nothing.</summary>
    public GuestSettings()
    {
    }

    /// <summary>The settings of a process that set these limits.</summary>
    public GuestSettings(Limit? addressSpace, Limit? data)
    {
        (_addressSpace, _data) = (addressSpace, data);
    }

    /// <summary>RLIMIT_AS as the guest set it; null when it did not.</summary>
    public Limit? AddressSpace => _addressSpace;

    /// <summary>RLIMIT_DATA as the guest set it; null when it did not.</summary>
    public Limit? Data => _data;

    /// <summary>What the guest set for a resource; null when it is the host's.</summary>
    public Limit? SetFor(int resource) => resource == RLIMIT_AS ? _addressSpace : resource == RLIMIT_DATA ? _data : null;

    /// <summary>A soft and a hard limit, as struct rlimit64 has them.</summary>
    public sealed record Limit(ulong Soft, ulong Hard);

    /// <summary>Personality bits kept from the host (READ_IMPLIES_EXEC).</summary>
    public uint Personality { get; set; }

    /// <summary>The membarrier(2) registrations the guest made itself; the host has the runtime's as well.</summary>
    public int Barriers { get; set; }

    /// <summary>True for the limits that are kept here: RLIMIT_AS and RLIMIT_DATA.</summary>
    public static bool Keeps(int resource) => resource is RLIMIT_AS or RLIMIT_DATA;

    /// <summary>The soft RLIMIT_AS of the guest in bytes; <see cref="ulong.MaxValue"/> when it has none of its own making.</summary>
    public ulong AddressLimit => _addressSpace?.Soft ?? ulong.MaxValue;

    /// <summary>The soft RLIMIT_DATA of the guest in bytes; <see cref="ulong.MaxValue"/> when it has none of its own making.</summary>
    public ulong OwnDataLimit => _data?.Soft ?? ulong.MaxValue;

    /// <summary>What was set, in one word for <see cref="Decode"/>; null when nothing was.</summary>
    public string? Encode()
    {
        (string? space, string? data) = (Word(RLIMIT_AS, _addressSpace), Word(RLIMIT_DATA, _data));
        return space is null ? data : data is null ? space : $"{space},{data}";
    }

    private static string? Word(int resource, Limit? limit) => limit is null ? null : $"{resource}={limit.Soft}:{limit.Hard}";

    /// <summary>The settings of a program whose predecessor had set limits; words that are none are left out.</summary>
    public static GuestSettings Decode(string? text)
    {
        GuestSettings settings = new();
        foreach (string part in text?.Split(',') ?? [])
        {
            string[] words = part.Split('=', ':');
            if (words.Length != 3 || !ulong.TryParse(words[1], out ulong soft) || !ulong.TryParse(words[2], out ulong hard))
                continue;
            if (words[0] == "9")
                settings._addressSpace = new Limit(soft, hard);
            else if (words[0] == "2")
                settings._data = new Limit(soft, hard);
        }

        return settings;
    }

    /// <summary>The soft RLIMIT_DATA of the guest in bytes, which brk(2) obeys.</summary>
    public ulong DataLimit => Get(RLIMIT_DATA).Soft;

    /// <summary>The limit the guest set, or the one it was started with.</summary>
    public Limit Get(int resource)
    {
        if (SetFor(resource) is { } set)
            return set;
        ulong* host = stackalloc ulong[2];
        (host[0], host[1]) = (ulong.MaxValue, ulong.MaxValue);
        Sys.Call(Nr.getrlimit, resource, (long)host);
        return new Limit(host[0], host[1]);
    }

    /// <summary>Sets a limit under the rules of setrlimit(2): 0, -EINVAL or -EPERM.</summary>
    /// <param name="resource">One that <see cref="Keeps"/>.</param>
    /// <param name="limit">The new pair.</param>
    /// <param name="mayRaise">The caller has CAP_SYS_RESOURCE.</param>
    public long Set(int resource, Limit limit, bool mayRaise)
    {
        if (limit.Soft > limit.Hard)
            return -Errno.EINVAL;
        if (limit.Hard > Get(resource).Hard && !mayRaise)
            return -Errno.EPERM;
        if (resource == RLIMIT_AS)
            _addressSpace = limit;
        else
            _data = limit;
        return 0;
    }
}
