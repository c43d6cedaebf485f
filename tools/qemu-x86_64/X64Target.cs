using System.Diagnostics.CodeAnalysis;
using Suite.Guest.X86.Cpu;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Syscalls;
using Suite.UserMode;

namespace Suite.Tools.X64;

/// <summary>qemu-x86_64: 64-bit x86 programs.</summary>
internal sealed class X64Target : UserTarget
{
    public override ElfTarget Elf => ElfTarget.X86_64;

    public override string CpuHelp()
    {
        StringWriter text = new();
        CpuModel.WriteHelp(text, is64Bit: true);
        return text.ToString();
    }

    public override bool TrySelectCpu(string? spec, [NotNullWhen(true)] out UserCpu? cpu, [NotNullWhen(false)] out string? error)
    {
        (cpu, error) = (null, null);
        try
        {
            cpu = new X64Cpu(CpuModel.Parse(spec ?? "max", new HostCpuid(() => HostCpu.Xcr0), is64Bit: true));
            return true;
        }
        catch (CpuModelException e)
        {
            error = e.Message;
            return false;
        }
    }

    public override SyscallEntry[] Syscalls() => X64Syscalls.Build();

    public override SyscallRow?[] SyscallRows() => X64SyscallNumbers.Build();
}
