using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode.X86;

namespace Suite.Tools.X64;

/// <summary>Registers and start state of x86-64 Linux (System V ABI AMD64, appendix A.2). Signal frames are in <see cref="X64SignalFrame"/>.</summary>
internal sealed unsafe class X64LinuxAbi(ulong xcr0) : ILinuxAbi
{
    private const int Rax = 0, Rcx = 1, Rdx = 2, Rsp = 4, Rsi = 6, Rdi = 7, R8 = 8, R9 = 9, R10 = 10, R11 = 11;
    private const int SyscallLength = 2;

    private readonly X64SignalFrame _frames = new(xcr0);

    public string Machine => "x86_64";

    public SysArgs Arguments(GuestThread t)
    {
        ulong* g = t.State->Gpr;
        return new SysArgs((int)g[Rax], g[Rdi], g[Rsi], g[Rdx], g[R10], g[R8], g[R9]);
    }

    /// <summary>The instruction leaves the next pc in rcx and the flags in r11 (AMD64 manual volume 3, SYSCALL).</summary>
    public void SetResult(GuestThread t, long result)
    {
        ulong* g = t.State->Gpr;
        (g[Rax], g[Rcx], g[R11]) = ((ulong)result, t.State->Pc, t.State->Flags);
    }

    public void Rewind(GuestThread t, long number)
    {
        t.State->Pc -= SyscallLength;
        t.State->Gpr[Rax] = (ulong)number;
    }

    public bool PushFrame(GuestThread t, int signal, ReadOnlySpan<byte> siginfo, in GuestAction action, ulong savedMask) =>
        _frames.Push(t, signal, siginfo, action, savedMask);

    public bool PopFrame(GuestThread t, out ulong mask) => _frames.Pop(t, out mask);

    public void PrepareChild(GuestThread child, ulong stack, bool setTls, ulong tls)
    {
        if (stack != 0)
            child.State->Gpr[Rsp] = stack;
        if (setTls)
            SetThreadPointer(tls);
    }

    /// <summary>The guest's fs base is the host's gs base.</summary>
    public static long SetThreadPointer(ulong value) => Sys.Call(Nr.arch_prctl, Linux.ARCH_SET_GS, (long)value);

    public static ulong ThreadPointer()
    {
        ulong value;
        Sys.Call(Nr.arch_prctl, Linux.ARCH_GET_GS, (long)&value);
        return value;
    }

    public IReadOnlyList<Regset> Regsets => field ??= MakeRegsets();

    public string DescribeRegisters(GuestThread t)
    {
        ReadOnlySpan<string> names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
        System.Text.StringBuilder text = new();
        for (int i = 0; i < names.Length; i++)
            text.Append($"{names[i],-4}{t.State->Gpr[i]:x16}{(i % 4 == 3 ? '\n' : ' ')}");
        return text.Append($"rip {t.State->Pc:x16} flags {t.State->Flags:x}").ToString();
    }

    private Regset[] MakeRegsets()
    {
        XsaveFrame image = new(xcr0);
        return [new X64GeneralRegset(), XsaveRegset.Legacy(Regset.NT_PRFPREG, image), XsaveRegset.Extended(image)];
    }
}
