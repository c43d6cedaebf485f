using System.Buffers.Binary;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// siginfo_t between the host (64-bit) and a 32-bit guest; both have 128 bytes. Which member of the union is meant follows from signal
/// number and si_code as in the kernel's <c>siginfo_layout</c> (kernel/signal.c).
/// </summary>
public static class SiginfoLayout
{
    /// <summary>Bytes of a siginfo_t, guest and host.</summary>
    public const int Size = 128;

    private const int HostUnion = 16, GuestUnion = 12;

    /// <summary>Host to guest. The whole guest siginfo is written; bytes no member covers become zero.</summary>
    public static void ToGuest(GuestAbi abi, ReadOnlySpan<byte> host, Span<byte> guest)
    {
        guest[..Size].Clear();
        int signal = BinaryPrimitives.ReadInt32LittleEndian(host), code = BinaryPrimitives.ReadInt32LittleEndian(host[8..]);
        StructCode.ToGuest("iii"u8, abi, host, guest);
        StructCode.ToGuest(Union(signal, code), abi, host[HostUnion..Size], guest[GuestUnion..Size]);
    }

    /// <summary>Guest to host, for rt_sigqueueinfo(2) and its relatives. <paramref name="signal"/> is the number of the call's argument.</summary>
    public static void ToHost(GuestAbi abi, int signal, ReadOnlySpan<byte> guest, Span<byte> host)
    {
        host[..Size].Clear();
        StructCode.ToHost("iii"u8, abi, guest, host);
        StructCode.ToHost(Union(signal, abi.I32(guest, 8)), abi, guest[GuestUnion..Size], host[HostUnion..Size]);
    }

    // The union's member as a struct code.
    private static ReadOnlySpan<byte> Union(int signal, int code)
    {
        const int SI_KERNEL = 0x80, SI_TIMER = -2, SI_SIGIO = -5;
        const int SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGCHLD = 17, SIGPOLL = 29, SIGSYS = 31;
        const int TRAP_PERF = 6, BUS_MCEERR_AR = 4, BUS_MCEERR_AO = 5, SEGV_BNDERR = 3, SEGV_PKUERR = 4, LastPollCode = 6;
        if (code is <= 0 or >= SI_KERNEL)
            return code switch
            {
                SI_TIMER => "iipi"u8,
                SI_SIGIO => "li"u8,
                < 0 => "iip"u8,
                _ => "ii"u8,
            };
        return signal switch
        {
            SIGTRAP when code == TRAP_PERF => "ppii"u8,
            SIGBUS when code is BUS_MCEERR_AR or BUS_MCEERR_AO => "ph"u8,
            SIGSEGV when code == SEGV_BNDERR => "pppp"u8,
            SIGSEGV when code == SEGV_PKUERR => "ppi"u8,
            SIGILL or SIGFPE or SIGSEGV or SIGBUS or SIGTRAP => "p"u8,
            SIGCHLD => "iiill"u8,
            SIGSYS => "pii"u8,
            SIGPOLL => "li"u8,
            _ => code <= LastPollCode ? "li"u8 : "ii"u8,
        };
    }
}
