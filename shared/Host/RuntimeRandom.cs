using System.Runtime.InteropServices;

namespace Suite.Host;

/// <summary>
/// Where the runtime of a published tool gets its random numbers from: the linker puts these in the place of its own functions
/// (tools/Tool.props), which open /dev/urandom and keep it, at a number a guest expects to be free.
/// </summary>
internal static unsafe class RuntimeRandom
{
    /// <summary>void minipal_get_non_cryptographically_secure_random_bytes(uint8_t*, int32_t)</summary>
    [UnmanagedCallersOnly(EntryPoint = "__wrap_minipal_get_non_cryptographically_secure_random_bytes")]
    public static void Fill(byte* buffer, int length) => TryFill(buffer, length);

    /// <summary>int32_t minipal_get_cryptographically_secure_random_bytes(uint8_t*, int32_t): 0, or -1.</summary>
    [UnmanagedCallersOnly(EntryPoint = "__wrap_minipal_get_cryptographically_secure_random_bytes")]
    public static int FillSecurely(byte* buffer, int length) => TryFill(buffer, length) ? 0 : -1;

    private static bool TryFill(byte* buffer, int length)
    {
        for (int done = 0; done < length;)
        {
            long got = Sys.Call(Nr.getrandom, (long)(buffer + done), length - done);
            if (got <= 0)
                return false;
            done += (int)got;
        }

        return true;
    }
}
