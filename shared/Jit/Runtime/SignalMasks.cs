using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>Host signal masks, bit n-1 for signal n.</summary>
public static class SignalMasks
{
    /// <summary>The signal that makes a running thread leave generated code; told from a guest's by its cookie.</summary>
    public const int Kick = Linux.SIGRTMAX;

    /// <summary>The signal with which the .NET runtime interrupts its threads (SIGRTMIN).</summary>
    public const int Runtime = 34;

    /// <summary>Signals raised by instructions. The engine needs them, so the host never blocks them; the guest's view is kept by the personality.</summary>
    public const ulong Faults = 1UL << (Linux.SIGILL - 1) | 1UL << (Linux.SIGTRAP - 1) | 1UL << (Linux.SIGBUS - 1)
        | 1UL << (Linux.SIGFPE - 1) | 1UL << (Linux.SIGSEGV - 1);

    /// <summary>Everything that can wait while a signal is being handled.</summary>
    public const ulong AllButFaults = ~Faults;

    /// <summary>SIGKILL and SIGSTOP.</summary>
    public const ulong Unblockable = 1UL << (Linux.SIGKILL - 1) | 1UL << (Linux.SIGSTOP - 1);

    /// <summary>The mask bit of a signal number.</summary>
    public static ulong Of(int signal) => 1UL << (signal - 1);
}
