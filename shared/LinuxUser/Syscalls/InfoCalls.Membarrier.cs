using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

// membarrier(2), include/uapi/linux/membarrier.h: the emulator's process is registered already, the guest's is not before it asks.
public static unsafe partial class InfoCalls
{
    private const int RegisterGlobalExpedited = 4, PrivateExpedited = 8, PrivateExpeditedSyncCore = 0x20, PrivateExpeditedRseq = 0x80, GetRegistrations = 0x200;

    public static long Membarrier(GuestThread t, in SysArgs a)
    {
        const int Registrations = RegisterGlobalExpedited | PrivateExpedited << 1 | PrivateExpeditedSyncCore << 1 | PrivateExpeditedRseq << 1;
        GuestSettings settings = t.Process.Identity.Settings;
        long result = HostCall.Make(t, a.Number, a.A1, a.A2, a.A3);
        if (result < 0)
            return result;
        int command = a.Int1;
        switch (command)
        {
            case PrivateExpedited or PrivateExpeditedSyncCore or PrivateExpeditedRseq when (settings.Barriers & command << 1) == 0:
                return -Errno.EPERM;
            case GetRegistrations:
                return settings.Barriers;
            default:
                settings.Barriers |= command & Registrations;
                return result;
        }
    }
}
