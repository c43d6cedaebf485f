using Suite.Host;

namespace Suite.LinuxUser.Proc;

/// <summary>Capabilities of the calling thread (capabilities(7)), which are the guest's.</summary>
internal static unsafe class HostCapability
{
    public const int CAP_SYS_ADMIN = 21, CAP_SYS_RESOURCE = 24;

    /// <summary>True when a capability below 32 is effective.</summary>
    public static bool Has(int capability)
    {
        const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
        uint* header = stackalloc uint[2], sets = stackalloc uint[6]; // effective, permitted, inheritable; twice
        (header[0], header[1]) = (_LINUX_CAPABILITY_VERSION_3, 0);
        return Sys.Call(Nr.capget, (long)header, (long)sets) == 0 && (sets[0] & 1u << capability) != 0;
    }
}
