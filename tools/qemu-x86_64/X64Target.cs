using Suite.Guest.X86.Cpu;
using Suite.Host;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Syscalls.Tables;
using Suite.UserMode;
using Suite.UserMode.X86;

namespace Suite.Tools.X64;

/// <summary>qemu-x86_64: 64-bit x86 programs.</summary>
internal sealed class X64Target : X86UserTarget
{
    public override ElfTarget Elf => ElfTarget.X86_64;

    public override unsafe SyscallEntry[] Syscalls(CompatPersonality? compat)
    {
        SyscallEntry[] table = X64Syscalls.Build();
        table[Nr.arch_prctl] = new SyscallEntry { Flow = SyscallFlow.Handled, Handler = &X64ArchPrctl.ArchPrctl };
        return table;
    }

    public override SyscallRow?[] SyscallRows() => X64SyscallNumbers.Build();

    protected override UserCpu MakeCpu(CpuModel model) => new X64Cpu(model);
}
