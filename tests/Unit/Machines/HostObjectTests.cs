using Suite.Machines.Options;

namespace Suite.Tests.Machines;

/// <summary>-object, and what names its objects.</summary>
public sealed class HostObjectTests
{
    // mov byte [500h], 42h; mov al, 0; out F4h, al
    private static readonly byte[] Code = [0x31, 0xC0, 0x8E, 0xD8, 0xC6, 0x06, 0x00, 0x05, 0x42, 0xB0, 0x00, 0xE6, 0xF4, 0xF4];

    [Theory]
    [InlineData("on", 0x42)]
    [InlineData("off", 0)]
    public void Memory_is_kept_in_a_file(string share, int expected)
    {
        string file = Path.GetTempFileName();
        try
        {
            using (TinyPc pc = new($"-accel translation -nodefaults -object memory-backend-file,id=m,size=4M,mem-path={file},share={share} -M pc,memory-backend=m", Code))
            {
                Assert.Equal(0, pc.Run());
                Assert.Equal(4UL << 20, pc.Board.PcMemory.Ram.Bytes);
                Assert.Equal(0x42UL, pc.Machine.Spaces.Memory.Read(0x500, 1));
            }

            Assert.Equal(4 << 20, new FileInfo(file).Length);
            Assert.Equal(expected, File.ReadAllBytes(file)[0x500]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Memory_may_lie_in_a_folder()
    {
        using TinyPc pc = new($"-accel translation -nodefaults -m 2M -object memory-backend-file,id=m,size=2M,mem-path={Path.GetTempPath()} -M pc,memory-backend=m", Code);
        Assert.Equal(0, pc.Run());
    }

    [Fact]
    public void Random_numbers_come_from_a_file()
    {
        string file = Path.GetTempFileName();
        File.WriteAllBytes(file, [1, 2, 3]);
        try
        {
            using TinyPc pc = new($"-nodefaults -object rng-random,id=r,filename={file} -object iothread,id=t -device virtio-rng-pci,rng=r");
            Span<byte> bytes = stackalloc byte[5];
            pc.Backends.Objects.RandomSource("r")!(bytes);
            Assert.Equal(new byte[] { 1, 2, 3, 0, 0 }, bytes.ToArray());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("-object rng-randon,id=r", "rng-random")]
    [InlineData("-object rng-random,id=r,file=x", "filename")]
    [InlineData("-object rng-random,id=r,filename=/nonexistent/x -device virtio-rng-pci,rng=r", "/dev/urandom")]
    [InlineData("-device virtio-rng-pci,rng=r", null)]
    [InlineData("-object iothread,id=r -device virtio-rng-pci,rng=r", "rng-")]
    [InlineData("-object memory-backend-ram,id=m,size=4M -m 8M -M pc,memory-backend=m", "-m")]
    [InlineData("-object memory-backend-ram,id=m -M pc,memory-backend=m -m 4M", null)]
    [InlineData("-object iothread", null)]
    public void Mistakes_are_named(string options, string? remedy)
    {
        OptionException e = Assert.Throws<OptionException>(() => new TinyPc($"-nodefaults {options}").Dispose());
        if (remedy is not null)
            Assert.Contains(remedy, e.Fix, StringComparison.Ordinal);
    }
}
