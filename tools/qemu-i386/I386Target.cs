using Suite.Guest.X86.Cpu;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>qemu-i386: 32-bit x86 programs.</summary>
internal sealed class I386Target : X86UserTarget
{
    public override ElfTarget Elf => ElfTarget.I386;

    public override SyscallEntry[] Syscalls() => I386Calls.Build();

    public override SyscallRow?[] SyscallRows() => I386SyscallNumbers.Build();

    protected override UserCpu MakeCpu(CpuModel model) => new I386Cpu(model);
}
