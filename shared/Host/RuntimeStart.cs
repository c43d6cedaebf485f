using System.Runtime;
using System.Runtime.CompilerServices;

namespace Suite.Host;

/// <summary>
/// Functions of the C library that the runtime of a published tool gets in another form (tools/Tool.props, docs/adr/018). They are called before the runtime runs:
/// nothing here may allocate, touch a static field or be anything but plain arithmetic and calls of C functions. Nor may anything stand here that the collector
/// calls: it takes the address of a thread in this code for that of a thread in managed code.
/// </summary>
internal static unsafe class RuntimeStart
{
    private const int RLIMIT_STACK = 3, AT_EXECFN = 31;
    private const ulong PageMask = 4095, EndlessStack = 1 << 30;

    /// <summary>
    /// int pthread_getattr_np(pthread_t, pthread_attr_t*), which reads /proc/self/maps to find out where the main thread's stack ends: behind the name of the
    /// program, which execve puts there.
    /// </summary>
    [RuntimeExport("__wrap_pthread_getattr_np")]
    public static int GetAttributes(nint thread, void* attributes)
    {
        if (GetTid() != GetPid())
            return RealGetAttributes(thread, attributes);
        (ulong Soft, ulong Hard) limit;
        int error = InitAttributes(attributes);
        if (error != 0 || GetLimit(RLIMIT_STACK, &limit) != 0)
            return error;
        ulong top = (GetAuxValue(AT_EXECFN) | PageMask) + 1, size = Math.Min(limit.Soft, EndlessStack) & ~PageMask;
        return SetStack(attributes, (void*)(top - size), (nuint)size);
    }

    /// <summary>
    /// const char *_dl_get_origin(void), which asks /proc/self/exe where the program lies, for dlopen and $ORIGIN: a static program without either need not know.
    /// </summary>
    /// <returns>-1 for "unknown".</returns>
    [RuntimeExport("__wrap__dl_get_origin")]
    public static nint GetOrigin() => -1;

    [RuntimeImport("*", "__real_pthread_getattr_np"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern int RealGetAttributes(nint thread, void* attributes);

    [RuntimeImport("*", "pthread_attr_init"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern int InitAttributes(void* attributes);

    [RuntimeImport("*", "pthread_attr_setstack"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern int SetStack(void* attributes, void* lowest, nuint bytes);

    [RuntimeImport("*", "getauxval"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong GetAuxValue(ulong tag);

    [RuntimeImport("*", "getrlimit"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern int GetLimit(int resource, (ulong, ulong)* limit);

    [RuntimeImport("*", "getpid"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern int GetPid();

    [RuntimeImport("*", "gettid"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern int GetTid();
}
