using Suite.Host;
using Suite.Jit.X64;

namespace Suite.Jit.Runtime;

/// <summary>
/// Processor exceptions in generated code of whole machines: a signal handler of machine code notes place and trap number in the vCPU's memory (gs) and lets the
/// thread go on at a stub. Faults elsewhere go to the handler that stood before, the runtime's.
/// </summary>
public static unsafe class FaultDiverter
{
    private static ReadOnlySpan<int> Signals => [Linux.SIGSEGV, Linux.SIGFPE, Linux.SIGILL, Linux.SIGBUS];

    /// <summary>Emits the handler and installs it for the process.</summary>
    /// <param name="a">Where to emit; about 600 bytes.</param>
    /// <param name="code">Start of the generated code.</param>
    /// <param name="codeBytes">Its size, below 2 GiB.</param>
    /// <param name="stub">Where the thread goes on, with the registers of the fault.</param>
    /// <param name="faultPc">gs displacement of the 64-bit word that gets the place.</param>
    /// <param name="faultTrap">gs displacement of the 64-bit word that gets the trap number (Intel SDM volume 3, table 6-1).</param>
    public static void Install(ref X64Asm a, byte* code, int codeBytes, byte* stub, int faultPc, int faultTrap)
    {
        const byte Gs = 0x65;
        byte* oldHandlers = (byte*)(((ulong)a.Position + 7) & ~7UL);
        a.Position = oldHandlers + 32 * 8;
        byte* restorer = a.Position;
        a.MovImm(Reg.Rax, Nr.rt_sigreturn);
        a.Syscall();
        byte* handler = a.Position;
        a.Mov(Reg.Rax, Mem.At(Reg.Rdx, HostContext.Rip));
        a.MovImm(Reg.Rcx, (ulong)code);
        a.Mov(Reg.R8, Reg.Rax);
        a.Sub(Reg.R8, Reg.Rcx);
        a.Cmp(Reg.R8, codeBytes);
        byte* elsewhere = a.JccForward(Cond.AE);
        a.Mov(new Mem(-1, -1, 0, faultPc, Gs), Reg.Rax);
        a.Mov(Reg.Rax, Mem.At(Reg.Rdx, HostContext.Trap));
        a.Mov(new Mem(-1, -1, 0, faultTrap, Gs), Reg.Rax);
        a.MovImm(Reg.Rax, (ulong)stub);
        a.Mov(Mem.At(Reg.Rdx, HostContext.Rip), Reg.Rax);
        a.Ret();
        a.Here(elsewhere);
        a.MovImm(Reg.Rcx, (ulong)oldHandlers);
        a.Jmp(Mem.At(Reg.Rcx, Reg.Rdi, 3));

        ulong* action = stackalloc ulong[4]; // struct sigaction of the kernel: handler, flags, restorer, mask
        ulong* old = stackalloc ulong[4];
        foreach (int signal in Signals)
        {
            (action[0], action[1], action[2], action[3]) = ((ulong)handler, Linux.SA_SIGINFO | Linux.SA_ONSTACK | Linux.SA_RESTORER, (ulong)restorer, 0);
            Sys.Call(Nr.rt_sigaction, signal, (long)action, (long)old, 8);
            ((ulong*)oldHandlers)[signal] = old[0];
        }
    }
}
