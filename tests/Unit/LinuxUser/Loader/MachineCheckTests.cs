using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

public sealed class MachineCheckTests
{
    [Theory]
    [InlineData(20, 1, 2, "is a PowerPC (32-bit, big endian) program; use qemu-ppc (qemu-x86_64 runs x86-64 (64-bit, little endian) programs)")]
    [InlineData(3, 1, 1, "is an i386 (32-bit, little endian) program; use qemu-i386 (")]
    [InlineData(21, 2, 1, "is a PowerPC64 (64-bit, little endian) program; use qemu-ppc64le (")]
    [InlineData(21, 2, 2, "use qemu-ppc64 (")]
    [InlineData(40, 1, 1, "is an ARM (32-bit, little endian) program; use qemu-arm (")]
    [InlineData(183, 2, 1, "is an AArch64 (64-bit, little endian) program; use qemu-aarch64 (")]
    [InlineData(8, 1, 1, "is a MIPS (32-bit, little endian) program; use qemu-mipsel (")]
    [InlineData(8, 2, 2, "use qemu-mips64 (")]
    [InlineData(243, 2, 1, "is a RISC-V (64-bit, little endian) program; use qemu-riscv64 (")]
    [InlineData(22, 2, 2, "use qemu-s390x (")]
    [InlineData(43, 2, 2, "use qemu-sparc64 (")]
    [InlineData(258, 2, 1, "use qemu-loongarch64 (")]
    [InlineData(0x9026, 2, 1, "is an Alpha (64-bit, little endian) program; use qemu-alpha (")]
    [InlineData(62, 1, 1, "is an x86-64 (32-bit, little endian) program; no tool runs it (")]
    [InlineData(62, 2, 2, "is an x86-64 (64-bit, big endian) program; no tool runs it (")]
    [InlineData(12345, 2, 1, "is an unknown machine 12345 (64-bit, little endian) program; no tool runs it (")]
    public void The_right_tool_is_named(int machine, int wordClass, int data, string text)
    {
        byte[] file = Header((ushort)machine, (byte)wordClass, (byte)data, ElfType.Executable);
        Assert.Contains(text, MachineCheck.Explain(file, ElfTarget.X86_64));
        Assert.False(ElfFile.TryRead(new FakeFile("a.out", file), ElfTarget.X86_64, 0x1000, out _, out LoadError? error));
        Assert.StartsWith("a.out: is a", error.Message);
        Assert.Equal((LoadErrno.ENOEXEC, false, 126), (error.Errno, error.KernelKills, error.ExitCode));
    }

    [Theory]
    [InlineData(ElfType.Relocatable, "is a relocatable object file for x86-64 (64-bit, little endian): link it first")]
    [InlineData(ElfType.Core, "is a core dump of an x86-64 (64-bit, little endian) program: open it with a debugger")]
    [InlineData(ElfType.None, "e_type is 0")]
    [InlineData((ushort)0xFE01, "unknown type 0xfe01")]
    public void Other_kinds_of_ELF_files(ushort type, string text) =>
        Assert.Contains(text, MachineCheck.Explain(Header(62, 2, 1, type), ElfTarget.X86_64));

    [Fact]
    public void Other_files()
    {
        Assert.Contains("empty file", MachineCheck.Explain([], ElfTarget.X86_64));
        Assert.Contains("DOS or Windows", MachineCheck.Explain("MZ\0\0"u8, ElfTarget.X86_64));
        Assert.Contains("static library", MachineCheck.Explain("!<arch>\nx"u8, ElfTarget.X86_64));
        Assert.Contains("text file without a #! line", MachineCheck.Explain("echo hello\n"u8, ElfTarget.X86_64));
        Assert.Contains("names no interpreter", MachineCheck.Explain("#!\n"u8, ElfTarget.X86_64));
        Assert.Contains("not an ELF file", MachineCheck.Explain([1, 0, 2, 3], ElfTarget.X86_64));
        Assert.Contains("class 7, byte order 1", MachineCheck.Explain(Header(62, 7, 1, 2), ElfTarget.Ppc));
        Assert.Contains("cut off", MachineCheck.Explain("\u007fELF\u0002"u8, ElfTarget.X86_64));
    }

    [Fact]
    public void Every_target_knows_its_own()
    {
        foreach (ElfTarget target in new[] { ElfTarget.X86_64, ElfTarget.I386, ElfTarget.Ppc })
        {
            byte[] file = ElfBuilder.Classic(target).Build();
            Assert.Null(MachineCheck.Explain(file, target));
            Assert.True(ElfIdentity.TryRead(file, out ElfIdentity identity));
            Assert.Equal(target.Tool, identity.Tool);
            Assert.True(identity.Fits(target));
        }
    }

    private static byte[] Header(ushort machine, byte wordClass, byte data, ushort type)
    {
        byte[] file = new byte[128];
        "\u007fELF"u8.CopyTo(file);
        file[4] = wordClass;
        file[5] = data;
        (int low, int high) = data == 2 ? (1, 0) : (0, 1);
        file[16 + low] = (byte)type;
        file[16 + high] = (byte)(type >> 8);
        file[18 + low] = (byte)machine;
        file[18 + high] = (byte)(machine >> 8);
        return file;
    }
}
