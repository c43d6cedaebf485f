using Suite.Devices.Block;
using Suite.Devices.Misc;

namespace Suite.Tests.Devices;

public sealed unsafe class ParallelFlashTests : IDisposable
{
    private const int Bytes = 64 << 10;

    private readonly string _file = Path.GetTempFileName();
    private readonly byte* _contents = (byte*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(Bytes);
    private readonly List<bool> _shown = [];

    public ParallelFlashTests()
    {
        File.WriteAllBytes(_file, [.. Enumerable.Repeat((byte)0xFF, Bytes)]);
        new Span<byte>(_contents, Bytes).Fill(0xFF);
    }

    // As firmware finds out what it has: memory, ROM or flash.
    [Fact]
    public void Firmware_recognises_it()
    {
        using IBlockDevice medium = Open(false);
        ParallelFlash flash = Make(medium);
        flash.Write(16, 1, 0x50);
        Assert.Equal(0xFFu, flash.Read(16, 1)); // the array again: no memory
        flash.Write(16, 1, 0x70);
        Assert.Equal(0u, flash.Read(16, 1)); // a clear status: no ROM
        flash.Write(16, 1, 0xFF);
        Assert.Equal([false, true], _shown);
        flash.Write(0, 1, 0x98);
        Assert.Equal(0x595251u, flash.Read(0x10, 4) & 0xFFFFFF);
        Assert.Equal(((byte)16, 15u, 16u), ((byte)flash.Read(0x27, 1), flash.Read(0x2D, 2), flash.Read(0x2F, 2)));
        flash.Write(0, 1, 0x90);
        Assert.Equal(0x89u, flash.Read(0, 1));
    }

    [Fact]
    public void Bytes_are_programmed_erased_and_kept()
    {
        using (IBlockDevice medium = Open(false))
        {
            ParallelFlash flash = Make(medium);
            Program(flash, 5000, 0x5A);
            Assert.Equal(0x80u, flash.Read(5000, 1)); // ready, no error
            Program(flash, 5000, 0xF0);
            Program(flash, 100, 0x11);
            flash.Write(6000, 1, 0xE8); // three bytes through the buffer
            flash.Write(6000, 1, 2);
            for (uint i = 0; i < 3; i++)
                flash.Write(6000 + i, 1, 0x20 + i);
            flash.Write(6000, 1, 0xD0);
            flash.Write(0, 1, 0xFF);
            Assert.Equal(0x50, _contents[5000]); // only erasing sets bits
            Assert.Equal((0x20, 0x22, 0xFF), (_contents[6000], _contents[6002], _contents[6003]));
            flash.Write(0, 1, 0x20);
            flash.Write(0, 1, 0xD0);
            Assert.Equal((0xFF, 0x50), (_contents[100], _contents[5000]));
            flash.Write(0, 1, 0x20);
            flash.Write(0, 1, 0x12); // no such sequence
            flash.Write(0, 1, 0x70);
            Assert.NotEqual(0u, flash.Read(0, 1) & 0x30);
            flash.Reset();
            Assert.True(_shown[^1]);
        }

        byte[] kept = File.ReadAllBytes(_file);
        Assert.Equal((0xFF, 0x50, 0x21), (kept[100], kept[5000], kept[6001]));
    }

    [Fact]
    public void A_flash_that_is_read_only_says_so_and_a_snapshot_restores_its_mode()
    {
        using IBlockDevice medium = Open(true);
        ParallelFlash flash = Make(medium);
        Program(flash, 1, 0);
        Assert.Equal((0x90UL, (byte)0xFF), (flash.Read(0, 1), _contents[1]));
        MemoryStream state = new();
        flash.State.Save(state);
        flash.Reset();
        Assert.True(_shown[^1]);
        state.Position = 0;
        flash.Load(state);
        Assert.False(_shown[^1]);
        for (uint i = 0; i < 3000; i++)
            flash.Write(i * 977 % Bytes, (int)(1u << (int)(i % 4)), i * 2654435761u);
        flash.Write(Bytes - 1, 1, 0x40);
        flash.Write(Bytes - 1, 8, 0);
    }

    public void Dispose()
    {
        File.Delete(_file);
        System.Runtime.InteropServices.NativeMemory.Free(_contents);
    }

    private IBlockDevice Open(bool isReadOnly) => BlockImage.Open(new BlockOptions(_file) { Format = "raw", IsReadOnly = isReadOnly }, _ => { });

    private ParallelFlash Make(IBlockDevice medium) => new("flash", medium, _contents, _shown.Add, (_, _) => { });

    private static void Program(ParallelFlash flash, uint at, byte value)
    {
        flash.Write(at, 1, 0x40);
        flash.Write(at, 1, value);
    }
}
