using Suite.Guest.X86.Cpu;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Syscalls.Tables;
using Suite.UserMode;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>qemu-i386: 32-bit x86 programs.</summary>
internal sealed unsafe class I386Target : X86UserTarget
{
    private const int clone = 120, modify_ldt = 123, set_thread_area = 243, get_thread_area = 244, set_robust_list = 311;

    public override ElfTarget Elf => ElfTarget.I386;

    public override CompatPersonality MakeCompat() => CompatPersonality.I386();

    public override SyscallEntry[] Syscalls(CompatPersonality? compat)
    {
        SyscallEntry[] table = compat!.BuildTable();
        table[clone] = Handle(&I386Descriptors.Clone);
        table[modify_ldt] = Handle(&I386Descriptors.ModifyLdt);
        table[set_thread_area] = Handle(&I386Descriptors.SetThreadArea);
        table[get_thread_area] = Handle(&I386Descriptors.GetThreadArea);
        table[set_robust_list] = Handle(&I386RobustList.Set);
        return table;
    }

    public override SyscallRow?[] SyscallRows() => I386SyscallNumbers.Build();

    protected override UserCpu MakeCpu(CpuModel model) => new I386Cpu(model);

    private static SyscallEntry Handle(delegate*<GuestThread, in SysArgs, long> handler) => new() { Flow = SyscallFlow.Handled, Handler = handler };
}
