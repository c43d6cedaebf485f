namespace Suite.LinuxUser.Diagnosis;

/// <summary>Signals and their si_code in words (signal(7), sigaction(2); asm-generic/siginfo.h).</summary>
internal static class SignalText
{
    private const int SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGSYS = 31;

    /// <summary>Whether a report is printed when a process dies of it: the signals of a program's own errors.</summary>
    public static bool IsCrash(int signal) => signal is SIGILL or SIGTRAP or 6 or SIGBUS or SIGFPE or SIGSEGV or SIGSYS;

    /// <summary>Whether its default action writes a core file.</summary>
    public static bool DumpsCore(int signal) => IsCrash(signal) || signal is 3 or 24 or 25;

    /// <summary>strsignal(3).</summary>
    public static string Describe(int signal) => signal switch
    {
        3 => "Quit",
        SIGILL => "Illegal instruction",
        SIGTRAP => "Trace/breakpoint trap",
        6 => "Aborted",
        SIGBUS => "Bus error",
        SIGFPE => "Floating point exception",
        SIGSEGV => "Segmentation fault",
        24 => "CPU time limit exceeded",
        25 => "File size limit exceeded",
        SIGSYS => "Bad system call",
        _ => $"signal {signal}",
    };

    /// <summary>The code's name and meaning.</summary>
    public static (string Name, string Meaning) Code(int signal, int code) => (signal, code) switch
    {
        (_, 0) => ("SI_USER", "sent by kill"),
        (_, -1) => ("SI_QUEUE", "sent by sigqueue"),
        (_, -2) => ("SI_TIMER", "sent by a timer"),
        (_, -3) => ("SI_MESGQ", "sent by a message queue"),
        (_, -4) => ("SI_ASYNCIO", "sent by asynchronous input or output"),
        (_, -6) => ("SI_TKILL", "sent by tkill, as raise and abort do"),
        (SIGSEGV, 0x80) => ("SI_KERNEL", "a general protection fault: an address that is not canonical, or an operand the processor refuses"),
        (_, 0x80) => ("SI_KERNEL", "sent by the kernel"),
        (SIGSEGV, 1) => ("SEGV_MAPERR", "address not mapped"),
        (SIGSEGV, 2) => ("SEGV_ACCERR", "access not permitted"),
        (SIGSEGV, 3) => ("SEGV_BNDERR", "bound check failed"),
        (SIGSEGV, 4) => ("SEGV_PKUERR", "protection key forbids the access"),
        (SIGBUS, 1) => ("BUS_ADRALN", "misaligned address"),
        (SIGBUS, 2) => ("BUS_ADRERR", "nothing behind the address: the file ends before its mapping"),
        (SIGBUS, 3) => ("BUS_OBJERR", "hardware error"),
        (SIGBUS, 4 or 5) => ("BUS_MCEERR", "memory failed"),
        (SIGILL, 1) => ("ILL_ILLOPC", "illegal opcode"),
        (SIGILL, 2) => ("ILL_ILLOPN", "illegal operand"),
        (SIGILL, 3) => ("ILL_ILLADR", "illegal addressing mode"),
        (SIGILL, 4) => ("ILL_ILLTRP", "illegal trap"),
        (SIGILL, 5) => ("ILL_PRVOPC", "privileged instruction"),
        (SIGILL, 6) => ("ILL_PRVREG", "privileged register"),
        (SIGILL, 7) => ("ILL_COPROC", "coprocessor error"),
        (SIGILL, 8) => ("ILL_BADSTK", "stack error"),
        (SIGFPE, 1) => ("FPE_INTDIV", "integer division by zero, or its result is too large"),
        (SIGFPE, 2) => ("FPE_INTOVF", "integer overflow"),
        (SIGFPE, 3) => ("FPE_FLTDIV", "floating-point division by zero"),
        (SIGFPE, 4) => ("FPE_FLTOVF", "floating-point overflow"),
        (SIGFPE, 5) => ("FPE_FLTUND", "floating-point underflow"),
        (SIGFPE, 6) => ("FPE_FLTRES", "inexact floating-point result"),
        (SIGFPE, 7) => ("FPE_FLTINV", "invalid floating-point operation"),
        (SIGFPE, 8) => ("FPE_FLTSUB", "subscript out of range"),
        (SIGFPE, 14) => ("FPE_FLTUNK", "floating-point exception"),
        (SIGTRAP, 1) => ("TRAP_BRKPT", "breakpoint or trap instruction"),
        (SIGTRAP, 2) => ("TRAP_TRACE", "single step"),
        (SIGTRAP, 4) => ("TRAP_HWBKPT", "hardware breakpoint"),
        (SIGSYS, 1) => ("SYS_SECCOMP", "forbidden by a seccomp filter"),
        _ => ($"code {code}", "no known cause"),
    };

    /// <summary>Whether si_addr says where: faults of the processor that have an address.</summary>
    public static bool HasAddress(int signal, int code) => code is > 0 and not 0x80 && signal is SIGSEGV or SIGBUS;
}
