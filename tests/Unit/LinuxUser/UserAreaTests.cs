using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Tracing;

namespace Suite.Tests.LinuxUser;

/// <summary>Where the words of PTRACE_PEEKUSER are; offsets as the targets' compilers give them for struct user and asm/ptrace.h.</summary>
public sealed class UserAreaTests
{
    [Fact]
    public void Finds_general_registers()
    {
        Assert.Equal(new UserArea.Place(Regset.NT_PRSTATUS, 16 * 8), UserArea.Find(ElfTarget.X86_64, 16 * 8)); // rip
        Assert.Equal(new UserArea.Place(Regset.NT_PRSTATUS, 12 * 4), UserArea.Find(ElfTarget.I386, 12 * 4)); // eip
        Assert.Equal(new UserArea.Place(Regset.NT_PRSTATUS, 32 * 4), UserArea.Find(ElfTarget.Ppc, 32 * 4)); // PT_NIP
        Assert.Equal(new UserArea.Place(Regset.NT_PRFPREG, 65 * 4), UserArea.Find(ElfTarget.Ppc, 113 * 4)); // PT_FPSCR
    }

    [Fact]
    public void Ends_where_the_struct_does()
    {
        Assert.NotNull(UserArea.Find(ElfTarget.X86_64, 904));
        Assert.Null(UserArea.Find(ElfTarget.X86_64, 912));
        Assert.Null(UserArea.Find(ElfTarget.I386, 284));
        Assert.Null(UserArea.Find(ElfTarget.Ppc, 44 * 4));
        Assert.Null(UserArea.Find(ElfTarget.X86_64, 4)); // not a word's place
    }

    [Fact]
    public void Knows_debug_registers()
    {
        Assert.True(UserArea.IsDebug(ElfTarget.X86_64, 848 + 7 * 8, out int number));
        Assert.Equal(7, number);
        Assert.False(UserArea.IsDebug(ElfTarget.I386, 248, out _));
    }

    [Fact]
    public void Architectures_have_their_audit_numbers()
    {
        Assert.Equal(0xC000003Eu, SyscallArch.Of(ElfTarget.X86_64));
        Assert.Equal(0x40000003u, SyscallArch.Of(ElfTarget.I386));
        Assert.Equal(20u, SyscallArch.Of(ElfTarget.Ppc));
    }
}
