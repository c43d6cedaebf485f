using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using Suite.LinuxUser.Loader;
using static Suite.Tests.LinuxUser.Loader.ElfBuilder;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>Odd ELF files executed natively: the loader must accept, refuse with the same errno, or say that the kernel kills.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class KernelOracleTests
{
    private static readonly ElfTarget s_x64 = ElfTarget.X86_64;

    private static ElfBuilder Elf(ushort type = ElfType.Executable, ulong entry = 0x401000, ushort? phNum = null, ushort? phEntSize = null, ulong? phOff = null,
        ushort? machine = null, byte? elfClass = null)
    {
        // mov edi, 42; mov eax, 60; syscall
        ElfBuilder elf = new(s_x64) { Type = type, Entry = entry, PhNum = phNum, PhEntSize = phEntSize, PhOff = phOff, Machine = machine, Class = elfClass };
        byte[] code = [0xBF, 42, 0, 0, 0, 0xB8, 60, 0, 0, 0, 0x0F, 0x05];
        for (int i = 0; i < code.Length; i++)
            elf.Fill(0x1000 + i, 1, code[i]);
        return elf;
    }

    private static ElfBuilder Good(ElfBuilder elf) => elf.Load(R | X, 0x1000, 0x401000, 0x200, 0x200);

    public static TheoryData<string, byte[]> Files => new()
    {
        { "good", Good(Elf()).Build() },
        { "static pie", Elf(ElfType.Dynamic, 0x1000).Load(R | X, 0x1000, 0x1000, 0x200, 0x200).Build() },
        { "class not looked at", Good(Elf(elfClass: 9)).Build() },
        { "bss", Good(Elf()).Load(R | W, 0x2000, 0x402000, 0x10, 0x9000).Build() },
        { "read-only bss", Good(Elf()).Load(R, 0x2000, 0x402000, 0x10, 0x9000).Build() },
        { "no file bytes", Good(Elf()).Load(R | W, 0x2123, 0x402456, 0, 0x1000).Build() },
        { "empty segment", Good(Elf()).Load(R, 0x2000, 0x402000, 0, 0).Build() },
        { "out of order", Elf().Load(R, 0x2000, 0x600000, 0x10, 0x10).Load(R | X, 0x1000, 0x401000, 0x200, 0x200).Build() },
        { "overlapping", Elf().Load(R, 0x2000, 0x401000, 0x10, 0x10).Load(R | X, 0x1000, 0x401000, 0x200, 0x200).Build() },
        { "far apart", Good(Elf()).Load(R | W, 0x2000, 0x7000_0000_0000, 0x10, 0x10).Build() },
        { "odd alignment", Elf().Load(R | X, 0x1000, 0x401000, 0x200, 0x200, align: 77).Build() },
        { "alignment of a fixed program", Elf().Load(R | X, 0x1000, 0x401000, 0x200, 0x200, align: 1UL << 63).Build() },
        { "last page short", Good(Elf()).Load(R, 0x2000, 0x402000, 0x1000, 0x1000).Build()[..0x2800] },
        { "truncated", Good(Elf()).Load(R, 0x2000, 0x402000, 0x9000, 0x9000).Build() },
        { "truncated writable", Good(Elf()).Load(R | W, 0x2000, 0x402000, 0x9001, 0xA000).Build() },
        { "no headers", Good(Elf(phNum: 0)).Build() },
        { "too many headers", Good(Elf(phNum: 1171)).Build() },
        { "PN_XNUM", Good(Elf(phNum: 0xFFFF)).Build() },
        { "header size", Good(Elf(phEntSize: 57)).Build() },
        { "headers beyond the file", Good(Elf(phOff: 0x2FF0)).Build() },
        { "headers at -1", Good(Elf(phOff: ulong.MaxValue)).Build() },
        { "machine", Good(Elf(machine: 20)).Build() },
        { "core", Good(Elf(ElfType.Core)).Build() },
        { "object", Good(Elf(ElfType.Relocatable)).Build() },
        { "nothing to load", Elf().Stack(R).Build() },
        { "filesz over memsz", Elf().Load(R | X, 0x1000, 0x401000, 0x200, 0x100).Build() },
        { "address at the limit", Good(Elf()).Load(R, 0x2000, 0x7FFF_FFFF_F000, 0, 0x10).Build() },
        { "end over the limit", Good(Elf()).Load(R, 0x2000, 0x7FFF_FFFF_E000, 0, 0x2000).Build() },
        { "size overflow", Good(Elf()).Load(R, 0x2000, 0x402000, 0, ulong.MaxValue).Build() },
        { "not congruent", Good(Elf()).Load(R, 0x2010, 0x402000, 0x10, 0x10).Build() },
        { "offset negative", Good(Elf()).Load(R, 0xFFFF_FFFF_FFFF_F000, 0x402000, 0x10, 0x10).Build() },
        { "interpreter name too long", Good(Elf()).Add(ElfSegment.Interp, R, 0x300, 0, 4097, 4097).Build() },
        { "interpreter name too short", Good(Elf()).Add(ElfSegment.Interp, R, 0x300, 0, 1, 1).Build() },
        { "interpreter name outside", Good(Elf()).Add(ElfSegment.Interp, R, 0x2FFF, 0, 9, 9).Build() },
        { "interpreter name open", Good(Elf()).Add(ElfSegment.Interp, R, 0x300, 0, 8, 8).Fill(0x300, 8, 0x61).Build() },
        { "interpreter missing", Good(Elf()).Interpreter("/no/such").Build() },
        { "interpreter empty", Good(Elf()).Interpreter("\0\0").Build() },
        { "interpreter a directory", Good(Elf()).Interpreter("/").Build() },
        { "interpreter no program", Good(Elf()).Interpreter("/etc/passwd").Build() },
        { "entry beyond the limit", Good(Elf(entry: 0x8000_0000_0000)).Build() },
        { "library", Elf(ElfType.Dynamic, 0).Load(R, 0, 0, 0x400, 0x400).Build() },
    };

    [Theory, MemberData(nameof(Files))]
    public void The_loader_agrees_with_the_kernel(string what, byte[] content)
    {
        FakeFiles files = new();
        files.Refuse("/", LoadErrno.EACCES).Refuse("/etc/passwd", LoadErrno.EACCES);
        LoadRequest request = new() { Target = s_x64, Mapper = new FakeMapper(s_x64), Opener = files, AllowTruncated = true };
        string ours = ElfLoader.TryLoad(new FakeFile(what, content), content.AsSpan(0, Math.Min(4096, content.Length)), request, out _, out LoadError? error) ? "exit 42"
            : error.KernelKills ? "killed" : $"errno {error.Errno}";
        Assert.Equal(Native(content), ours);
    }

    private static string Native(byte[] content)
    {
        string path = Path.Combine(Path.GetTempPath(), $"oracle-{Guid.NewGuid():n}");
        try
        {
            File.WriteAllBytes(path, content);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            using Process process = Process.Start(new ProcessStartInfo(path) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode is 139 or 137 ? "killed" : $"exit {process.ExitCode}";
        }
        catch (Win32Exception refused)
        {
            return $"errno {refused.NativeErrorCode}";
        }
        finally
        {
            File.Delete(path);
        }
    }
}
