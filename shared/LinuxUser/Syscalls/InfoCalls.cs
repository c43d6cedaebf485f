using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

/// <summary>What the system is and what the process may do: answers that differ from the host's, and requests the emulator cannot grant.</summary>
public static unsafe partial class InfoCalls
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;
    private const uint QueryPersonality = 0xFFFFFFFF, PerMask = 0xFF, PER_LINUX32 = 8, READ_IMPLIES_EXEC = 0x0400000;

    /// <summary>uname(2): struct new_utsname, six fields of 65 bytes; the third is the release, the fifth the machine.</summary>
    public static long Uname(GuestThread t, in SysArgs a)
    {
        const int FieldBytes = 65;
        byte* names = stackalloc byte[6 * FieldBytes];
        long result = Sys.Call(Nr.uname, (long)names);
        if (result != 0)
            return result;
        if (t.Process.KernelRelease is { } release)
            Put(release, new Span<byte>(names + 2 * FieldBytes, FieldBytes));
        // Under PER_LINUX32 the host, asked for a 64-bit guest, names the 32-bit machine of the family, which is what the guest asked for.
        if (t.Process.Compat is not null || ((uint)Sys.Call(Nr.personality, QueryPersonality) & PerMask) != PER_LINUX32)
            Put(t.Abi.Machine, new Span<byte>(names + 4 * FieldBytes, FieldBytes));
        return t.Memory.TryWrite(a.A1, new ReadOnlySpan<byte>(names, 6 * FieldBytes)) ? 0 : EFAULT;
    }

    /// <summary>
    /// personality(2). READ_IMPLIES_EXEC is remembered but kept from the host. ADDR_NO_RANDOMIZE does reach it: it lasts across exec, and
    /// programs that execute themselves with it (sanitizers) look whether it did.
    /// </summary>
    public static long Personality(GuestThread t, in SysArgs a)
    {
        uint host = (uint)Sys.Call(Nr.personality, QueryPersonality), wanted = (uint)a.A1;
        GuestSettings settings = t.Process.Identity.Settings;
        uint old = host | settings.Personality;
        if (wanted == QueryPersonality)
            return old;
        long result = Sys.Call(Nr.personality, wanted & ~READ_IMPLIES_EXEC);
        if (Sys.IsError(result))
            return result;
        settings.Personality = wanted & READ_IMPLIES_EXEC;
        return old;
    }

    /// <summary>rseq(2): critical sections cannot be restarted in translated code; C libraries do without.</summary>
    public static long Rseq(GuestThread t, in SysArgs a) => -Errno.ENOSYS;

    private static void Unsupported(GuestThread t, string text)
    {
        if ((t.Process.LogItems & LogItems.Unimp) != 0)
            t.Process.Log?.Line(text);
    }

    private static void Put(string text, Span<byte> field)
    {
        ReadOnlySpan<byte> bytes = GuestText.ToBytes(text);
        field.Clear();
        bytes[..Math.Min(bytes.Length, field.Length - 1)].CopyTo(field);
    }
}
