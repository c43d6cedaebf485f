using Suite.LinuxUser.Loader;

namespace Suite.Tests.LinuxUser.Loader;

/// <summary>Programs of the machine the tests run on.</summary>
public sealed class RealProgramTests
{
    [Theory]
    [InlineData("/bin/ls")]
    [InlineData("/bin/true")]
    [InlineData("/bin/sh")]
    public void Parse_and_map(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        FakeFile file = new(path, content);
        Assert.True(ElfFile.TryRead(file, ElfTarget.X86_64, 0x1000, out ElfFile? elf, out LoadError? error), error?.Message);
        Assert.Equal(1, file.Reads);
        Assert.Empty(elf.Oddities());

        FakeFiles files = new();
        if (elf.InterpreterPath is { } interpreter)
            files.Add(interpreter, File.ReadAllBytes(interpreter));
        FakeMapper mapper = new(ElfTarget.X86_64);
        Assert.True(ElfLoader.TryLoad(file, content.AsSpan(0, 4096), new LoadRequest { Target = ElfTarget.X86_64, Mapper = mapper, Opener = files }, out LoadedImage? image, out error),
            error?.Message);
        Assert.Equal(5, mapper.At(image.Entry)!.Prot);
        Assert.Equal(5, mapper.At(image.InterpreterEntry)!.Prot);
        Assert.Equal(content.AsSpan((int)elf.Header.PhOff, 56).ToArray(), mapper.Read(image.PhdrAddress, 56));
    }
}
