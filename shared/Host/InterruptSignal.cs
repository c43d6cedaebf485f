namespace Suite.Host;

/// <summary>A signal whose only effect is that a blocking system call of the thread it is sent to returns with EINTR.</summary>
public static unsafe class InterruptSignal
{
    private const int Number = 40; // a real-time signal that neither libc nor the runtime uses

    private static readonly nint Handler = (nint)HostCode.Publish([0xC3]), // ret
        Restorer = (nint)HostCode.Publish([0xB8, Nr.rt_sigreturn, 0, 0, 0, 0x0F, 0x05]); // mov eax, nr; syscall

    /// <summary>Installs the handler for the process.</summary>
    public static void Install()
    {
        ulong* action = stackalloc ulong[4] { (ulong)Handler, Linux.SA_RESTORER, (ulong)Restorer, 0 };
        Sys.Call(Nr.rt_sigaction, Number, (long)action, 0, sizeof(ulong));
    }

    /// <summary>Sends it to a thread of this process.</summary>
    /// <param name="thread">As gettid has it.</param>
    public static void Send(int thread) => Sys.Call(Nr.tgkill, Environment.ProcessId, thread, Number);
}
