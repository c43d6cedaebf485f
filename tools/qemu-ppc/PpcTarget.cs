using System.Diagnostics.CodeAnalysis;
using Suite.Guest.Ppc;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Syscalls.Tables;
using Suite.UserMode;

namespace Suite.Tools.Ppc;

/// <summary>qemu-ppc: 32-bit big-endian PowerPC programs.</summary>
internal sealed unsafe class PpcTarget : UserTarget
{
    private const int sigreturn = 119, rt_sigreturn = 172, swapcontext = 249;

    public override ElfTarget Elf => ElfTarget.Ppc;

    // Where Debian's cross compiler has the target's libraries.
    public override string? DefaultPrefix => "/usr/powerpc-linux-gnu";

    public override string CpuHelp()
    {
        StringWriter text = new();
        PpcModel.WriteHelp(text);
        return text.ToString();
    }

    public override bool TrySelectCpu(string? spec, [NotNullWhen(true)] out UserCpu? cpu, [NotNullWhen(false)] out string? error)
    {
        (cpu, error) = (null, null);
        try
        {
            cpu = new PpcCpu(PpcModel.Parse(spec ?? ""), IsServed);
            return true;
        }
        catch (PpcModelException e)
        {
            error = e.Message;
            return false;
        }
    }

    public override CompatPersonality MakeCompat() => CompatPersonality.Ppc();

    public override SyscallEntry[] Syscalls(CompatPersonality? compat)
    {
        SyscallEntry[] table = compat!.BuildTable();
        table[sigreturn] = table[rt_sigreturn] = Handle(&SignalCalls.RtSigreturn);
        table[swapcontext] = Handle(&PpcSwapcontext.Swapcontext);
        return table;
    }

    public override SyscallRow?[] SyscallRows() => PpcSyscallNumbers.Build();

    // As the kernel's own table would say; a call that is not served here says ENOSYS all the same.
    private static bool IsServed(int number) => PpcSyscallNumbers.Find(number) is not null;

    private static SyscallEntry Handle(delegate*<GuestThread, in SysArgs, long> handler) => new() { Flow = SyscallFlow.Handled, Handler = handler };
}
